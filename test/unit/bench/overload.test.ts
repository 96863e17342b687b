import { describe, expect, test } from '@jest/globals';
import { settingsOf } from '../../bench/commands/growth.js';
import { recoveredAfterMs } from '../../bench/overload.js';

/** One interval of 500 ms each. */
function recovery(
  ...p99s: readonly (number | null)[]
): { readonly afterMs: number; readonly p99Ms: number | null }[] {
  return p99s.map((p99Ms, i) => ({ afterMs: (i + 1) * 500, p99Ms }));
}

describe('overload: when is p99 back to 10 ms', () => {
  test.each([
    ['never away', [9, 12, 15, 9], 0],
    ['the first two intervals are late', [900, 40, 12, 11, 10], 1_000],
    ['a lull is no recovery', [900, 10, 10, 500, 10, 10, 10], 2_000],
    ['nothing succeeds at first', [null, null, 10, 10, 10], 1_000],
    ['too short to tell', [900, 10, 10], null],
    ['never', [900, 900, 900, 900], null],
  ] as const)('%s', (_, p99s, expected) => {
    expect(recoveredAfterMs(recovery(...p99s), 10)).toBe(expected);
  });
});

describe('growth: what is set up', () => {
  test('large values have fewer keys', () => {
    const settings = settingsOf({ parts: ['sizes'], sizes: [256, 100_000], nodes: [3] });
    expect(settings.map(({ keys }) => keys)).toEqual([10_000, 2_000]);
  });

  test('1000 bytes on three nodes are in two parts, and measured once', () => {
    const settings = settingsOf({ parts: ['sizes', 'nodes'], sizes: [256, 1_000], nodes: [3, 5] });
    expect(settings).toHaveLength(3);
  });

  test('only the part with many keys kills a node', () => {
    const settings = settingsOf({ parts: ['keys', 'nodes'], sizes: [256], nodes: [3] });
    expect(settings.map(({ keys, kill }) => [keys, kill])).toEqual([
      [10_000, true],
      [1_000_000, true],
      [10_000, false],
    ]);
  });
});
