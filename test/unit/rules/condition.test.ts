import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf } from '../../../actors/rules/actor.js';
import { unmetOf, type Asked } from '../../../actors/rules/condition.js';
import {
  emptyState,
  merge,
  mint,
  nothingSeen,
  seenAll,
  type KeyState,
  type SeenContext,
} from '../../../actors/rules/versions.js';
import { valuesOf } from '../../../actors/rules/view.js';
import { keyState } from '../../support/key-states.js';

const nowMs = 1_000;
const siblings = { conflict: 'siblings', nowMs } as const;
const absent: Asked = { condition: 'absent', seen: undefined, askedMs: undefined };
const given = (seen: SeenContext): Asked => ({ condition: 'context', seen, askedMs: undefined });

interface Put {
  readonly value?: string | null;
  readonly seen?: SeenContext;
  readonly by?: string;
  readonly writtenAtMs?: number;
  readonly expiresAtMs?: number;
  readonly operation?: string;
}

function put(local: KeyState, by: Put = {}): KeyState {
  const { value = 'v', seen, writtenAtMs = 10, expiresAtMs = 0, operation = '' } = by;
  return mint({
    local,
    seen,
    actor: actorOf((by.by ?? 'a').repeat(16), 1),
    value: value === null ? null : Buffer.from(value),
    writtenAtMs,
    expiresAtMs,
    operation,
  });
}

const first = put(emptyState);
const beside = put(first, { by: 'b', value: 'w', seen: nothingSeen });

describe('absent', () => {
  test.each([
    ['nothing was ever there', emptyState, undefined],
    ['a value', first, 'present'],
    ['values in conflict', beside, 'present'],
    ['a delete', put(first, { value: null }), undefined],
    ['a delete beside a value', put(first, { value: null, seen: nothingSeen }), 'present'],
    ['a value that lives', put(emptyState, { expiresAtMs: nowMs + 1 }), 'present'],
    ['one that has expired', put(emptyState, { expiresAtMs: nowMs }), undefined],
  ])('%s', (_what, state, unmet) => {
    expect(unmetOf(absent, state, siblings)).toBe(unmet);
  });

  test('it is met exactly where a get shows nothing (seed 3)', () => {
    fc.assert(
      fc.property(keyState, fc.boolean(), (state, isLast) => {
        const how = { conflict: isLast ? 'last-writer-wins' : 'siblings', nowMs } as const;
        const isMet = unmetOf(absent, state, how) === undefined;
        expect(isMet).toBe(valuesOf(state, how).length === 0);
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });

  test('a later copy is not done where somebody deleted since its author first asked', () => {
    const deleted = put(first, { value: null, writtenAtMs: 50 });
    expect(unmetOf({ ...absent, askedMs: 49 }, deleted, siblings)).toBe('writtenSince');
    expect(unmetOf({ ...absent, askedMs: 50 }, deleted, siblings)).toBeUndefined();
  });
});

describe('context', () => {
  test.each([
    ['nothing was ever there', emptyState, nothingSeen, 'gone'],
    ['what it has seen', first, seenAll(first.context), undefined],
    ['what it has not seen', first, nothingSeen, 'unseen'],
    ['one of two values', beside, seenAll(first.context), 'unseen'],
    ['both of two values', beside, seenAll(beside.context), undefined],
    ['a later one', put(first), seenAll(first.context), 'unseen'],
    ['a delete', put(first, { value: null }), seenAll(put(first).context), 'gone'],
    ['one that has expired', put(emptyState, { expiresAtMs: 9 }), seenAll(first.context), 'gone'],
  ])('%s', (_what, state, seen, unmet) => {
    expect(unmetOf(given(seen), state, siblings)).toBe(unmet);
  });

  test('a delete beside a value must be seen as well', () => {
    const deleted = put(first, { value: null, by: 'b', seen: nothingSeen });
    expect(unmetOf(given(seenAll(first.context)), deleted, siblings)).toBe('unseen');
    expect(unmetOf(given(seenAll(deleted.context)), deleted, siblings)).toBeUndefined();
  });

  test('two dots of one put are one: its author has seen one of them', () => {
    const twice = merge(
      put(emptyState, { operation: 'o' }),
      put(emptyState, { operation: 'o', by: 'b' }),
    );
    const one: SeenContext = { vector: [], dots: [twice.siblings[0]!.dot] };
    expect(unmetOf(given(one), twice, siblings)).toBeUndefined();
  });

  test('where the last writer wins only the last is looked at', () => {
    const last = put(first, { by: 'b', seen: nothingSeen, writtenAtMs: 20 });
    const ofLast: SeenContext = {
      vector: [],
      dots: [{ actor: actorOf('b'.repeat(16), 1), counter: 1 }],
    };
    const how = { conflict: 'last-writer-wins', nowMs } as const;
    expect(unmetOf(given(ofLast), last, how)).toBeUndefined();
    expect(unmetOf(given(ofLast), last, siblings)).toBe('unseen');
    expect(unmetOf(given(seenAll(first.context)), last, how)).toBe('unseen');
  });

  test('who has seen all that is shown, and nothing else, passes (seed 5)', () => {
    fc.assert(
      fc.property(keyState, (state) => {
        const isShown = valuesOf(state, siblings).length > 0;
        expect(unmetOf(given(seenAll(state.context)), state, siblings)).toBe(
          isShown ? undefined : 'gone',
        );
        if (isShown) expect(unmetOf(given(nothingSeen), state, siblings)).toBe('unseen');
      }),
      { seed: 5, numRuns: 2_000 },
    );
  });
});
