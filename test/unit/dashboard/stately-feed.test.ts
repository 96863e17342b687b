/** Charts by Stately's protocol: what is told, who is let in, and what broken readers cost. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import { WebSocket } from 'ws';
import { createMachine } from 'xstate';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import type { FeedListener } from '../../../src/dashboard/cluster-feed.js';
import { isLetIn } from '../../../src/dashboard/guard.js';
import { StatelyFeed } from '../../../src/dashboard/stately-feed.js';
import type { ChartDefinition, ClusterPicture, Note } from '../../../src/dashboard/wire.js';
import { ManualClock } from '../../support/manual-clock.js';
import { until } from '../../support/until.js';

const definition = { id: 'peer', initial: 'alive', states: { alive: {}, down: {} } };
const peer = { id: 'peer', stately: definition } as unknown as ChartDefinition;
const guarded = { host: '127.0.0.1', pageToken: 'page', token: undefined };

let clock: ManualClock;
let server: Server;
let stately: StatelyFeed;
let listeners: Set<FeedListener>;
let port = 0;
const closing: (() => void)[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  listeners = new Set();
  stately = new StatelyFeed({
    feed: {
      watch: (listener) => {
        listeners.add(listener);
        listener.pictured(picture());
        return () => void listeners.delete(listener);
      },
    },
    clock,
    charts: () => Promise.resolve([peer]),
    isLetIn: (request) => isLetIn(request, guarded),
  });
  server = createServer((_, response) => void response.end('page'));
  stately.serve(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
  stately.close();
  server.close();
  server.closeAllConnections();
});

/** Two nodes, each of which looks at the other. */
function picture(): ClusterPicture {
  const nodes = ['n1', 'n2'].map((name) => ({
    id: `id-${name}`,
    name,
    view: { charts: [{ chart: 'peer', instance: 'peer:x', state: 'alive', context: { n: 1 } }] },
  }));
  return { atMs: 5_000, nodes } as unknown as ClusterPicture;
}

function went(node: string, instance: string, text = ''): Note {
  const context = { text };
  const base = { kind: 'chart', atUs: 6_000_000, node, chart: 'peer', context } as const;
  return { ...base, instance, event: 'peer.silent', state: 'down' };
}

function tell(...notes: Note[]): void {
  for (const listener of listeners) listener.noted({ notes, dropped: 0 });
}

function raw(): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  closing.push(() => socket.destroy());
  return socket;
}

/** By the other side, in whatever way. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

function upgrade({ path = '/stately', host = `127.0.0.1:${port}`, more = '' } = {}): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;
}

/** The first line of what it answers. */
async function lineFor(text: string): Promise<string> {
  const socket = raw();
  socket.write(text);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString('latin1').split('\r\n')[0]!;
}

/** As a browser that does what it should. */
async function reader(question = ''): Promise<{ heard: StatelyInspectionEvent[]; to: WebSocket }> {
  const to = new WebSocket(`ws://127.0.0.1:${port}/stately${question}`, {
    origin: `http://127.0.0.1:${port}`,
  });
  const heard: StatelyInspectionEvent[] = [];
  to.on('error', () => undefined);
  to.on('message', (data: Buffer) =>
    heard.push(JSON.parse(data.toString()) as StatelyInspectionEvent),
  );
  closing.push(() => to.terminate());
  const before = listeners.size;
  await once(to, 'open');
  await until(() => listeners.size > before);
  return { heard, to };
}

test('charts are introduced with their definitions, and tell their steps', async () => {
  const { heard } = await reader();
  await until(() => heard.length === 2);
  const [first] = heard;
  if (first?.type !== '@xstate.actor') throw new Error('no introduction');
  expect(first.name).toBe('n1 peer:x');
  expect(JSON.parse(first.definition ?? '')).toEqual(definition);
  expect(first.snapshot).toEqual({ status: 'active', value: 'alive', context: { n: 1 } });
  tell(went('id-n1', 'peer:x'), went('id-n2', 'peer:new'));
  await until(() => heard.length === 7);
  expect(heard.slice(2).map(({ type, sessionId }) => [type, sessionId])).toEqual([
    ['@xstate.event', 'id-n1/peer:x'],
    ['@xstate.snapshot', 'id-n1/peer:x'],
    ['@xstate.actor', 'id-n2/peer:new'],
    ['@xstate.event', 'id-n2/peer:new'],
    ['@xstate.snapshot', 'id-n2/peer:new'],
  ]);
  expect(heard[3]).toMatchObject({ snapshot: { value: 'down' }, event: { type: 'peer.silent' } });
});

test('what is told has the fields that Stately’s own tool gives it', async () => {
  const { heard } = await reader();
  tell(went('id-n1', 'peer:x'));
  await until(() => heard.length === 4);
  const theirs: StatelyInspectionEvent[] = [];
  const inspector = createInspector({ send: (event) => theirs.push(event) });
  const shown = { sessionId: 's', logic: createMachine({ id: 'peer' }) };
  const actor = shown as unknown as Exclude<Parameters<typeof inspector.actor>[0], string>;
  inspector.actor(actor, { status: 'active' });
  inspector.event('s', 'peer.silent');
  inspector.snapshot('s', { status: 'active' });
  for (const own of theirs) {
    const ours = heard.find(({ type }) => type === own.type)!;
    const optional = new Set(['parentId', 'sourceId']);
    const names = (event: object): string[] =>
      Object.keys(event).filter((name) => !optional.has(name));
    expect(names(ours).sort()).toEqual(names(own).sort());
    expect(ours._version).toBe(own._version);
  }
});

test('one node alone, by its name', async () => {
  const { heard } = await reader('?node=n2');
  tell(went('id-n1', 'peer:x'), went('id-n2', 'peer:x'));
  await until(() => heard.length === 3);
  expect(new Set(heard.map(({ sessionId }) => sessionId))).toEqual(new Set(['id-n2/peer:x']));
});

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
])('%s ends its connection and nothing else', async (_, frame) => {
  const socket = raw();
  socket.write(upgrade());
  await once(socket, 'data');
  socket.resume();
  socket.write(frame);
  await closed(socket);
  await until(() => listeners.size === 0);
  await reader();
});

test('another protocol, a handshake that is none, and one that breaks off end theirs alone', async () => {
  const other =
    'GET /stately HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n';
  for (const text of [other, upgrade().replace('Sec-WebSocket-Key: A', 'Sec-WebSocket-Key: ')]) {
    const socket = raw();
    socket.resume();
    socket.write(text);
    await closed(socket);
  }
  for (let i = 0; i < 2 * dashboardLimits.streamsMax; i++) {
    const socket = raw();
    socket.write(upgrade());
    await once(socket, 'data');
    socket.resetAndDestroy();
    await closed(socket);
  }
  await until(() => listeners.size === 0);
  await reader();
});

test('a page from elsewhere, a name that was led here and another path are not let in', async () => {
  expect(await lineFor(upgrade())).toContain(' 101 ');
  expect(
    await lineFor(
      upgrade({ host: `localhost:${port}`, more: `Origin: http://localhost:${port}\r\n` }),
    ),
  ).toContain(' 101 ');
  for (const text of [
    upgrade({ host: 'evil.example' }),
    upgrade({ host: `evil.example:${port}` }),
    upgrade({ more: 'Origin: https://evil.example\r\n' }),
    upgrade({ more: 'Origin: null\r\n' }),
    upgrade({ more: 'Origin: http://127.0.0.1:1\r\n' }),
    upgrade({ more: 'Sec-Fetch-Site: cross-site\r\n' }),
    upgrade({ path: '/' }),
    upgrade({ path: '/api/stream' }),
    upgrade().replace('GET', 'POST'),
  ])
    expect(await lineFor(text)).toContain(' 403 ');
});

test('where a token is asked for, nobody is let in without it', () => {
  const token = 't'.repeat(20);
  const request = (headers: Record<string, string>) =>
    isLetIn({ method: 'GET', url: '/stately', headers: { host: 'x:7780', ...headers } } as never, {
      ...guarded,
      host: 'x',
      token,
    });
  expect(request({})).toBe(false);
  expect(request({ cookie: 'quorate-7780=guessed' })).toBe(false);
  expect(request({ cookie: `quorate-7781=${token}` })).toBe(false);
  expect(request({ cookie: `a=b; quorate-7780=${token}` })).toBe(true);
  expect(request({ authorization: `Bearer ${token}` })).toBe(true);
});

test('no more watch than may', async () => {
  for (let i = 0; i < dashboardLimits.streamsMax; i++) await reader();
  expect(await lineFor(upgrade())).toContain(' 403 ');
});

test('who does not read costs no more than the bound and is sent away; who reads stays', async () => {
  const slow = raw();
  slow.write(upgrade());
  await once(slow, 'data');
  slow.pause();
  await until(() => listeners.size === 1);
  const quick = await reader();
  const text = 'x'.repeat(256 * 1024);
  const before = process.memoryUsage().external;
  for (let i = 0; i < 400; i++) {
    tell(went('id-n1', 'peer:x', text));
    // Whoever reads has the time for it.
    await until(() => quick.heard.length === 4 + 2 * i);
  }
  expect(process.memoryUsage().external - before).toBeLessThan(64 * 1024 * 1024);
  expect(listeners.size).toBe(2);
  clock.advance(dashboardLimits.unreadMsMax + 1);
  tell(went('id-n1', 'peer:x', text));
  await until(() => listeners.size === 1);
  expect(quick.to.readyState).toBe(WebSocket.OPEN);
});
