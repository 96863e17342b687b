/** A put under the glass: what its trace says is what its receipt and the stores say. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import type { Note, StepNote, StepWhat } from '../../../src/insight/notes.js';
import { noteOf } from '../../../src/insight/note-reader.js';
import { tracedGet, tracedPut } from '../../../src/coordinator/traced-request.js';
import type { GetReply, PutReply } from '../../../src/coordinator/coordinator.js';
import type { TraceMark } from '../../../src/seams/tracing.js';
import { keyOf, RoundCluster, textOf } from '../../support/round-cluster.js';

let cluster: RoundCluster;
/** The last request's. */
let mark: TraceMark;

beforeEach(async () => {
  cluster = await RoundCluster.start({ nodes: 4 });
});

const asked = { bucket: 'b', key: 'k', from: 'client' } as const;

/** Every request of the coordinator is traced, from here until it is answered. */
function underGlass(at: number): void {
  const { coordinator, tracing } = cluster.nodes[at]!;
  const [put, get] = [coordinator.put.bind(coordinator), coordinator.get.bind(coordinator)];
  coordinator.put = (request) => {
    mark = tracing.begin({ ...asked, what: 'put' });
    put(tracedPut(request, mark, tracing));
  };
  coordinator.get = (request) => {
    mark = tracing.begin({ ...asked, what: 'get' });
    get(tracedGet(request, mark, tracing));
  };
}

/** What all nodes have noted, in order. */
function notes(): Note[] {
  const all = cluster.nodes.flatMap(({ tracing }) => [...(tracing.notesOf(mark.id) ?? [])]);
  for (const note of all) expect(noteOf(JSON.parse(JSON.stringify(note)))).toEqual(note);
  return all.sort((a, b) => a.atUs - b.atUs);
}

function steps(what: StepWhat, at?: number): StepNote[] {
  const node = at === undefined ? undefined : cluster.nodes[at]!.id;
  return notes()
    .filter((note): note is StepNote => note.kind === 'step' && note.what === what)
    .filter((note) => node === undefined || note.node === node);
}

const indexOf = (id: string | undefined): number => cluster.nodes.findIndex((n) => n.id === id);
const abouts = (what: StepWhat, at?: number): number[] =>
  steps(what, at)
    .map(({ about }) => indexOf(about))
    .sort((a, b) => a - b);

/** Whose yes the coordinator had when it answered. */
function ackedBy(at: number): number[] {
  const [replied] = steps('replied', at);
  return steps('acked', at)
    .filter(({ atUs }) => atUs <= replied!.atUs)
    .map(({ about }) => indexOf(about))
    .sort((a, b) => a - b);
}

function receiptOf(reply: PutReply | GetReply): {
  acked: number;
  primaries: number;
  fallbacks: number;
  hints: number;
} {
  if (!reply.ok) throw reply.error;
  const { acked, primaries, fallbacks, hints } = reply.receipt;
  return { acked, primaries, fallbacks, hints };
}

const holders = (): number[] =>
  cluster.nodes.flatMap(({ store }, at) => (store.records.has(keyOf()) ? [at] : []));

test('healthy: the primaries that acknowledged are those of the receipt, and hold the value', async () => {
  underGlass(0);
  const reply = await cluster.put(0, { value: 'one' });
  const receipt = receiptOf(reply);
  const acked = ackedBy(0);
  expect(acked).toHaveLength(receipt.acked);
  expect(acked.filter((at) => at <= 2)).toHaveLength(receipt.primaries);
  await cluster.run(1_000);
  expect(abouts('acked', 0)).toEqual([0, 1, 2]);
  expect(abouts('stored')).toEqual(holders());
  expect(abouts('asked', 0)).toEqual([1, 2]);
  expect(abouts('hintOwed')).toEqual([]);
  expect(steps('replied', 0)[0]!.text).toContain('w=2/2 primaries=2 fallbacks=0');
  expect(steps('settled', 0)).toHaveLength(1);
  const { dot } = steps('minted', 0)[0]!.detail as { dot: { node: string; counter: number } };
  const [sibling] = cluster.stateAt(1).siblings;
  expect(dot).toMatchObject({ node: cluster.nodes[0]!.id, counter: sibling!.dot.counter });
  expect(steps('minted', 0)[0]!.detail).toMatchObject({ value: 'one', siblings: 1 });
});

test('healthy: messages have both their ends, and the chart goes from state to state', async () => {
  underGlass(0);
  await cluster.put(0);
  await cluster.run(1_000);
  for (const at of [1, 2]) {
    const peer = cluster.nodes[at]!.id;
    const self = cluster.nodes[0]!.id;
    const ends = notes().flatMap((note) => {
      if (note.kind !== 'message' || ![note.node, note.peer].includes(peer)) return [];
      return [[note.node === self ? 'coordinator' : 'replica', note.way, note.answers === true]];
    });
    expect(ends).toEqual([
      ['coordinator', 'sent', false],
      ['replica', 'received', false],
      ['replica', 'sent', true],
      ['coordinator', 'received', true],
    ]);
    const calls = notes().flatMap((note) =>
      note.kind === 'message' && [note.node, note.peer].includes(peer) ? [note.call] : [],
    );
    expect(new Set(calls).size).toBe(1);
  }
  const states = notes().flatMap((note) => (note.kind === 'chart' ? [note.state] : []));
  expect(states[0]).toBe('awaitingQuorum');
  expect(states).toContain('settling');
  expect(states.at(-1)).toBe('done');
  expect(notes().find((note) => note.kind === 'chart')).toMatchObject({ chart: 'putRound' });
});

test('fallback: who stands in has the hint that the receipt counts, for whom it says', async () => {
  cluster.kill(1);
  cluster.believeDown(1);
  underGlass(0);
  const reply = await cluster.put(0, { quorum: 3 });
  const receipt = receiptOf(reply);
  expect(receipt).toEqual({ acked: 3, primaries: 2, fallbacks: 1, hints: 1 });
  expect(ackedBy(0)).toEqual([0, 2, 3]);
  const [fallback] = steps('fallback', 0);
  expect(indexOf(fallback!.about)).toBe(3);
  expect(fallback!.detail).toEqual({ owedTo: cluster.nodes[1]!.id });
  expect(abouts('hintOwed', 3)).toEqual([1]);
  expect([...cluster.nodes[3]!.store.hintsTo]).toEqual([
    [cluster.nodes[1]!.id, new Set([keyOf()])],
  ]);
  expect(abouts('stored')).toEqual(holders());
  cluster.nodes[3]!.tracing.handedOff(cluster.nodes[1]!.id, [keyOf()], [cluster.nodes[1]!.id]);
  expect(abouts('handedOff', 3)).toEqual([1]);
});

test('fallback: where it stands in for one that is only slow, the coordinator owes the other', async () => {
  const { store } = cluster.nodes[1]!;
  store.logHeld = true;
  cluster.nodes[0]!.clock.setTimeout(() => store.release(), 2 * limits.slowPutReplicaMs);
  cluster.silence(2);
  underGlass(0);
  const receipt = receiptOf(await cluster.put(0, { quorum: 3 }));
  expect(receipt).toEqual({ acked: 3, primaries: 2, fallbacks: 1, hints: 0 });
  expect(ackedBy(0)).toEqual([0, 1, 3]);
  await cluster.run(2_000);
  expect([abouts('hintOwed', 3), abouts('hintOwed', 0)]).toEqual([[1], [2]]);
  const owedBy = (at: number): number[] =>
    [...cluster.nodes[at]!.store.hintsTo.keys()].map(indexOf);
  expect([owedBy(3), owedBy(0)]).toEqual([[1], [2]]);
  expect(abouts('stored')).toEqual(holders());
});

test('a coordinator that is no primary owes the states to all of them until they have said yes', async () => {
  underGlass(3);
  await cluster.put(3);
  expect(abouts('hintOwed', 3)).toEqual([0, 1, 2]);
  await cluster.run(1_000);
  const yes = abouts('acked', 3);
  expect(yes).toContain(3);
  expect(abouts('handedOff', 3)).toEqual(yes.filter((at) => at !== 3));
  const owed = [...cluster.nodes[3]!.store.hintsTo.keys()].map(indexOf);
  expect(owed).toEqual([0, 1, 2].filter((at) => !yes.includes(at)));
});

test('a coordinator that may owe nothing has not said yes, and counts for nothing', async () => {
  cluster.nodes[3]!.store.hintsFull = true;
  underGlass(3);
  const receipt = receiptOf(await cluster.put(3, { quorum: 3 }));
  expect(receipt).toEqual({ acked: 3, primaries: 3, fallbacks: 0, hints: 0 });
  await cluster.run(1_000);
  expect([ackedBy(3), abouts('refused', 3)]).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ]);
});

test('unknown: nobody else has acknowledged, and the value is where the trace says', async () => {
  for (const at of [1, 2, 3]) cluster.silence(at);
  underGlass(0);
  const reply = await cluster.put(0, { quorum: 2, timeoutMs: 1_000 });
  expect(reply.ok || reply.error.outcome).toBe('unknown');
  expect(ackedBy(0)).toEqual([0]);
  expect(abouts('stored')).toEqual([0]);
  expect(holders()).toEqual([0]);
  expect(abouts('asked', 0)).toEqual([1, 2]);
  expect(steps('verdict', 0).map(({ text }) => text)).toEqual(['deadline.passed']);
  expect(steps('replied', 0)[0]!.text).toContain('unknown');
  await cluster.run(20_000);
  expect(abouts('hintOwed', 0)).toEqual([...cluster.nodes[0]!.store.hintsTo.keys()].map(indexOf));
});

test('conflict: as many siblings are minted as are stored and shown', async () => {
  await cluster.put(0, { value: 'one' });
  underGlass(0);
  await cluster.put(0, { value: 'two', context: [] });
  await cluster.run(1_000);
  expect(steps('minted', 0)[0]!.detail).toMatchObject({ siblings: 2, value: 'two' });
  for (const at of [0, 1, 2]) expect(cluster.valuesAt(at).sort()).toEqual(['one', 'two']);
  const reply = await cluster.get(0);
  expect(reply.ok && reply.values.map(textOf).sort()).toEqual(['one', 'two']);
  expect(steps('replied', 0)[0]!.text).toContain('r=2/2');
});

test('repair: who was behind is the one that is repaired, and then holds what the others do', async () => {
  cluster.silence(1);
  await cluster.put(0, { value: 'one' });
  await cluster.run(20_000);
  cluster.nats.healAll();
  expect(cluster.valuesAt(1)).toEqual([]);
  underGlass(0);
  const reply = await cluster.get(0, { quorum: 3 });
  expect(reply.ok && reply.values.map(textOf)).toEqual(['one']);
  await cluster.run(1_000);
  expect(abouts('answered', 0)).toEqual([0, 1, 2]);
  expect(steps('verdict', 0).map(({ text }) => text)).toEqual(['quorum.differing']);
  expect(abouts('repaired', 0)).toEqual([1]);
  expect(abouts('stored', 1)).toEqual([1]);
  expect(cluster.valuesAt(1)).toEqual(['one']);
});

test('repair: a coordinator that was behind itself is repaired as any other, and says no yes', async () => {
  cluster.silence(0);
  await cluster.put(1, { value: 'one' });
  await cluster.run(20_000);
  cluster.nats.healAll();
  expect(cluster.valuesAt(0)).toEqual([]);
  underGlass(0);
  await cluster.get(0, { quorum: 3 });
  await cluster.run(1_000);
  expect([abouts('repaired', 0), abouts('acked', 0)]).toEqual([[0], []]);
  expect(cluster.valuesAt(0)).toEqual(['one']);
});

test('a get that its node answers by itself says so, and is over with that', async () => {
  await cluster.put(0);
  underGlass(0);
  const reply = await cluster.get(0, { quorum: 1 });
  expect(receiptOf(reply)).toMatchObject({ acked: 1, primaries: 1 });
  expect(notes().map((note) => note.kind === 'step' && note.what)).toEqual([
    'received',
    'answered',
    'replied',
    'settled',
  ]);
  expect(abouts('answered', 0)).toEqual([0]);
});

describe('who watches charts', () => {
  let states: unknown[];

  beforeEach(() => {
    states = [];
    cluster.nodes[0]!.inspection.watch({
      next: (told) => {
        if (told.type !== '@xstate.snapshot') return;
        states.push((told.snapshot as unknown as { value: unknown }).value);
      },
    });
  });

  test('is shown a round under the glass by its trace, and not once more', async () => {
    const { tracing } = cluster.nodes[0]!;
    const told: Note[] = [];
    tracing.onNote = (note) => told.push(note);
    tracing.shows = () => true;
    underGlass(0);
    await cluster.put(0);
    await cluster.run(1_000);
    expect(states).toEqual([]);
    expect(told).toEqual(tracing.notesOf(mark.id));
    expect(told.flatMap((note) => (note.kind === 'chart' ? [note.state] : [])).at(-1)).toBe('done');
  });

  test('is shown those that may turn out to be slow as any other', async () => {
    const { coordinator, tracing } = cluster.nodes[0]!;
    tracing.wish({ rate: 0, slowMs: 60_000, failed: true });
    const put = coordinator.put.bind(coordinator);
    coordinator.put = (request) =>
      put(tracedPut(request, tracing.sample({ ...asked, what: 'put' })!, tracing));
    await cluster.put(0);
    await cluster.run(1_000);
    expect([states[0], states.at(-1)]).toEqual(['awaitingQuorum', 'done']);
  });
});

describe('what nobody looks at', () => {
  test('leaves no note, and messages as they were', async () => {
    const sizes: number[] = [];
    const { peers, tracing } = cluster.nodes[0]!;
    const call = peers.call.bind(peers);
    peers.call = (to, verb, body, onAnswer) => {
      sizes.push(body.length);
      return call(to, verb, body, onAnswer);
    };
    await cluster.put(0);
    expect(tracing.isOn).toBe(false);
    expect(sizes).toEqual([5, 5]);
    expect(cluster.nodes.flatMap((node) => node.tracing.summaries())).toEqual([]);
  });

  test('is kept if it fails, where failures are wanted, and is noted by nobody else', async () => {
    const { tracing } = cluster.nodes[0]!;
    tracing.wish({ rate: 0, slowMs: 0, failed: true });
    const kept: string[] = [];
    tracing.onKept = ({ what }) => kept.push(what);
    const { coordinator } = cluster.nodes[0]!;
    const put = coordinator.put.bind(coordinator);
    coordinator.put = (request) => {
      const sampled = tracing.sample({ ...asked, what: 'put' });
      put(tracedPut(request, sampled!, tracing));
    };
    await cluster.put(0);
    expect(tracing.summaries()).toEqual([]);
    for (const at of [1, 2, 3]) cluster.silence(at);
    await cluster.put(0, { timeoutMs: 500 });
    expect(tracing.summaries()).toHaveLength(1);
    expect(tracing.summaries()[0]!.outcome).toContain('unknown');
    expect(kept).toEqual(['failed']);
    expect(cluster.nodes[1]!.tracing.notesOf(tracing.summaries()[0]!.id)).toBeUndefined();
    tracing.wish({ rate: 0, slowMs: 0, failed: false });
    expect(tracing.isOn).toBe(false);
  });
});
