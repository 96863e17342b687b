import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { runHistory } from '../support/version-history.js';
import { type EpochRule, nothingSeen, VersionWorld } from '../support/version-world.js';

const seed = 20_240_809;
const step = fc.nat(2 ** 31 - 1);

describe('versions against a naive model that keeps sets of writes', () => {
  test.each([
    { nodes: 3, histories: 60_000 },
    { nodes: 5, histories: 40_000 },
  ])(
    '$histories random histories on $nodes nodes: equal siblings and claims at every step, no acknowledged write lost or back',
    ({ nodes, histories }) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 4, maxLength: 36 }), (steps) =>
          runHistory(nodes, steps, { rule: 'as promised', authors: false }),
        ),
        { seed, numRuns: histories },
      );
    },
    120_000,
  );

  test('20 000 histories in which authors go on with the context of their put: nothing lost, nothing back', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 36 }), (steps) =>
        runHistory(4, steps, { rule: 'as promised', authors: true }),
      ),
      { seed, numRuns: 20_000 },
    );
  }, 60_000);

  test.each(['one epoch', 'marks survive crashes', 'marks survive forgetting'] as const)(
    'control: with "%s" such histories lose acknowledged writes',
    (rule) => {
      const outcome = fc.check(
        fc.property(fc.array(step, { minLength: 4, maxLength: 36 }), (steps) =>
          runHistory(3, steps, { rule, authors: true }),
        ),
        { seed, numRuns: 20_000 },
      );
      expect(String(outcome.errorInstance)).toMatch(/acknowledged write \d+ is lost/);
    },
  );
});

/** Each case of false coverage: with epochs the last write lives, without it is silently erased. */
const cases: readonly { readonly name: string; readonly run: (world: VersionWorld) => number }[] = [
  {
    name: '1. crash: an unsynced tail is lost after another replica had it, then the node mints again',
    run: (world) => {
      world.put(0, { seen: undefined });
      world.sync(0);
      world.put(0, { seen: nothingSeen });
      world.send(0, 1);
      world.deliver(0);
      world.sync(1);
      world.crash(0);
      const write = world.put(0, { seen: nothingSeen });
      return write;
    },
  },
  {
    name: '2. a fallback mints, hands off, forgets, and mints for the key again',
    run: (world) => {
      world.put(2, { seen: undefined });
      world.put(2, { seen: nothingSeen });
      world.handOff(2, [0, 1], { synced: true });
      return world.put(2, { seen: nothingSeen });
    },
  },
  {
    name: '3. a node leaves, its data goes; it comes back and mints before anything reached it',
    run: (world) => {
      world.put(0, { seen: undefined });
      world.handOff(0, [1, 2], { synced: true });
      world.restart(0);
      return world.put(0, { seen: undefined });
    },
  },
  {
    name: '4. a tombstone is collected; an older one elsewhere covers the first dot minted afterwards ("doomstone")',
    run: (world) => {
      world.put(0, { seen: undefined });
      world.put(0, { seen: undefined, tombstone: true });
      for (const to of [1, 2]) world.send(0, to);
      world.deliver(0);
      world.deliver(0);
      for (const at of [0, 1, 2]) world.sync(at);
      expect(world.collect([0, 1, 2], { only: [0, 1] })).toBe(true);
      return world.put(0, { seen: undefined });
    },
  },
];

function erased(rule: EpochRule, run: (world: VersionWorld) => number): boolean {
  const world = new VersionWorld(3, rule);
  const write = run(world);
  world.sync(0);
  world.sync(2);
  world.acknowledge(write);
  expect(world.writes[write]!.acknowledged).toBe(true);
  for (let from = 0; from < 3; from++) for (let to = 0; to < 3; to++) world.send(from, to);
  while (world.messages.length > 0) world.deliver(0);
  return [0, 1, 2].some(
    (at) => !world.state(at).siblings.some(({ operation }) => operation === String(write)),
  );
}

describe('false coverage', () => {
  test.each(cases)('$name', ({ run }) => {
    expect(erased('as promised', run)).toBe(false);
  });

  test.each(cases)('control, with one epoch it is erased: $name', ({ run }) => {
    expect(erased('one epoch', run)).toBe(true);
  });

  test('with epochs the four cases agree with the naive model throughout', () => {
    for (const { run } of cases) {
      const world = new VersionWorld(3);
      run(world);
      world.check();
      world.checkOutcome();
    }
  });
});
