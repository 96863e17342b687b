/**
 * Real processes on a real nats-server: one request under the glass in each of five situations.
 * What its trace says is what its author is told, and what the nodes hold afterwards.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { NatsBus } from '../../src/bus/nats-bus.js';
import { askRing, type ClusterQuestion } from '../../src/cli/cluster-status.js';
import { askInsight } from '../../src/cli/insight/insight-question.js';
import { placeOf, type KeyRow } from '../../src/cli/key-place.js';
import { connect, text, type QuorateClient, type QuorateError } from '../../src/index.js';
import type { KeyCopy } from '../../src/insight/key-copies.js';
import { noteOf } from '../../src/insight/note-reader.js';
import type { Note, StepNote, StepWhat } from '../../src/insight/notes.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { receiptOf } from '../../src/wire/receipt.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';

jest.setTimeout(600_000);

const waitMs = 120_000;
let server: NatsServer;
let cluster: ProcessCluster;
let bus: NatsBus;
let client: QuorateClient;
let question: ClusterQuestion;
/** Of n1, n2, n3, n4. */
let ids: string[];

beforeAll(async () => {
  server = await startNatsServer();
  cluster = await ProcessCluster.start({ nodes: 4, serverUrl: server.url, startMs: waitMs });
  bus = await NatsBus.connect({ servers: server.url, name: 'test' });
  question = { bus, clock: new RealClock(), prefix: 'kv', waitMs: 5_000 };
  ids = (await cluster.status()).sort((a, b) => a.name.localeCompare(b.name)).map(({ id }) => id);
  client = await connect({ servers: server.url });
});

afterAll(async () => {
  await client?.close();
  await bus?.close();
  await cluster?.stop();
  await server?.stop();
});

const indexOf = (id: string | undefined): number => ids.indexOf(id!);

/** Who does what for the key: primaries in their order, then the fallback. */
async function placed(key: string): Promise<readonly KeyRow[]> {
  const ring = await askRing(question);
  return placeOf(ring!, { bucket: 'b', key }).rows;
}

/** One with the node in front. */
async function keyOf(first: number, name: string): Promise<string> {
  const ring = await askRing(question);
  for (let at = 0; ; at++) {
    const key = `${name}-${at}`;
    if (placeOf(ring!, { bucket: 'b', key }).rows[0]!.id === ids[first]) return key;
  }
}

/** A trace. */
class Told {
  constructor(readonly notes: readonly Note[]) {}

  steps(what: StepWhat): StepNote[] {
    return this.notes.filter(
      (note): note is StepNote => note.kind === 'step' && note.what === what,
    );
  }

  /** Where the round ran. */
  get coordinator(): string {
    return this.steps('planned')[0]!.node;
  }

  /** What the author was told in the end. */
  get replied(): StepNote {
    return this.steps('replied').findLast(({ node }) => node === this.coordinator)!;
  }

  /** Whose yes the coordinator had when it answered. */
  get acked(): (string | undefined)[] {
    const before = this.steps('acked').filter(
      ({ node, atUs }) => node === this.coordinator && atUs <= this.replied.atUs,
    );
    return [...new Set(before.map(({ about }) => about))];
  }

  /** Who keeps hints for the node. */
  owers(of: string): string[] {
    return this.steps('hintOwed')
      .filter(({ about }) => about === of)
      .map(({ node }) => node);
  }
}

/** What those who run have noted of it, once it says what is waited for. */
async function gathered(id: string, isThere: (told: Told) => boolean): Promise<Told> {
  let told = new Told([]);
  await cluster.until(`trace ${id}`, waitMs, async () => {
    const answers = await Promise.all(
      ids.map((node) => askInsight(question, node, { ask: 'trace', id })),
    );
    const notes = answers.flatMap((answer) => ((answer?.['notes'] ?? []) as unknown[]).map(noteOf));
    told = new Told(notes.sort((a, b) => a.atUs - b.atUs));
    return isThere(told);
  });
  return told;
}

const hasSettled = (told: Told): boolean => told.steps('settled').length > 0;

/** One that was slow may have it after the round has settled. */
function isAtAll(rows: readonly KeyRow[]): (told: Told) => boolean {
  return (told) => {
    const stored = new Set(told.steps('stored').map(({ node }) => node));
    return hasSettled(told) && rows.slice(0, 3).every(({ id }) => stored.has(id));
  };
}

async function copyAt(node: string, key: string): Promise<KeyCopy> {
  const copy = await askInsight(question, node, { ask: 'key', bucket: 'b', key });
  expect(copy?.['error']).toBeUndefined();
  return copy as unknown as KeyCopy;
}

const dotIn = (told: Told): KeyCopy['dots'][number] =>
  (told.steps('minted').at(-1)!.detail as { dot: KeyCopy['dots'][number] }).dot;

/**
 * That what the trace says was stored and minted is there, and nowhere else. Who kept a hint beside
 * may have handed it off since.
 */
async function expectStored(told: Told, key: string, among: readonly string[]): Promise<void> {
  const stored = new Set(told.steps('stored').map(({ node }) => node));
  const owing = new Set(told.steps('hintOwed').map(({ node }) => node));
  for (const node of among) {
    if (owing.has(node)) continue;
    const copy = await copyAt(node, key);
    expect([node, copy.held]).toEqual([node, stored.has(node)]);
    if (copy.held) expect(copy.dots).toContainEqual(dotIn(told));
    expect(copy.owedTo).toEqual([]);
  }
}

function expectReceipt(told: Told, text: string | undefined, rows: readonly KeyRow[]): void {
  expect(told.replied.text).toBe(text);
  const { acked, primaries, fallbacks, hints } = receiptOf(text!);
  const yes = told.acked;
  const owed = told
    .steps('hintOwed')
    .filter(({ about, atUs }) => atUs <= told.replied.atUs + clockUs && !yes.includes(about))
    .filter(({ node }) => yes.includes(node));
  expect(owed).toHaveLength(hints);
  const roles = yes.map((about) => rows.find(({ id }) => id === about)!.role);
  expect(roles.filter((role) => role === 'primary')).toHaveLength(primaries);
  // Who stands in for a primary that has it by now counts no more.
  const standIns = roles.filter((role) => role === 'fallback').length;
  expect(fallbacks).toBeLessThanOrEqual(standIns);
  expect(acked).toBe(primaries + fallbacks);
}

/** Processes of one machine: their clocks are one but for so much. */
const clockUs = 1_000;

let ordinal = 0;
const nextId = (): string => `${++ordinal}`.padStart(16, 'f');

const isServing = async (count: number): Promise<void> => cluster.serving(count, waitMs);

/**
 * To all others who run. A round knows then from its start that nobody waits for it: its fallback
 * stands in for it, however slow others are.
 */
async function downToAll(away: string): Promise<void> {
  const others = ids.filter((id) => id !== away);
  await cluster.until(`${away} is down to all, and the others alive`, waitMs, async () => {
    const views = await Promise.all(
      others.map((node) => askInsight(question, node, { ask: 'view' })),
    );
    return views.every((view, at) => {
      const reach = (view?.['reach'] ?? {}) as Record<string, string>;
      return ids.every((id) => id === others[at] || reach[id] === (id === away ? 'down' : 'alive'));
    });
  });
}

/** To all who run, all of them are alive. */
async function allAlive(): Promise<void> {
  await isServing(4);
  await cluster.until('all are alive to all', waitMs, async () => {
    const views = await Promise.all(ids.map((node) => askInsight(question, node, { ask: 'view' })));
    return views.every((view) => {
      const { reach = {}, absent = [''] } = (view ?? {}) as Record<string, object>;
      const beliefs = Object.values(reach);
      return (
        beliefs.length === 3 &&
        beliefs.every((how) => how === 'alive') &&
        (absent as unknown[]).length === 0
      );
    });
  });
}

test('healthy: all primaries have acknowledged, and hold it', async () => {
  let count = 0;
  // On a machine that is busy one may be slow, and have somebody stand in for it.
  await cluster.until('a put that nobody stands in for', waitMs, async () => {
    const [key, id] = [`healthy-${++count}`, nextId()];
    const reply = await cluster.client.put(`b.${key}`, 'one', { 'Kv-Trace': id, 'Kv-W': 3 });
    const rows = await placed(key);
    const told = await gathered(id, isAtAll(rows));
    expectReceipt(told, reply.receipt, rows);
    await expectStored(told, key, ids);
    if (told.steps('fallback').length > 0) return false;
    expect(new Set(told.acked)).toEqual(new Set(rows.slice(0, 3).map((row) => row.id)));
    return true;
  });
});

test('conflict: as many siblings were minted as are held and given', async () => {
  const first = await cluster.client.put('b.conflict', 'one', { 'Kv-W': 3 });
  const context = { 'Kv-Context': first.context!, 'Kv-W': 3 };
  await cluster.client.put('b.conflict', 'two', context);
  const id = nextId();
  const reply = await cluster.client.put('b.conflict', 'three', { ...context, 'Kv-Trace': id });
  const rows = await placed('conflict');
  const told = await gathered(id, isAtAll(rows));
  expectReceipt(told, reply.receipt, rows);
  expect(told.steps('minted')[0]!.detail).toMatchObject({ siblings: 2, value: 'three' });
  await expectStored(told, 'conflict', ids);
  for (const { node } of told.steps('stored')) {
    // Who stood in for one that was slow may have handed it off.
    if (told.steps('hintOwed').some((step) => step.node === node)) continue;
    const { siblings } = await copyAt(node, 'conflict');
    expect(new Set(siblings.map(({ value }) => value))).toEqual(new Set(['two', 'three']));
  }
  expect((await cluster.client.get('b.conflict')).siblings).toBe(2);
});

test('unknown: nobody else has said yes, and it is where the trace says', async () => {
  const key = await keyOf(0, 'unknown');
  const rows = await placed(key);
  const trace = client.trace();
  const bucket = client.bucket('b', { codec: text });
  try {
    for (const at of [1, 2, 3]) cluster.signal(at, 'SIGSTOP');
    const put = bucket.put(key, 'one', { w: 2, timeoutMs: 2_000, trace });
    const failure = await put.then(
      () => undefined,
      (error: QuorateError) => error,
    );
    expect(failure?.outcome).toBe('unknown');
    const told = await gathered(trace.id, ({ notes }) =>
      notes.some((note) => note.kind === 'step' && note.text?.includes('(unknown)')),
    );
    expect(indexOf(told.coordinator)).toBe(0);
    expect(told.acked).toEqual([ids[0]]);
    // Whoever was first to give up: the client, or its coordinator.
    expect(told.replied.text).toContain('(unknown)');
    const replied = trace.notes.find((note) => note.kind === 'step' && note.what === 'replied');
    expect(replied).toMatchObject({ text: `${failure?.message} (unknown)` });
    const verdicts = new Set(told.steps('verdict').map((step) => step.text));
    expect(verdicts).toEqual(new Set(['deadline.passed']));
    const asked = new Set(told.steps('asked').map(({ about }) => about));
    expect(asked).toEqual(new Set([rows[1]!.id, rows[2]!.id]));
    expect(told.steps('stored').every(({ node }) => node === ids[0])).toBe(true);
    const copy = await copyAt(ids[0]!, key);
    expect([copy.held, copy.dots.at(-1)]).toEqual([true, dotIn(told)]);
  } finally {
    for (const at of [1, 2, 3]) cluster.signal(at, 'SIGCONT');
  }
  await allAlive();
});

const patient = { 'Kv-Timeout': 20_000, timeoutMs: 25_000 };

test('fallback: who stands in owes it to the primary that was away, and hands it off', async () => {
  const key = await keyOf(0, 'fallback');
  const rows = await placed(key);
  const [away, standIn] = [rows[2]!.id, rows[3]!.id];
  await cluster.kill(indexOf(away));
  await downToAll(away);
  const id = nextId();
  const reply = await cluster.client.put(`b.${key}`, 'one', {
    ...patient,
    'Kv-Trace': id,
    'Kv-W': 3,
  });
  const told = await gathered(id, hasSettled);
  expectReceipt(told, reply.receipt, rows);
  expect(receiptOf(reply.receipt!)).toMatchObject({ primaries: 2, fallbacks: 1, hints: 1 });
  expect(told.steps('fallback')).toContainEqual(
    expect.objectContaining({ about: standIn, detail: { owedTo: away } }),
  );
  expect(told.owers(away)).toEqual([standIn]);
  const kept = await copyAt(standIn, key);
  expect([kept.held, kept.dots, kept.owedTo]).toEqual([true, [dotIn(told)], [away]]);
  await expectStored(told, key, [rows[0]!.id, rows[1]!.id]);
  cluster.launch(indexOf(away));
  const handed = await gathered(id, (now) => now.steps('handedOff').length > 0);
  expect(handed.steps('handedOff')).toMatchObject([{ node: standIn, about: away }]);
  await allAlive();
  const [given, left] = [await copyAt(away, key), await copyAt(standIn, key)];
  expect([given.held, given.dots, left.owedTo]).toEqual([true, [dotIn(told)], []]);
});

test('repair: who was behind is repaired, and then holds what the others do', async () => {
  const key = await keyOf(0, 'repair');
  const rows = await placed(key);
  const [behind, standIn] = [rows[2]!.id, rows[3]!.id];
  // In order, so that it compares nothing with anybody when it comes back.
  await cluster.kill(indexOf(behind), 'SIGTERM');
  await downToAll(behind);
  const putId = nextId();
  await cluster.client.put(`b.${key}`, 'one', { ...patient, 'Kv-Trace': putId, 'Kv-W': 2 });
  const put = await gathered(putId, hasSettled);
  expect(put.owers(behind)).toEqual([standIn]);
  // And nobody hands it what it lacks.
  await cluster.kill(indexOf(standIn));
  cluster.launch(indexOf(behind));
  await isServing(3);
  expect(await copyAt(behind, key)).toMatchObject({ held: false });
  const id = nextId();
  const reply = await cluster.client.get(`b.${key}`, { ...patient, 'Kv-Trace': id, 'Kv-R': 3 });
  expect(reply.text).toBe('one');
  const told = await gathered(id, (now) => now.steps('stored').length > 0 && hasSettled(now));
  expect(told.replied.text).toBe(reply.receipt);
  expect(told.steps('verdict').map((step) => step.text)).toEqual(['quorum.differing']);
  expect(told.steps('repaired').map(({ about }) => about)).toEqual([behind]);
  expect(told.steps('stored').map(({ node }) => node)).toEqual([behind]);
  for (const row of rows.slice(0, 3)) {
    const { held, dots } = await copyAt(row.id, key);
    expect([held, dots]).toEqual([true, [dotIn(put)]]);
  }
});
