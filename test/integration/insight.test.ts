/**
 * Real processes: a put under the glass is noted by all who have a part in it, down to the sync of
 * their logs; what nodes tell of themselves and of a key; the commands that print it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { NatsBus } from '../../src/bus/nats-bus.js';
import { askInsight } from '../../src/cli/insight/insight-question.js';
import { noteOf, readTraceFile } from '../../src/insight/note-reader.js';
import type { Note, StepNote } from '../../src/insight/notes.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { decodeDocument, type DocumentValue } from '../../src/wire/message-pack.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';

jest.setTimeout(240_000);

const main = join(import.meta.dirname, '../../src/cli/main.js');
let server: NatsServer;
let cluster: ProcessCluster;
let bus: NatsBus;
let ids: string[];
const directory = mkdtempSync(join(tmpdir(), 'quorate-'));

beforeAll(async () => {
  server = await startNatsServer();
  cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
  bus = await NatsBus.connect({ servers: server.url, name: 'test' });
  ids = (await cluster.status()).map(({ id }) => id);
});

afterAll(async () => {
  await bus?.close();
  await cluster?.stop();
  await server?.stop();
  rmSync(directory, { recursive: true });
});

function ask(
  node: string,
  fields: Record<string, DocumentValue>,
): Promise<Record<string, unknown>> {
  const question = { bus, clock: new RealClock(), prefix: 'kv', waitMs: 5_000 };
  return askInsight(question, node, fields).then((answer) => ({ ...answer }));
}

async function notesOf(id: string): Promise<Note[]> {
  const answers = await Promise.all(ids.map((node) => ask(node, { ask: 'trace', id })));
  const notes = answers.flatMap(({ notes }) => (notes as unknown[]).map(noteOf));
  return notes.sort((a, b) => a.atUs - b.atUs);
}

async function quorate(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, NATS_URL: server.url };
  return promisify(execFile)(process.execPath, [main, ...args], { env, cwd: tmpdir() });
}

async function until<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (isThere(found)) return found;
  }
}

function steps(notes: readonly Note[], what: string): StepNote[] {
  return notes.filter((note): note is StepNote => note.kind === 'step' && note.what === what);
}

test('a plain put with Kv-Trace is noted by every node, with the syncs of its replicas', async () => {
  const id = 'feedfacefeedface';
  const reply = await cluster.client.request('kv.put.b.k', 'hello', { 'Kv-Trace': id, 'Kv-W': 3 });
  expect(reply.receipt).toContain('w=3/3 primaries=3');
  const notes = await until(
    () => notesOf(id),
    (found) => steps(found, 'settled').length > 0,
  );
  expect(new Set(notes.map(({ node }) => node))).toEqual(new Set(ids));
  const syncs = notes.filter((note) => note.kind === 'disk');
  expect(new Set(syncs.map(({ node }) => node))).toEqual(new Set(ids));
  for (const note of syncs) expect(note).toMatchObject({ what: 'sync', trace: id });
  const [replied] = steps(notes, 'replied');
  const coordinator = steps(notes, 'planned')[0]!.node;
  const acked = steps(notes, 'acked').filter(
    ({ node, atUs }) => node === coordinator && atUs <= replied!.atUs,
  );
  expect(acked).toHaveLength(3);
  // Processes of one machine, whose clocks are one.
  for (const sync of syncs) expect(sync.atUs).toBeLessThanOrEqual(replied!.atUs + 1_000);
  const traces = await Promise.all(ids.map((node) => ask(node, { ask: 'traces' })));
  expect(JSON.stringify(traces)).toContain('"key":"k"');
});

test('a node shows its copy of a key, its keys, how it sees the others, and what happened', async () => {
  const copy = await ask(ids[0]!, { ask: 'key', bucket: 'b', key: 'k' });
  expect(copy).toMatchObject({ held: true, siblings: [{ value: 'hello', bytes: 5 }] });
  for (let i = 0; i < 30; i++)
    await cluster.client.request(`kv.put.many.k${i}`, 'x', { 'Kv-W': 3 });
  const seen: string[] = [];
  for (let after = '', isFirst = true; isFirst || after !== ''; isFirst = false) {
    const page = await ask(ids[1]!, { ask: 'keys', bucket: 'many', after, limit: 7 });
    seen.push(...(page['keys'] as string[]));
    after = page['next'] as string;
  }
  expect(seen.sort()).toEqual(Array.from({ length: 30 }, (_, i) => `k${i}`).sort());
  const view = await ask(ids[0]!, { ask: 'view' });
  expect(view['reach']).toEqual({ [ids[1]!]: 'alive', [ids[2]!]: 'alive' });
  expect((view['charts'] as { chart: string }[]).map(({ chart }) => chart)).toContain('peer');
  const { notes } = await ask(ids[0]!, { ask: 'timeline', after: 0 });
  expect((notes as { what: string }[]).map(({ what }) => what)).toContain('start');
});

test('who watches is sent charts and events until the lease ends', async () => {
  const to = bus.inbox();
  const batches: Note[][] = [];
  const subscription = bus.subscribe(to, ({ data }) => {
    const { notes } = decodeDocument(Buffer.from(data)) as unknown as { notes: unknown[] };
    batches.push(notes.map(noteOf));
  });
  const { until: untilMs } = await ask(ids[0]!, {
    ask: 'watch',
    to,
    charts: true,
    leaseMs: 30_000,
  });
  expect(untilMs).toBeGreaterThan(0);
  let puts = 0;
  await until(
    async () => {
      // Each key has a node that coordinates it: some are this one's.
      await cluster.client.request(`kv.put.b.watched${puts++}`, 'x');
      return batches.flat();
    },
    (notes) => notes.some((note) => note.kind === 'chart' && note.chart === 'putRound'),
  );
  await ask(ids[0]!, { ask: 'watch', to, charts: false, leaseMs: 1 });
  await until(
    () => ask(ids[0]!, { ask: 'view' }),
    ({ watchers }) => watchers === 0,
  );
  subscription.unsubscribe();
});

test.each<[string, Record<string, DocumentValue>]>([
  ['nothing', {}],
  ['what there is not', { ask: 'secrets' }],
  ['to watch into another subject', { ask: 'watch', to: '_kv.x.merge', leaseMs: 5 }],
  ['for ever', { ask: 'watch', to: '_INBOX.x', leaseMs: 1e9 }],
  ['a trace of no id', { ask: 'trace', id: 'x' }],
  ['too many keys', { ask: 'keys', bucket: 'b', limit: 1e6 }],
  ['a rate beyond all', { ask: 'sample', rate: 2 }],
])('who asks for %s is told so', async (_, fields) => {
  expect(await ask(ids[0]!, fields)).toEqual({ error: expect.any(String) });
});

test('the commands say where a key lives, what is held of it, and how a put went', async () => {
  const put = await quorate('put', 'b', 'told', 'value', '--trace');
  expect(put.stderr).toMatch(/ms {2}client +sent to n\d/);
  expect(put.stderr).toMatch(/ms {2}n\d +received client: put/);
  expect(put.stderr).toMatch(/log sync: \d+ bytes in/);
  expect(put.stderr).toMatch(/replied: w=2\/2/);
  const file = join(directory, 'trace.jsonl');
  const get = await quorate('get', 'b', 'told', '--trace', '--trace-file', file);
  const { head, notes } = readTraceFile(readFileSync(file, 'utf8'));
  expect(head.nodes.map(({ name }) => name).sort()).toEqual(['n1', 'n2', 'n3']);
  // A node that is slow is given up, and another one comes to its own.
  const verdicts = new Set(steps(notes, 'verdict').map(({ text }) => text));
  expect(verdicts).toEqual(new Set(['quorum.equal']));
  expect(get.stdout).toBe('value');
  expect(get.stderr).toMatch(/verdict: quorum.equal/);
  const where = await quorate('where', 'b', 'told');
  expect(where.stdout).toMatch(/b\/told is in partition \d+/);
  const explained = await quorate('explain', 'b', 'told');
  expect(explained.stdout).toContain('5 bytes  "value"');
  expect(explained.stdout).toContain('hold the same state');
  const { nodes } = JSON.parse((await quorate('explain', 'b', 'told', '--json')).stdout) as {
    nodes: { copy: { held: boolean } }[];
  };
  expect(nodes.map(({ copy }) => copy.held)).toEqual([true, true, true]);
});
