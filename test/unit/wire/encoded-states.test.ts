import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { digestOf, merge } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../../src/errors.js';
import { checkedDigest, replaces, spanOf } from '../../../src/wire/encoded-states.js';
import { decodeState, encodeState } from '../../../src/wire/key-state-codec.js';
import { fullState, keyState } from '../../support/key-states.js';

const parameters = { seed: 20_261_122, numRuns: 3_000 };

function outcomeOf(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return 'malformed';
    throw error;
  }
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
  return replaces(spanOf(newer), spanOf(older));
}

describe('key states compared as bytes', () => {
  test('the digest is the one of the state; one byte changed, or cut: refused exactly where decoding refuses', () => {
    fc.assert(
      fc.property(fullState, fc.nat(), fc.nat(255), fc.boolean(), (state, at, byte, isCut) => {
        const whole = encodeState(state);
        expect(checkedDigest(spanOf(whole))).toEqual(digestOf(state));
        const bytes = isCut ? whole.subarray(0, at % whole.length) : Buffer.from(whole);
        if (!isCut) bytes[at % bytes.length] = byte;
        const source = Buffer.concat([Buffer.alloc(at % 7, 0xff), bytes, Buffer.alloc(3, byte)]);
        const span = { source, start: at % 7, length: bytes.length };
        expect(outcomeOf(() => checkedDigest(span))).toEqual(
          outcomeOf(() => digestOf(decodeState(bytes))),
        );
      }),
      { ...parameters, numRuns: 6_000 },
    );
  });

  test('garbage: refused exactly where decoding refuses it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (garbage) => {
        const bytes = Buffer.from(garbage);
        expect(outcomeOf(() => checkedDigest(spanOf(bytes)))).toEqual(
          outcomeOf(() => digestOf(decodeState(bytes))),
        );
      }),
      { ...parameters, numRuns: 6_000 },
    );
  });

  test('a state that replaces another is what merging the two gives', () => {
    let replaced = 0;
    fc.assert(
      fc.property(keyState, keyState, (a, b) => {
        // Merging makes one that has seen the other more likely than chance does.
        for (const newer of [a, merge(a, b)]) {
          if (!replaces(spanOf(encodeState(newer)), spanOf(encodeState(b)))) continue;
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
