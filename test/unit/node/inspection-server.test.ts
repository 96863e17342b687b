import 'reflect-metadata';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { InspectionEvent } from 'xstate';
import { InspectionServer } from '../../../src/node/inspection-server.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { Inspection, InspectionObserver } from '../../../src/seams/inspection.js';
import { MemoryNetwork } from '../../support/memory-bus.js';
import { freePort } from '../../support/nats-server.js';

let port: number;
let server: InspectionServer;
let observer: InspectionObserver | undefined;
const sockets: (Socket | WebSocket)[] = [];

beforeEach(async () => {
  port = await freePort();
  const inspection: Pick<Inspection, 'watch'> = {
    watch: (given) => {
      observer = given;
      return { unsubscribe: () => void (observer = undefined) };
    },
  };
  server = new InspectionServer(
    inspection as Inspection,
    new MemoryNetwork().connect(),
    { id: 'a'.repeat(16), prefix: 'kv' },
    { ...nodeOptionsDefault, name: 'n1', dataDir: '', inspectPort: port },
  );
  await server.start();
});

afterEach(() => {
  for (const socket of sockets.splice(0))
    if (socket instanceof WebSocket) socket.terminate();
    else socket.destroy();
  server.stop();
});

function raw(): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** By the other side, in whatever way. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

function upgrade(host = `127.0.0.1:${port}`, more = ''): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;
}

/** The first line of what it answers. */
async function lineFor(text: string): Promise<string> {
  const socket = raw();
  socket.write(text);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString('latin1').split('\r\n')[0]!;
}

/** As a browser that does what it should. */
async function watcher(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { origin: `http://localhost:${port}` });
  socket.on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

function event(text: string): InspectionEvent {
  const actorRef = { id: text, sessionId: 'x:1', getSnapshot: () => ({ status: 'active' }) };
  return { type: '@xstate.event', rootId: 'x:1', actorRef, event: { type: text } } as never;
}

test.each<[string, Buffer]>([
  ['a frame without a mask', Buffer.from([0x81, 1, 0x61])],
  ['reserved bits', Buffer.from([0xf1, 0x81, 0, 0, 0, 0, 0x61])],
  [
    'a frame that is said to be without end',
    Buffer.from([0x82, 0xff, 0x7f, ...Array.from({ length: 11 }, () => 0xff)]),
  ],
  [
    'a large frame',
    Buffer.concat([Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]), Buffer.alloc(65_535)]),
  ],
])('inspection: %s ends its connection and nothing else', async (_, frame) => {
  const socket = raw();
  socket.write(upgrade());
  await once(socket, 'data');
  socket.resume();
  socket.write(frame);
  await closed(socket);
  await watcher();
});

test('inspection: a head that is too large, before and after the upgrade, ends its connection and nothing else', async () => {
  const large = `X: ${'x'.repeat(100_000)}\r\n`;
  for (const text of [
    `GET / HTTP/1.1\r\n${large}\r\n`,
    upgrade(undefined, large),
    '\0\0\r\n\r\n',
  ]) {
    const socket = raw();
    socket.resume();
    socket.write(text);
    await closed(socket);
  }
  await watcher();
});

test('inspection: a page from elsewhere and a name that was led here are not let in', async () => {
  expect(await lineFor(upgrade())).toContain(' 101 ');
  expect(
    await lineFor(upgrade(`localhost:${port}`, `Origin: http://127.0.0.1:${port}\r\n`)),
  ).toContain(' 101 ');
  for (const text of [
    upgrade('evil.example'),
    upgrade(`evil.example:${port}`),
    upgrade(undefined, 'Origin: https://evil.example\r\n'),
    upgrade(undefined, 'Origin: null\r\n'),
    upgrade(undefined, 'Origin: http://127.0.0.1:1\r\n'),
  ])
    expect(await lineFor(text)).not.toContain(' 101 ');
  expect(await lineFor(`GET / HTTP/1.1\r\nHost: evil.example:${port}\r\n\r\n`)).toContain(' 403 ');
  expect(await lineFor(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)).toContain(' 200 ');
});

test('inspection: who does not read is sent away, who reads stays', async () => {
  const slow = raw();
  slow.write(upgrade());
  await once(slow, 'data');
  slow.pause();
  const sentAway = closed(slow);
  const quick = await watcher();
  let heard = 0;
  const heardAll = new Promise<void>((resolve) => {
    quick.on('message', () => {
      if (++heard === 400) resolve();
    });
  });
  const text = 'x'.repeat(256 * 1024);
  // Behind what the system itself buffers.
  for (let i = 0; i < 400; i++) {
    observer!.next!(event(text));
    if (i % 4 === 0) await sleep(1);
  }
  slow.resume();
  await Promise.all([sentAway, heardAll]);
  expect(quick.readyState).toBe(WebSocket.OPEN);
});
