import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { digestOf, merge } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../../src/errors.js';
import { EncodedState, stateIn } from '../../../src/wire/encoded-state.js';
import {
  decodeContext,
  decodeState,
  encodeContext,
  encodeState,
} from '../../../src/wire/key-state-codec.js';
import { loneValueOf } from '../../../src/wire/lone-value.js';
import { replaces } from '../../../src/wire/replacing-state.js';
import { fullState, keyState, manifest, mutated, statePieces } from '../../support/key-states.js';
import { plainlyDecoded, plainlyDecodedContext } from '../../support/plain-decoder.js';

const parameters = { seed: 20_261_122, numRuns: 3_000 };

const malformed = 'malformed';

function outcomeOf<T>(read: () => T): T | typeof malformed {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return malformed;
    throw error;
  }
}

/**
 * Throws unless all that reads encoded states says of these bytes what the plain decoder does;
 * returns whether they are one.
 */
function agreeOn(bytes: Buffer, before = 0): boolean {
  const state = outcomeOf(() => plainlyDecoded(bytes));
  const context = outcomeOf(() => plainlyDecodedContext(bytes));
  const source = Buffer.concat([Buffer.alloc(before, 0xff), bytes, Buffer.alloc(3, before)]);
  const inside = new EncodedState(source, before, bytes.length);
  const isWhole = state !== malformed;
  same(
    outcomeOf(() => inside.check()),
    isWhole ? undefined : malformed,
  );
  same(
    outcomeOf(() => inside.decode()),
    state,
  );
  same(
    outcomeOf(() => decodeState(bytes)),
    state,
  );
  same(
    outcomeOf(() => inside.checkedDigest()),
    isWhole ? digestOf(state) : malformed,
  );
  same(
    outcomeOf(() => decodeContext(bytes)),
    context,
  );
  if (isWhole) same(encodeState(state), bytes);
  if (context !== malformed) same(encodeContext(context), bytes);
  return isWhole;
}

/** Of thousands of values: `expect` would take most of the time. */
function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

/** The state of a key with one value, by an author who had seen `seen`. */
function write(
  by: string,
  counter: number,
  seen: readonly { readonly actor: string; readonly counter: number }[],
): Buffer {
  const dot = { actor: by, counter };
  return encodeState({
    context: [...seen, dot].sort((a, b) => (a.actor < b.actor ? -1 : 1)),
    siblings: [{ dot, value: Buffer.from('v'), writtenAtMs: 1, expiresAtMs: 0, operation: '' }],
  });
}

function doesReplace(newer: Buffer, older: Buffer): boolean {
  return replaces(stateIn(newer), stateIn(older));
}

describe('manifests in key states', () => {
  const dot = { actor: '\0'.repeat(13) + '\x01', counter: 1 };
  const stateOf = (value: Uint8Array, manifest: boolean): Buffer =>
    encodeState({
      context: [dot],
      siblings: [
        {
          dot,
          value,
          writtenAtMs: 1,
          expiresAtMs: 0,
          operation: '',
          ...(manifest ? { manifest } : {}),
        },
      ],
    });

  test('a sibling says whether its value is one; the same bytes of a client are none', () => {
    fc.assert(
      fc.property(manifest, (value) => {
        for (const isManifest of [true, false]) {
          const state = stateIn(stateOf(value, isManifest));
          const at = state.firstSibling;
          expect(state.isManifest(at)).toBe(isManifest);
          expect(state.value(at)).toEqual(value);
          expect(state.plainValue(at)).toEqual(isManifest ? undefined : value);
          expect(loneValueOf(state, 0)).toEqual(isManifest ? undefined : value);
          expect(state.decode().siblings[0]!.manifest).toBe(isManifest || undefined);
        }
      }),
      { ...parameters, numRuns: 200 },
    );
  });

  test('what says that it is one and is not is refused', () => {
    const bytes = stateOf(Buffer.from('no manifest'), true);
    expect(() => stateIn(bytes).check()).toThrow(MalformedError);
    expect(() => plainlyDecoded(bytes)).toThrow(MalformedError);
  });
});

describe('key states compared as bytes', () => {
  test('the digest is the one of the state', () => {
    fc.assert(
      fc.property(fullState, (state) => {
        expect(stateIn(encodeState(state)).checkedDigest()).toEqual(digestOf(state));
      }),
      { ...parameters, numRuns: 1_000 },
    );
  });

  test('one byte changed, or cut: refused exactly where plain decoding refuses', () => {
    const seen = { whole: 0, refused: 0 };
    fc.assert(
      fc.property(fullState, fc.nat(), fc.nat(255), fc.boolean(), (state, at, byte, isCut) => {
        const whole = encodeState(state);
        const bytes = isCut ? whole.subarray(0, at % whole.length) : Buffer.from(whole);
        if (!isCut) bytes[at % bytes.length] = byte;
        seen[agreeOn(bytes, at % 7) ? 'whole' : 'refused']++;
      }),
      { ...parameters, numRuns: 6_000 },
    );
    expect(Math.min(seen.whole, seen.refused)).toBeGreaterThan(1_000);
  });

  test('bytes taken out, put in, moved and changed at several places: the same', () => {
    const seen = { whole: 0, refused: 0 };
    fc.assert(
      fc.property(mutated(fullState.map(encodeState)), fc.nat(6), (bytes, before) => {
        seen[agreeOn(bytes, before) ? 'whole' : 'refused']++;
      }),
      { ...parameters, numRuns: 3_000 },
    );
    expect(Math.min(seen.whole, seen.refused)).toBeGreaterThan(250);
  });

  test('garbage, and pieces that states are made of in any order: the same', () => {
    const seen = { whole: 0, refused: 0 };
    const garbage = fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(garbage, statePieces), (bytes) => {
        seen[agreeOn(bytes) ? 'whole' : 'refused']++;
      }),
      { ...parameters, numRuns: 6_000 },
    );
    expect(seen.whole).toBeGreaterThan(100);
  });

  test('a state that replaces another is what merging the two gives', () => {
    let replaced = 0;
    fc.assert(
      fc.property(keyState, keyState, (a, b) => {
        // Merging makes one that has seen the other more likely than chance does.
        for (const newer of [a, merge(a, b)]) {
          if (!replaces(stateIn(encodeState(newer)), stateIn(encodeState(b)))) continue;
          replaced++;
          expect(merge(b, newer)).toEqual(newer);
        }
      }),
      parameters,
    );
    expect(replaced).toBeGreaterThan(100);
  });

  test('a later write of the same actor replaces; a concurrent one, or one already covered, does not', () => {
    const actor = '\0'.repeat(13) + '\x01';
    const other = '\0'.repeat(13) + '\x02';
    const first = write(actor, 1, []);
    expect(doesReplace(write(actor, 2, []), first)).toBe(true);
    expect(doesReplace(write(other, 1, [{ actor, counter: 1 }]), first)).toBe(true);
    expect(doesReplace(write(other, 1, []), first)).toBe(false);
    expect(doesReplace(first, write(actor, 2, []))).toBe(false);
    // It has seen more, but its sibling was covered there long ago.
    const dropped = write(actor, 1, [{ actor: other, counter: 3 }]);
    expect(doesReplace(dropped, write(other, 2, [{ actor, counter: 1 }]))).toBe(false);
  });
});
