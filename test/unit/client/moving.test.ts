/**
 * A client while partitions move: requests go to who answers for each partition now, and nothing
 * its caller sees tells of the move. Nodes 0, 1, 2 own all of it, and 3, 4, 5 will; N=3.
 */
import { describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../../actors/rules/key.js';
import { FakeCluster, partitions, type FakeNode } from './fake-cluster.js';

const before = [0, 1, 2];
const after = [3, 4, 5];

const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
const placeOf = (key: string): number => partitionOf({ bucket: 'b', key }, partitions);

function keysAt(nodes: readonly FakeNode[]): string[] {
  return nodes.flatMap((node) => node.keys()).sort();
}

function ownKeysAt(nodes: readonly FakeNode[]): string[] {
  const all = nodes.flatMap(({ own }) => own.flatMap((frame) => frame.keys.map(String)));
  return [...new Set(all)].sort();
}

const stays = (partition: number): boolean => partition % 2 === 0;

function forget(cluster: FakeCluster): void {
  for (const node of cluster.nodes) {
    node.frames.length = 0;
    node.own.length = 0;
  }
}

/** Six nodes of one cluster with a client that knows the layout; nothing has moved, or these. */
async function moving(moved: readonly number[]) {
  const cluster = new FakeCluster({ nodes: 6 });
  for (const node of cluster.nodes) node.clusterId = 5;
  cluster.learn(7, cluster.moving(before, after, moved));
  const client = await cluster.ready();
  return { cluster, bucket: client.bucket('b') };
}

/** Some seconds of requests: the client asks for the ring now and then. */
async function used(cluster: FakeCluster, bucket: { get(key: string): Promise<unknown> }) {
  for (let i = 0; i < 7; i++) {
    await cluster.settled(bucket.get('key-0'));
    await cluster.after(1_000);
  }
}

describe('a layout in which some partitions have moved', () => {
  const moved = [0, 1, 5, 6, 11];
  const ofMoved = keys.filter((key) => moved.includes(placeOf(key))).sort();
  const ofOthers = keys.filter((key) => !moved.includes(placeOf(key))).sort();

  test('puts go to the first reader of each, in one frame a coordinator', async () => {
    const { cluster, bucket } = await moving(moved);
    await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, 'v'))));
    expect(keysAt(cluster.nodes.slice(0, 3))).toEqual(ofOthers);
    expect(keysAt(cluster.nodes.slice(3))).toEqual(ofMoved);
    for (const { index, frames } of cluster.nodes)
      for (const { frame } of frames)
        for (const key of frame.keys) expect(placeOf(String(key)) % 3).toBe(index % 3);
    expect(cluster.nodes.map(({ frames }) => frames.length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('own reads ask readers and nobody else', async () => {
    const { cluster, bucket } = await moving(moved);
    await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, 'v'))));
    forget(cluster);
    const entries = await cluster.settled(bucket.getAll(keys));
    expect(entries.size).toBe(keys.length);
    expect(ownKeysAt(cluster.nodes.slice(0, 3))).toEqual(ofOthers);
    expect(ownKeysAt(cluster.nodes.slice(3))).toEqual(ofMoved);
    expect(cluster.nodes.map(({ misread }) => misread)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(keysAt(cluster.nodes)).toEqual([]);
  });

  test('own reads say which side is read, and nothing of partitions that stay', async () => {
    const { cluster, bucket } = await moving([]);
    const lists = [before, [1, 2, 3]].map((nodes) => nodes.map((at) => cluster.nodes[at]!.id));
    cluster.learn(7, {
      preferenceList: (partition) => cluster.startingAt(partition, lists[0]!),
      next: {
        preferenceList: (partition) =>
          cluster.startingAt(partition, lists[stays(partition) ? 0 : 1]!),
        hasMoved: () => false,
      },
    });
    await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, 'v'))));
    await used(cluster, bucket);
    forget(cluster);
    for (const node of cluster.nodes) node.misread = 0;
    expect((await cluster.settled(bucket.getAll(keys))).size).toBe(keys.length);
    expect(cluster.nodes.map(({ misread }) => misread)).toEqual([0, 0, 0, 0, 0, 0]);
    for (const frame of cluster.nodes.flatMap(({ own }) => own))
      for (const key of frame.keys)
        expect(frame.side === undefined).toBe(stays(placeOf(String(key))));
    expect(ownKeysAt(cluster.nodes)).toEqual(keys.toSorted());
  });

  test('all its readers are gone: the owners of the other side are asked before anybody else', async () => {
    const { cluster, bucket } = await moving(moved);
    for (const at of [3, 4, 5]) cluster.nodes[at]!.kill();
    await cluster.settled(bucket.put(ofMoved[0]!, 'v'));
    expect(keysAt(cluster.nodes.slice(0, 3))).toEqual([ofMoved[0]]);
  });
});

describe('partitions move on', () => {
  test('one after the other: no request is refused for good, and each goes on to the new readers', async () => {
    const { cluster, bucket } = await moving([]);
    await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, 'v'))));
    for (let moved = 1; moved <= partitions; moved++) {
      const all = Array.from({ length: moved }, (_, partition) => partition);
      cluster.learn(7, cluster.moving(before, after, all));
      const puts = Promise.all(keys.map((key) => bucket.put(key, `${moved}`)));
      expect((await cluster.settled(bucket.getAll(keys))).size).toBe(keys.length);
      await cluster.settled(puts);
      await used(cluster, bucket);
    }
    forget(cluster);
    await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, 'w'))));
    expect(keysAt(cluster.nodes.slice(0, 3))).toEqual([]);
  });

  test('the move is over: what is refused as by another layout goes by the fresh one', async () => {
    const { cluster, bucket } = await moving([...Array(partitions).keys()]);
    const ids = after.map((index) => cluster.nodes[index]!.id);
    const layout = {
      preferenceList: (partition: number) => cluster.startingAt(partition, ids),
    };
    cluster.learn(8, layout);
    await cluster.settled(Promise.all(keys.map((key) => bucket.put(key, 'v'))));
    expect((await cluster.settled(bucket.getAll(keys))).size).toBe(keys.length);
    const said = cluster.nodes.flatMap(({ frames }) => frames.map(({ frame }) => frame));
    expect(said.map(({ configuration }) => configuration)).not.toContain(7);
  });
});

describe('a ring of an older layout', () => {
  test('of the same cluster is not taken: another node is asked soon', async () => {
    const { cluster, bucket } = await moving([]);
    cluster.learn(8, cluster.moving(after, before, []));
    await cluster.settled(bucket.put('k', 'v'));
    // All that is left to tell the ring is a node that is behind; it does not serve by the other.
    const [behind, ...others] = cluster.nodes;
    for (const node of others) node.toldConfiguration = 6;
    cluster.learn(6, cluster.moving(before, after, []), [behind!]);
    forget(cluster);
    await used(cluster, bucket);
    for (const key of keys) await cluster.settled(bucket.put(key, 'v'));
    const said = cluster.nodes.flatMap(({ frames }) => frames.map(({ frame }) => frame));
    expect(new Set(said.map(({ configuration }) => configuration))).toEqual(new Set([8]));
    expect(behind!.misdirected).toBe(0);
  });

  test('of another cluster is: that one was founded anew', async () => {
    const { cluster, bucket } = await moving([]);
    for (const node of cluster.nodes) node.clusterId = 6;
    cluster.learn(1, cluster.moving(before, after, []));
    await cluster.settled(bucket.put('k', 'v'));
    expect(keysAt(cluster.nodes)).toEqual(['k']);
  });
});
