import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { storageKeyOf } from '../../../actors/rules/key.js';
import { RecentChanges } from '../../../src/store/recent-changes.js';
import { ReplicaWorld } from '../../support/replica-world.js';

const keyOf = (name: string): string => storageKeyOf({ partition: 0, bucket: 'b', key: name });

test('what is told from each other are the newest changes, by number and by bytes', () => {
  const added = fc.record({
    partition: fc.nat(3),
    key: fc.option(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' }), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(fc.array(added, { maxLength: 120 }), fc.boolean(), (adds, isLong) => {
      const [most, mostBytes] = isLong ? [64, 320] : [16, 80];
      const recent = new RecentChanges(4, { changesKeptMax: most, changedKeyBytesMax: mostBytes });
      for (const [i, { partition, key }] of adds.entries()) {
        recent.add(partition, key);
        expect(recent.last).toBe(i + 1);
        const kept = adds.slice(recent.forgotten, i + 1);
        expect(kept.length).toBeLessThanOrEqual(most);
        const bytes = kept.reduce((sum, one) => sum + (one.key?.length ?? 0), 0);
        expect(bytes).toBeLessThanOrEqual(mostBytes);
        const told = kept.map((_, at) => recent.keyOf(recent.forgotten + 1 + at));
        expect(told).toEqual(kept.map(({ key }) => key));
      }
      for (let partition = 0; partition < 4; partition++) {
        const last = adds.findLastIndex((one) => one.partition === partition);
        expect(recent.lastOf(partition)).toBe(last + 1);
      }
    }),
  );
});

const leave = (): void => {
  throw new Error('it had left');
};

test('who waits is told of the next change once, unless it has left', () => {
  const recent = new RecentChanges(1);
  let told = 0;
  const stay = (): void => void told++;
  recent.onNext(stay);
  recent.onNext(leave);
  recent.offNext(leave);
  recent.add(0, keyOf('a'));
  recent.add(0, keyOf('a'));
  expect(told).toBe(1);
});

describe('a store', () => {
  test('numbers what it minted, what it merged, and what it removed; not what brought no news', async () => {
    const world = await ReplicaWorld.start(2);
    const [first, second] = [world.nodes[0]!, world.nodes[1]!];
    const before = second.store.recent.last;
    const state = await world.put(0, world.key('a'));
    expect(first.store.recent.keyOf(first.store.recent.last)).toBe(world.key('a'));
    await world.give(1, world.key('a'), state);
    await world.give(1, world.key('a'), state);
    expect(second.store.recent.last).toBe(before + 1);
    expect(second.store.recent.lastOf(0)).toBe(before + 1);
    const { digest } = second.store.read(world.key('a'))!;
    second.store.remove([{ key: world.key('a'), digest }], () => {});
    expect(second.store.recent.last).toBe(before + 2);
    expect(second.store.recent.keyOf(before + 2)).toBeUndefined();
    expect(world.errors).toEqual([]);
  });
});
