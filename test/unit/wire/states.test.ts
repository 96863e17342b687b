import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf } from '../../../actors/rules/actor.js';
import { limits } from '../../../actors/rules/limits.js';
import { covers, merge, type Dot } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../../src/errors.js';
import {
  decodeContext,
  decodeSeen,
  decodeState,
  encodeContext,
  encodedSeenBytes,
  encodedStateBytes,
  encodeSeen,
  encodeState,
} from '../../../src/wire/key-state-codec.js';
import { decodeBatch, encodeBatch } from '../../../src/wire/state-batch.js';
import { context, fullState, keyState, storageKey } from '../../support/key-states.js';

const parameters = { seed: 20_240_811, numRuns: 1_000 };

/** Returns what was decoded; undefined when it was refused as it should be. */
function decoded<T>(decode: (bytes: Buffer) => T, bytes: Buffer): T | undefined {
  try {
    return decode(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

describe('key states as bytes', () => {
  test('come back as they were, in the length foretold', () => {
    fc.assert(
      fc.property(fullState, (state) => {
        const bytes = encodeState(state);
        expect(bytes).toHaveLength(encodedStateBytes(state));
        expect(decodeState(bytes)).toEqual(state);
      }),
      { ...parameters, numRuns: 1_000 },
    );
  });

  test('equal states have equal bytes, however they were merged', () => {
    fc.assert(
      fc.property(keyState, keyState, (a, b) =>
        encodeState(merge(a, b)).equals(encodeState(merge(b, a))),
      ),
      parameters,
    );
  });

  test('contexts come back as they were', () => {
    fc.assert(
      fc.property(context, (claims) => {
        expect(decodeContext(encodeContext(claims))).toEqual(claims);
      }),
      { ...parameters, numRuns: 1_000 },
    );
  });

  test('cut anywhere, or with bytes behind: refused', () => {
    fc.assert(
      fc.property(fullState, (state) => {
        const bytes = encodeState(state);
        for (let end = 0; end < bytes.length; end++)
          if (decoded(decodeState, bytes.subarray(0, end)) !== undefined) return false;
        return decoded(decodeState, Buffer.concat([bytes, Buffer.alloc(1)])) === undefined;
      }),
      { ...parameters, numRuns: 150 },
    );
  });

  test('any one byte changed: refused, or another state whose bytes these are', () => {
    fc.assert(
      fc.property(fullState, fc.nat(), fc.nat(255), (state, at, byte) => {
        const bytes = encodeState(state);
        bytes[at % bytes.length] = byte;
        const other = decoded(decodeState, bytes);
        return other === undefined || encodeState(other).equals(bytes);
      }),
      { ...parameters, numRuns: 6_000 },
    );
  });

  test('garbage: refused, or a state whose bytes these are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        const bytes = Buffer.from(garbage);
        const state = decoded(decodeState, bytes);
        const claims = decoded(decodeContext, bytes);
        return (
          (state === undefined || encodeState(state).equals(bytes)) &&
          (claims === undefined || encodeContext(claims).equals(bytes))
        );
      }),
      { ...parameters, numRuns: 6_000 },
    );
  });

  const dot = { actor: '\0'.repeat(13) + '\x01', counter: 2 };
  const sibling = { dot, value: null, writtenAtMs: 1, expiresAtMs: 0, operation: '' };
  const other = { ...sibling, dot: { ...dot, counter: 1 } };
  test.each([
    ['a sibling its own context does not cover', [{ ...dot, counter: 1 }], [sibling]],
    ['siblings that do not ascend', [dot], [sibling, other]],
    ['a sibling twice', [dot], [other, other]],
    ['a time that is no number', [dot], [{ ...sibling, writtenAtMs: Number.NaN }]],
    ['an expiry before time began', [dot], [{ ...sibling, expiresAtMs: -1 }]],
    ['context entries that do not ascend', [dot, dot], []],
  ])('refused: %s', (_what, claims, siblings) => {
    expect(decodeState(encodeState({ context: [dot], siblings: [other, sibling] }))).toBeDefined();
    expect(() => decodeState(encodeState({ context: claims, siblings }))).toThrow(MalformedError);
  });
});

const entries = (count: number): Dot[] =>
  Array.from({ length: count }, (_, i) => ({
    actor: actorOf('00000000000000aa', i + 1),
    counter: 2,
  }));
const beside = (count: number): Dot[] =>
  Array.from({ length: count }, (_, i) => ({
    actor: actorOf('00000000000000bb', 1),
    counter: i + 2,
  }));

describe('what a client has seen', () => {
  test('comes back as it was; without dots beside it the bytes are those of its vector', () => {
    fc.assert(
      fc.property(context, context, (vector, others) => {
        const dots = others.filter((dot) => !covers(vector, dot));
        const bounded = [...vector, ...dots].every(
          ({ counter }) => counter <= limits.contextCounterMax,
        );
        const bytes = encodeSeen({ vector, dots });
        expect(bytes).toHaveLength(encodedSeenBytes({ vector, dots }));
        if (dots.length === 0) expect(bytes).toEqual(encodeContext(vector));
        expect(decoded(decodeSeen, bytes)).toEqual(bounded ? { vector, dots } : undefined);
      }),
      { ...parameters, numRuns: 2_000 },
    );
  });

  test('garbage: refused, or something whose bytes these are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (garbage) => {
        const bytes = Buffer.from(garbage);
        const seen = decoded(decodeSeen, bytes);
        return seen === undefined || encodeSeen(seen).equals(bytes);
      }),
      { ...parameters, numRuns: 6_000 },
    );
  });

  test('has a bound', () => {
    const most = { vector: entries(limits.contextEntriesMax), dots: beside(limits.siblingsMax) };
    expect(decodeSeen(encodeSeen(most))).toEqual(most);
    for (const more of [
      { ...most, vector: entries(limits.contextEntriesMax + 1) },
      { ...most, dots: beside(limits.siblingsMax + 1) },
      { vector: entries(30_000), dots: [] },
      { vector: [{ ...entries(1)[0]!, counter: 0xffff_ffff }], dots: [] },
    ])
      expect(() => decodeSeen(encodeSeen(more))).toThrow(MalformedError);
  });

  test.each([
    ['dots that do not ascend', entries(1), beside(2).toReversed()],
    ['a dot twice', entries(1), [beside(1)[0]!, beside(1)[0]!]],
    ['a dot the vector covers', entries(1), entries(1)],
  ])('refused: %s', (_what, vector, dots) => {
    expect(() => decodeSeen(encodeSeen({ vector, dots }))).toThrow(MalformedError);
  });
});

describe('batches', () => {
  const batch = fc.array(
    fc.record({ key: storageKey, bytes: fullState.map((state) => encodeState(state)) }),
    { maxLength: 5 },
  );

  test('come back as they were', () => {
    fc.assert(
      fc.property(batch, (records) => {
        expect(decodeBatch(encodeBatch(records))).toEqual(records);
      }),
      { ...parameters, numRuns: 500 },
    );
  });

  test('cut anywhere, or with bytes behind: refused', () => {
    fc.assert(
      fc.property(batch, (records) => {
        const bytes = encodeBatch(records);
        for (let end = 0; end < bytes.length; end += 1 + (bytes.length >> 8))
          if (decoded(decodeBatch, bytes.subarray(0, end)) !== undefined) return false;
        return decoded(decodeBatch, Buffer.concat([bytes, Buffer.alloc(1)])) === undefined;
      }),
      { ...parameters, numRuns: 200 },
    );
  });

  test('any one byte changed: refused, or another batch whose bytes these are', () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.nat(255), (records, at, byte) => {
        const bytes = encodeBatch(records);
        bytes[at % bytes.length] = byte;
        const others = decoded(decodeBatch, bytes);
        return others === undefined || encodeBatch(others).equals(bytes);
      }),
      { ...parameters, numRuns: 2_000 },
    );
  });

  test('a count of four billion records in four bytes: refused before anything is allocated', () => {
    expect(() => decodeBatch(Buffer.from([255, 255, 255, 255]))).toThrow(MalformedError);
  });
});
