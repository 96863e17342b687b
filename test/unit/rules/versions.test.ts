import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf, epochOf, nodeOf } from '../../../actors/rules/actor.js';
import {
  type Context,
  counterOf,
  covers,
  descends,
  type Dot,
  digestOf,
  emptyDigest,
  emptyState,
  type KeyState,
  merge,
  mergeContexts,
  mint,
  sameDot,
  sameState,
  seenAll,
} from '../../../actors/rules/versions.js';
import { standing } from '../../../actors/rules/operations.js';
import { context, keyState } from '../../support/key-states.js';
import { isSound } from '../../support/version-world.js';

const parameters = { seed: 20_240_810, numRuns: 3_000 };
const self = actorOf('00000000000000aa', 7);

function put(local: KeyState, seen: KeyState['context'] | undefined): KeyState {
  return mint({
    local,
    seen: seen && seenAll(seen),
    actor: self,
    value: Buffer.from('x'),
    writtenAtMs: 1,
    expiresAtMs: 0,
    operation: '',
  });
}

/** Of what the put added. */
const dotOf = ({ siblings }: KeyState, before: KeyState): Dot =>
  siblings.find(({ dot }) => !before.siblings.some((known) => sameDot(known.dot, dot)))!.dot;

const sameContext = (a: Context, b: Context): boolean => descends(a, b) && descends(b, a);

/** The same context, which counts how often an entry of it is looked at. */
function counted(entries: Context): { readonly context: Context; looks: () => number } {
  let looks = 0;
  const context = new Proxy(entries, {
    get: (target, name, receiver): unknown => {
      if (typeof name === 'string' && /^\d+$/.test(name)) looks++;
      return Reflect.get(target, name, receiver);
    },
  });
  return { context, looks: () => looks };
}

test('contexts of thousands of entries are merged by looking at each a few times', () => {
  const entries = 4_000;
  const all = Array.from({ length: 2 * entries }, (_, i) => ({
    actor: actorOf('ab', i + 1),
    counter: 1,
  }));
  const [left, right] = [0, 1].map((odd) => counted(all.filter((_, i) => i % 2 === odd))) as [
    ReturnType<typeof counted>,
    ReturnType<typeof counted>,
  ];
  expect(mergeContexts(left.context, right.context)).toEqual(all);
  expect(left.looks() + right.looks()).toBeLessThan(10 * entries);
});

describe('merge', () => {
  test('commutative', () => {
    fc.assert(
      fc.property(keyState, keyState, (a, b) => sameState(merge(a, b), merge(b, a))),
      parameters,
    );
  });

  test('associative', () => {
    fc.assert(
      fc.property(keyState, keyState, keyState, (a, b, c) =>
        sameState(merge(merge(a, b), c), merge(a, merge(b, c))),
      ),
      parameters,
    );
  });

  test('idempotent, and nothing new gives back the very same object', () => {
    fc.assert(
      fc.property(keyState, keyState, (a, b) => {
        const both = merge(a, b);
        return merge(a, a) === a && merge(both, b) === both && merge(both, a) === both;
      }),
      parameters,
    );
  });

  test('keeps siblings ascending and covered by the context, and loses no claim', () => {
    fc.assert(
      fc.property(keyState, keyState, (a, b) => {
        const both = merge(a, b);
        return (
          isSound(both) && descends(both.context, a.context) && descends(both.context, b.context)
        );
      }),
      parameters,
    );
  });

  test('the empty state adds nothing', () => {
    fc.assert(
      fc.property(
        keyState,
        (a) => merge(a, emptyState) === a && sameState(merge(emptyState, a), a),
      ),
      parameters,
    );
  });
});

describe('contexts', () => {
  test('merge entry by entry, taking the higher counter', () => {
    fc.assert(
      fc.property(context, context, (a, b) => {
        const both = mergeContexts(a, b);
        const actors = new Set([...a, ...b].map(({ actor }) => actor));
        expect(both.map(({ actor }) => actor)).toEqual([...actors].sort());
        return both.every(
          ({ actor, counter }) => counter === Math.max(counterOf(a, actor), counterOf(b, actor)),
        );
      }),
      { ...parameters, numRuns: 1_000 },
    );
  });

  test('descends exactly when merging changes nothing', () => {
    fc.assert(
      fc.property(
        context,
        context,
        (a, b) => descends(a, b) === (mergeContexts(a, b) === a || a.length + b.length === 0),
      ),
      parameters,
    );
  });
});

describe('mint', () => {
  test('blind: the new write alone is left', () => {
    fc.assert(
      fc.property(keyState, (local) => standing(put(local, undefined).siblings).length === 1),
      parameters,
    );
  });

  test('empty context: the new write beside all there was', () => {
    fc.assert(
      fc.property(
        keyState,
        (local) => standing(put(local, []).siblings).length === standing(local.siblings).length + 1,
      ),
      parameters,
    );
  });

  test('with a context: exactly what it covers is replaced, and the result contains what it was made from', () => {
    fc.assert(
      fc.property(keyState, context, (local, seen) => {
        const after = put(local, seen);
        const left = standing(after.siblings);
        // Siblings of one operation are one write.
        const before = standing(local.siblings);
        const replaced = before.filter(({ dot }) => covers(seen, dot));
        const over = new Set(replaced.map(({ operation }) => operation));
        const expected = before.filter(
          (sibling) =>
            !replaced.includes(sibling) &&
            (sibling.operation === '' || !over.has(sibling.operation)),
        );
        return (
          isSound(after) &&
          left.length === expected.length + 1 &&
          expected.every((sibling) => left.includes(sibling)) &&
          merge(local, after) === after &&
          sameContext(after.context, mergeContexts(local.context, [dotOf(after, local)]))
        );
      }),
      parameters,
    );
  });

  test('counters of one actor rise by one, whatever the client claims of it', () => {
    const first = put(emptyState, undefined);
    expect(counterOf(first.context, self)).toBe(1);
    expect(counterOf(put(first, undefined).context, self)).toBe(2);
    expect(counterOf(put(first, [{ actor: self, counter: 9 }]).context, self)).toBe(2);
  });
});

describe('digests', () => {
  test('equal states have equal digests, the empty one has the empty digest', () => {
    fc.assert(
      fc.property(keyState, keyState, (a, b) => {
        expect(digestOf(merge(a, b))).toEqual(digestOf(merge(b, a)));
      }),
      { ...parameters, numRuns: 1_000 },
    );
    expect(digestOf(emptyState)).toBe(emptyDigest);
  });

  test('10 000 states, each with its own digest', () => {
    const digests = new Map<string, string>();
    const stateNames = new Set<string>();
    fc.assert(
      fc.property(keyState, (state) => {
        const siblings = state.siblings.map(({ dot, ...known }) => [
          dot,
          known.copiesUntilMs,
          known.remembered,
        ]);
        const name = JSON.stringify([state.context, siblings]);
        const { hi, lo } = digestOf(state);
        const digest = `${hi}.${lo}`;
        stateNames.add(name);
        const other = digests.get(digest);
        digests.set(digest, name);
        return other === undefined || other === name;
      }),
      { ...parameters, numRuns: 10_000 },
    );
    expect(digests.size).toBe(stateNames.size);
    expect(stateNames.size).toBeGreaterThan(3_000);
  });

  test('a lone value, its tombstone and its absence differ, for 10 000 counters of 10 actors', () => {
    const seen = new Set<string>();
    for (let node = 0; node < 10; node++)
      for (let counter = 1; counter <= 10_000; counter++) {
        const dot = { actor: actorOf(node.toString(16).padStart(16, '0'), 1), counter };
        const sibling = { dot, value: null, writtenAtMs: 0, expiresAtMs: 0, operation: '' };
        for (const siblings of [[], [sibling]]) {
          const { hi, lo } = digestOf({ context: [dot], siblings });
          seen.add(`${hi}.${lo}`);
        }
      }
    expect(seen.size).toBe(200_000);
  });
});

describe('actors', () => {
  test('node id and epoch come back, and sort by node, then epoch', () => {
    const actors = [
      actorOf('0000000000000001', 2 ** 48 - 1),
      actorOf('00000000000000ff', 1),
      actorOf('00000000000000ff', 256),
      actorOf('ff00000000000000', 3),
    ];
    expect([...actors].sort()).toEqual(actors);
    expect(actors.map((actor) => [nodeOf(actor), epochOf(actor)])).toEqual([
      ['0000000000000001', 2 ** 48 - 1],
      ['00000000000000ff', 1],
      ['00000000000000ff', 256],
      ['ff00000000000000', 3],
    ]);
  });
});
