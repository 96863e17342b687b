import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf } from '../../../actors/rules/actor.js';
import type { KeyState, Sibling } from '../../../actors/rules/versions.js';
import { emptyState, merge, mint, nothingSeen, sameState } from '../../../actors/rules/versions.js';
import { encodedStateBytes } from '../../../src/wire/key-state-codec.js';
import { statePartsOf } from '../../../src/wire/state-parts.js';

const bytesMax = 2_000;

/**
 * What a put did: which of three nodes minted, whether it had seen what was there, how large it
 * was; then it was merged elsewhere.
 */
const step = fc.record({
  node: fc.nat(2),
  blind: fc.boolean(),
  valueBytes: fc.nat(700),
  mergedInto: fc.nat(2),
});

/**
 * The states of three nodes after some puts, each refused by its node when it would grow past the
 * bound.
 */
function played(
  steps: readonly { node: number; blind: boolean; valueBytes: number; mergedInto: number }[],
): KeyState[] {
  const states: KeyState[] = [emptyState, emptyState, emptyState];
  for (const { node, blind, valueBytes, mergedInto } of steps) {
    const minted = mint({
      local: states[node]!,
      seen: blind ? undefined : nothingSeen,
      actor: actorOf(`000000000000000${node}`, 1),
      value: Buffer.alloc(valueBytes),
      writtenAtMs: 1,
      expiresAtMs: 0,
      operation: '',
    });
    if (encodedStateBytes(minted) <= bytesMax) states[node] = minted;
    states[mergedInto] = merge(states[mergedInto]!, states[node]!);
  }
  return states;
}

test('parts: each fits, in any order they merge to the whole, and each alone takes away nothing that the whole would not', () => {
  const property = fc.property(
    fc.array(step, { maxLength: 30 }),
    fc.nat(2),
    fc.nat(2),
    fc.nat(5),
    (steps, from, to, rotation) => {
      const states = played(steps);
      const whole = merge(states[from]!, states[(from + 1) % 3]!);
      const receiver = states[to]!;
      const parts = statePartsOf(whole, bytesMax);
      for (const part of parts) expect(encodedStateBytes(part)).toBeLessThanOrEqual(bytesMax);
      const rotated = [
        ...parts.slice(rotation % parts.length),
        ...parts.slice(0, rotation % parts.length),
      ];
      const merged = rotated.reduce((state, part) => merge(state, part), receiver);
      expect(sameState(merged, merge(receiver, whole))).toBe(true);
      // As they are sent: who held something, and shall hold something, does so in between.
      let between = receiver;
      for (const part of parts) {
        between = merge(between, part);
        if (receiver.siblings.length > 0 && merged.siblings.length > 0)
          expect(between.siblings.length).toBeGreaterThan(0);
      }
      // A part alone: what the receiver then has still merges with the whole to the same.
      const half = merge(receiver, rotated[0]!);
      expect(sameState(merge(half, whole), merge(receiver, whole))).toBe(true);
      const lost = receiver.siblings.filter(
        ({ dot }) =>
          !half.siblings.some((s) => s.dot.actor === dot.actor && s.dot.counter === dot.counter),
      );
      const kept = merge(receiver, whole).siblings;
      for (const { dot } of lost)
        expect(kept.some((s) => s.dot.actor === dot.actor && s.dot.counter === dot.counter)).toBe(
          false,
        );
    },
  );
  fc.assert(property, { seed: 1, numRuns: 5_000 });
});

test('parts: three siblings of 900 bytes and a bound of 2 000: more than one part', () => {
  const states = played(
    [0, 1, 2].map((node) => ({ node, blind: false, valueBytes: 900, mergedInto: node })),
  );
  const whole = states.reduce(merge);
  expect(whole.siblings.length).toBe(3);
  expect(statePartsOf(whole, bytesMax).length).toBe(2);
});

function sibling(actor: string, valueBytes: number): Sibling {
  const value = Buffer.alloc(valueBytes);
  return { dot: { actor, counter: 1 }, value, writtenAtMs: 1, expiresAtMs: 0, operation: '' };
}

test('parts: what covers comes before what is covered goes', () => {
  const [a, b] = [actorOf('0000000000000000', 1), actorOf('0000000000000001', 1)];
  const old: KeyState = { context: [{ actor: a, counter: 1 }], siblings: [sibling(a, 10)] };
  const alone = (valueBytes: number): KeyState => ({
    context: [{ actor: b, counter: 1 }],
    siblings: [sibling(b, valueBytes)],
  });
  const large = alone(bytesMax - encodedStateBytes(alone(0)));
  const whole: KeyState = { context: [...old.context, ...large.context], siblings: large.siblings };
  const parts = statePartsOf(whole, bytesMax);
  expect(parts).toHaveLength(2);
  expect(merge(old, parts[0]!).siblings).toHaveLength(2);
});
