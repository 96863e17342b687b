/** The dashboard before a node that answers its questions: what it is told comes through whole. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { bucketOptionsDefault } from '../../actors/rules/bucket.js';
import { NatsBus } from '../../src/bus/nats-bus.js';
import { serveDashboard, type Dashboard } from '../../src/dashboard/server.js';
import type {
  ClusterPicture,
  KeyAnswer,
  KeyPicture,
  KeysPage,
  Note,
  TraceSummary,
} from '../../src/dashboard/wire.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import { askHttp, pageTokenIn } from '../support/http-question.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes } from '../support/real-nodes.js';
import { until } from '../support/until.js';

const secret = 'a secret value';
let server: NatsServer;
let nodes: RealNodes;
let bus: NatsBus;
let dashboard: Dashboard;
let port = 0;

beforeAll(async () => {
  server = await startNatsServer();
  const defaults = { ...bucketOptionsDefault, n: 1, r: 1, w: 1 };
  nodes = new RealNodes(server.url, { founders: 1, defaults });
  await nodes.startAll(['n1']);
  bus = await NatsBus.connect({ servers: server.url, name: 'dashboard' });
  dashboard = await serveDashboard({
    clock: new RealClock(),
    random: new RealRandom(),
    cluster: { bus, prefix: 'kv', servers: server.url },
    host: '127.0.0.1',
    port: 0,
    mayMove: false,
  });
  port = Number(new URL(dashboard.address).port);
});

afterAll(async () => {
  await dashboard.close();
  await bus.close();
  await nodes.end();
  await server.stop();
});

async function told<T>(path: string): Promise<T> {
  return JSON.parse((await askHttp({ port, path })).text) as T;
}

/** As the page does. */
async function ask(path: string, body: unknown): Promise<KeyAnswer> {
  const { text } = await askHttp({ port, path: '/' });
  const headers = {
    Origin: `http://127.0.0.1:${port}`,
    'X-Quorate': pageTokenIn(text),
    'Content-Type': 'application/json',
  };
  const question = { port, path, method: 'POST', headers, body: JSON.stringify(body) };
  return JSON.parse((await askHttp(question)).text) as KeyAnswer;
}

function steps(notes: readonly Note[]): string[] {
  return notes.flatMap((note) => (note.kind === 'step' ? [note.what] : []));
}

test('a put under the glass: its answer names the trace, which client and node tell', async () => {
  const name = { bucket: 'shop', key: 'cart' };
  const put = await ask('/api/put', { ...name, value: 'v', trace: true });
  expect([put.outcome, put.trace]).toEqual(['done', expect.stringMatching(/^[0-9a-f]{16}$/)]);
  const notes = await told<Note[]>(`/api/trace/${put.trace}`);
  const [self] = nodes.running.values();
  expect(new Set(notes.map(({ node }) => node))).toEqual(new Set(['client', self!.id]));
  expect(steps(notes)).toEqual(expect.arrayContaining(['received', 'minted', 'stored', 'replied']));
  expect(notes.some(({ kind }) => kind === 'disk')).toBe(true);
  expect(notes.map(({ atUs }) => atUs)).toEqual(
    notes.map(({ atUs }) => atUs).toSorted((a, b) => a - b),
  );
  const [latest] = await told<TraceSummary[]>('/api/traces');
  expect(latest).toMatchObject({ id: put.trace, nodes: [self!.id] });
});

test('a get under the glass, and a request that is refused', async () => {
  const name = { bucket: 'shop', key: 'cart' };
  const get = await ask('/api/get', { ...name, trace: true });
  expect(get.values).toEqual(['v']);
  expect(steps(await told<Note[]>(`/api/trace/${get.trace}`))).toContain('replied');
  const refused = await ask('/api/put', { ...name, value: 'v', w: 2, trace: true });
  expect(refused.outcome).not.toBe('done');
  expect(refused.trace).toMatch(/^[0-9a-f]{16}$/);
});

test('what is not to be traced is not', async () => {
  const before = await told<TraceSummary[]>('/api/traces');
  const put = await ask('/api/put', { bucket: 'shop', key: 'cart', value: 'w' });
  expect([put.outcome, put.trace]).toEqual(['done', undefined]);
  expect(await told<TraceSummary[]>('/api/traces')).toEqual(before);
});

test('the node’s own view, its charts and its keys are told', async () => {
  const response = await fetch(`http://127.0.0.1:${port}/api/stream`);
  let picture: ClusterPicture | undefined;
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (picture?.nodes[0]?.view == null) {
    text += (await reader.read()).value ?? '';
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events)
      if (event.startsWith('event: cluster\n'))
        picture = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as ClusterPicture;
  }
  await reader.cancel();
  expect(picture.problems).toEqual([]);
  const charts = picture.nodes[0].view.charts.map(({ chart }) => chart);
  expect(charts).toEqual(expect.arrayContaining(['node', 'membership', 'treeExchange']));
  // A node that is busy has shown little, or nothing, when the time for a page is over.
  const keys = new Set<string>();
  for (let after: string | null = ''; after !== null;) {
    const page: KeysPage = await told<KeysPage>(`/api/keys/shop?after=${after}`);
    for (const key of page.keys) keys.add(key);
    expect(page.next).not.toBe(after);
    after = page.next;
  }
  expect([...keys]).toEqual(['cart']);
  const key = await told<KeyPicture>('/api/key?bucket=shop&key=cart');
  expect(key.copies).toMatchObject([{ isHeld: true, siblings: [{ value: 'w' }] }]);
});

test('Stately’s protocol: charts and what becomes of them, and no value', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/stately?node=n1`);
  const seen: string[] = [];
  socket.on('message', (data: Buffer) => seen.push(data.toString()));
  await once(socket, 'open');
  const names = (): (string | undefined)[] =>
    seen.map((text) => (JSON.parse(text) as { name?: string }).name);
  await until(() => names().some((name) => name?.startsWith('n1 ') === true), 20_000);
  // From when the node was asked for its charts, its rounds are seen.
  await until(async () => {
    await ask('/api/put', { bucket: 'shop', key: 'other', value: secret });
    return seen.some((text) => text.includes('putRound'));
  }, 20_000);
  expect(seen.join('\n')).not.toContain(secret);
  socket.terminate();
});
