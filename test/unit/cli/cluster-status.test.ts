import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import {
  askAll,
  askRing,
  askStatus,
  type ClusterQuestion,
  idOf,
  type NodeRow,
  rowsNamed,
  severalClusters,
} from '../../../src/cli/cluster-status.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork } from '../../support/memory-bus.js';
import type { RingMessage, RingNode } from '../../../src/wire/ring-message.js';

function node(id: string, name: string, more: Partial<RingNode> = {}): RingNode {
  return { id, name, host: name, zone: '', reachability: 'alive', ...more };
}

const [one, lost, back] = ['1', '2', '3'].map((digit) => digit.repeat(16)) as [
  string,
  string,
  string,
];
const ring: RingMessage = {
  epoch: 1,
  nodes: [node(one, 'n1'), node(lost, 'n2', { reachability: 'down' }), node(back, 'n2')],
  n: 3,
  r: 2,
  buckets: [],
  groups: [],
  groupOf: [],
};

test('a node is found by its name and by its id', () => {
  expect([idOf('n1', ring), idOf(one, ring), idOf(lost, ring)]).toEqual([one, one, lost]);
  expect(() => idOf('n9', ring)).toThrow('no node named n9');
});

test('where a node lost its disk and came back under its name, it is asked which one is meant', () => {
  const text = `2 nodes are named n2, say which by its id: ${lost} (down), ${back} (alive)`;
  expect(() => idOf('n2', ring)).toThrow(text);
});

/**
 * Whom the ring is asked of so that only the given question is answered; undefined: nobody
 * subscribes.
 */
async function asked(answeredAt: number | undefined): Promise<unknown[]> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  let questions = 0;
  if (answeredAt !== undefined) {
    const node = network.connect();
    node.subscribe('kv.ring', ({ reply }) => {
      questions++;
      if (questions === answeredAt) node.publish(reply, Buffer.from(JSON.stringify(ring)));
    });
  }
  const progress = { ended: false };
  const bus = network.connect();
  const result = askRing({ bus, clock, prefix: 'kv', waitMs: 2_000 });
  void result.then(() => (progress.ended = true));
  while (!progress.ended) {
    network.settle();
    await nextTurn();
    clock.advance(50);
  }
  return [await result, questions, clock.monotonicMs() <= 2_100];
}

test('a node that hangs swallows a question: another one is asked, until the time is up', async () => {
  expect(await asked(1)).toEqual([ring, 1, true]);
  expect(await asked(3)).toEqual([ring, 3, true]);
  expect(await asked(9)).toEqual([undefined, 4, true]);
  expect(await asked(undefined)).toEqual([undefined, 0, true]);
});

/** What nodes of these clusters are asked, the first one for the ring. */
async function askedOf<T>(
  clusters: readonly number[],
  how: (question: ClusterQuestion) => Promise<T>,
): Promise<{ readonly result: Promise<T>; readonly waitedMs: number }> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const isShared = new Set(clusters).size > 1;
  for (const [i, cluster] of clusters.entries()) {
    const own = { id: `${i + 1}`.repeat(16), name: `n${i + 1}`, host: 'h', status: 'serving' };
    const bus = network.connect();
    const answer = (reply: string, document: object): void =>
      bus.publish(reply, Buffer.from(JSON.stringify(document)));
    bus.subscribe('kv.status', ({ reply }) => answer(reply, { ...own, pid: 1, cluster }));
    if (i > 0) continue;
    const alone = { ...ring, cluster, nodes: [node(own.id, own.name)] };
    const told = isShared ? { ...alone, sharesSubjects: true } : alone;
    bus.subscribe('kv.ring', ({ reply }) => answer(reply, told));
  }
  const progress = { ended: false };
  const result = how({ bus: network.connect(), clock, prefix: 'kv', waitMs: 2_000 });
  const end = (): void => void (progress.ended = true);
  result.then(end, end);
  while (!progress.ended) {
    network.settle();
    await nextTurn();
    clock.advance(50);
  }
  return { result, waitedMs: clock.monotonicMs() };
}

test.each([
  ['ring', askRing],
  ['nodes', askStatus],
] as const)(
  'nodes of two clusters answer: who asks for the %s is told which, and what to do',
  async (_what, how: (question: ClusterQuestion) => Promise<unknown>) => {
    const { result } = await askedOf([7, 9, 7], how);
    await expect(result).rejects.toThrow(
      /n1 \(1+\), n3 \(3+\) of cluster 7; n2 \(2+\) of cluster 9\. .*--data-dir.*--prefix/,
    );
    const one = await askedOf([7], how);
    await one.result;
    expect(one.waitedMs).toBeLessThan(1_000);
  },
);

test('who wants to see all nodes is shown them, of whatever cluster they are', async () => {
  const rows = await (await askedOf([7, 9], askAll)).result;
  expect(rows.map(({ name }) => name)).toEqual(['n1', 'n2']);
  expect(severalClusters(rows)).toMatch(/^nodes of 2 clusters answer/);
  // Who waits to be taken in is of none yet.
  const { cluster: _, ...waiting } = rows[1]!;
  expect(severalClusters([rows[0]!, waiting])).toBeUndefined();
});

function row(name: string, startedAs: string): NodeRow {
  return { id: `of ${name}`, name, startedAs, host: 'h', status: 'serving' } as unknown as NodeRow;
}

test('a node is watched by the name the cluster has for it, and by the one it was started with', () => {
  const rows = [row('n1', 'n1'), row('n2', 'n9'), row('n3', 'n1')];
  const found = ['n1', 'n2', 'n9', 'n8'].map((name) => rowsNamed(name, rows));
  expect(found.map((of) => of.map(({ name }) => name))).toEqual([['n1'], ['n2'], ['n2'], []]);
});
