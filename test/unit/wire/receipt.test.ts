import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MalformedError } from '../../../src/errors.js';
import { receiptOf, receiptText } from '../../../src/wire/receipt.js';

describe('receipts as text', () => {
  test('W=2 of N=3, one fallback holds a hint', () => {
    const text = receiptText({
      kind: 'w',
      acked: 2,
      needed: 2,
      primaries: 1,
      fallbacks: 1,
      hints: 1,
      durability: { kind: 'sync' },
    });
    expect(text).toBe('w=2/2 primaries=1 fallbacks=1 hints=1 durability=sync');
  });

  test('every receipt survives the text (seed 7)', () => {
    const count = fc.nat({ max: 9 });
    const optional = {
      seenPartly: fc.constant(true),
      compared: fc.record({ nodes: count, strict: fc.boolean() }),
    };
    const always = {
      kind: fc.constantFrom('w' as const, 'r' as const),
      acked: count,
      needed: count,
      primaries: count,
      fallbacks: count,
      hints: count,
      durability: fc.oneof(
        fc.constant({ kind: 'sync' as const }),
        fc.record({ kind: fc.constant('periodic' as const), everyMs: fc.nat() }),
      ),
    };
    const receipt = fc.record(
      { ...always, ...optional },
      { requiredKeys: Object.keys(always) as (keyof typeof always)[] },
    );
    fc.assert(
      fc.property(receipt, (value) => {
        expect(receiptOf(receiptText(value))).toEqual(value);
      }),
      { seed: 7 },
    );
  });

  test('what a condition was compared with', () => {
    const receipt = receiptOf(
      'w=2/2 primaries=2 fallbacks=0 seen=partly compared=strict(3) durability=sync',
    );
    expect(receipt.compared).toEqual({ nodes: 3, strict: true });
  });

  test.each(['', 'w=2', 'x=1/1 primaries=1 fallbacks=0 durability=sync'])('refuses %j', (text) => {
    expect(() => receiptOf(text)).toThrow(MalformedError);
  });
});
