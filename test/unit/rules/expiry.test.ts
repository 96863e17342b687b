import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { isCollectable } from '../../../actors/rules/collection.js';
import {
  emptied,
  expiredForAllMs,
  isClockAgreed,
  isEmptied,
} from '../../../actors/rules/expiry.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  digestOf,
  merge,
  sameDot,
  sameState,
  type KeyState,
} from '../../../actors/rules/versions.js';
import { valuesOf } from '../../../actors/rules/view.js';
import { keyState } from '../../support/key-states.js';

const parameters = { seed: 20_261_130, numRuns: 2_000 };
const states = fc.tuple(keyState, keyState, fc.nat(12), fc.nat(12));

function emptiedState({ context, siblings }: KeyState, untilMs: number): KeyState {
  return { context, siblings: emptied(siblings, untilMs) };
}

test('emptied states have the digests they had, and show what they showed from then on', () => {
  fc.assert(
    fc.property(keyState, fc.nat(12), fc.nat(12), (state, untilMs, laterMs) => {
      const after = emptiedState(state, untilMs);
      expect(digestOf(after)).toEqual(digestOf(state));
      const nowMs = untilMs + laterMs;
      for (const conflict of ['siblings', 'last-writer-wins'] as const)
        expect(valuesOf(after, { conflict, nowMs })).toEqual(valuesOf(state, { conflict, nowMs }));
      const kept = state.siblings.filter(({ expiresAtMs }) => expiresAtMs > untilMs);
      for (const sibling of kept) expect(after.siblings).toContain(sibling);
      expect(emptied(after.siblings, untilMs)).toBe(after.siblings);
    }),
    parameters,
  );
});

test('merged, what one side has emptied stays so, whoever empties first; nothing else is lost', () => {
  fc.assert(
    fc.property(states, ([a, b, early, late]) => {
      const merged = merge(emptiedState(a, early), emptiedState(b, late));
      const untilMs = Math.max(early, late);
      expect(sameState(merged, merge(emptiedState(b, late), emptiedState(a, early)))).toBe(true);
      const all = emptiedState(merge(a, b), untilMs);
      expect(sameState(emptiedState(merged, untilMs), all)).toBe(true);
      for (const sibling of merged.siblings)
        if (isEmptied(sibling)) {
          const known = [...a.siblings, ...b.siblings].filter(isEmptied);
          const isKnown = known.some(({ dot }) => sameDot(dot, sibling.dot));
          expect(isKnown || sibling.expiresAtMs <= untilMs).toBe(true);
        }
    }),
    parameters,
  );
});

test('what is emptied is dead since it expired, not since it was written', () => {
  const dot = { actor: 'a'.repeat(14), counter: 1 };
  const written = { dot, value: null, writtenAtMs: 1_000, expiresAtMs: 60_000, operation: '' };
  const state = { context: [dot], siblings: [written] };
  expect(isCollectable(state, { nowMs: 69_999, graceMs: 10_000 })).toBe(false);
  expect(isCollectable(state, { nowMs: 70_000, graceMs: 10_000 })).toBe(true);
});

test('two nodes whose clocks are as far apart as they may be: who drops first does so when nobody shows it', () => {
  const expiresAtMs = 1_000_000;
  const middleMs = expiresAtMs + limits.wallSkewMsMax;
  const ahead = middleMs + limits.wallSkewMsMax;
  const behind = middleMs - limits.wallSkewMsMax;
  expect(expiredForAllMs(ahead)).toBe(expiresAtMs);
  expect(behind).toBe(expiresAtMs);
});

test('a clock is agreed when those of most members are known', () => {
  expect(isClockAgreed(0, 1)).toBe(true);
  expect(isClockAgreed(0, 2)).toBe(false);
  expect(isClockAgreed(1, 2)).toBe(true);
  expect(isClockAgreed(0, 3)).toBe(false);
  expect(isClockAgreed(1, 3)).toBe(true);
  expect(isClockAgreed(1, 4)).toBe(false);
  expect(isClockAgreed(2, 5)).toBe(true);
});
