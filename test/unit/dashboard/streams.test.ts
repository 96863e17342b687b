/** Pages that read slowly or not at all, over real sockets. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import type { FeedListener } from '../../../src/dashboard/cluster-feed.js';
import { Streams } from '../../../src/dashboard/streams.js';
import type { Note, NoteBatch } from '../../../src/dashboard/wire.js';
import { ManualClock } from '../../support/manual-clock.js';
import { until } from '../../support/until.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const greeting = { process: 'p', canBreak: false, hasReplay: false, hasCluster: true };
const notes: Note[] = Array.from({ length: 100 }, (_, at) => ({
  kind: 'fault',
  atUs: at,
  node: '',
  text: 'x'.repeat(1_000),
}));

async function opened() {
  const clock = new ManualClock();
  const listeners = new Set<FeedListener>();
  const feed = {
    watch: (listener: FeedListener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const streams = new Streams(feed, clock);
  const responses: ServerResponse[] = [];
  const server = createServer((_, response) => {
    responses.push(response);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    streams.add(response, greeting);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    streams.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const reader = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    closing.push(() => socket.destroy());
    const before = listeners.size;
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => listeners.size > before);
    return socket;
  };
  const tell = (batch: NoteBatch): void => {
    for (const listener of listeners) listener.noted(batch);
  };
  return { clock, listeners, responses, reader, tell };
}

/** Counts what it reads. */
function reading(socket: Socket) {
  const told = { notes: 0, dropped: 0 };
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /event: notes\ndata: (.*)$/.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data === undefined) continue;
      const batch = JSON.parse(data) as NoteBatch;
      told.notes += batch.notes.length;
      told.dropped += batch.dropped;
    }
  });
  return { told: () => told };
}

test('who does not read costs no more than the bound, and nobody else waits for it', async () => {
  const { reader, responses, tell } = await opened();
  const slow = await reader();
  slow.pause();
  const quick = reading(await reader());
  const batches = 200;
  for (let at = 0; at < batches; at++) {
    tell({ notes, dropped: 0 });
    // Whoever reads has the time for it.
    await until(() => quick.told().notes === (at + 1) * notes.length);
  }
  const bytes = JSON.stringify(notes).length;
  expect(bytes * batches).toBeGreaterThan(4 * dashboardLimits.unreadBytesMax);
  expect(responses[0]!.writableLength).toBeLessThan(dashboardLimits.unreadBytesMax + 2 * bytes);
  expect(quick.told().dropped).toBe(0);
});

test('who reads again is told how much was left out', async () => {
  const { reader, responses, tell } = await opened();
  const slow = await reader();
  slow.pause();
  const batches = 200;
  for (let at = 0; at < batches; at++) tell({ notes, dropped: 0 });
  const late = reading(slow);
  slow.resume();
  await until(() => responses[0]!.writableLength === 0);
  tell({ notes, dropped: 5 });
  await until(() => late.told().dropped > 0);
  const { notes: told, dropped } = late.told();
  expect(told + dropped).toBe((batches + 1) * notes.length + 5);
});

test('who never reads is sent away', async () => {
  const { clock, reader, listeners, tell } = await opened();
  (await reader()).pause();
  for (let at = 0; at < 200; at++) tell({ notes, dropped: 0 });
  expect(listeners.size).toBe(1);
  clock.advance(dashboardLimits.unreadMsMax + 1);
  tell({ notes, dropped: 0 });
  await until(() => listeners.size === 0);
});

test('who has gone is told nothing more', async () => {
  const { reader, listeners } = await opened();
  (await reader()).resetAndDestroy();
  await until(() => listeners.size === 0);
});
