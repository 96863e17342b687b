import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { shownValue } from '../../../src/wire/shown-bytes.js';

const { valueBytesMax } = insightLimits;

test('text is cut between two characters, and stays text', () => {
  for (const character of ['a', 'é', '€', '😀'])
    for (const before of ['', 'x', 'xx', 'xxx']) {
      const shown = shownValue(Buffer.from(before + character.repeat(100)));
      expect(shown).toMatch(new RegExp(`^${before}(?:${character})+…$`, 'u'));
      expect(Buffer.from(shown).length).toBeGreaterThan(valueBytesMax - 4);
    }
});

test('what is no text is shown in digits, and nothing is longer than so many bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3 * valueBytesMax }), (bytes) => {
      const shown = shownValue(bytes);
      expect(shown.endsWith('…')).toBe(bytes.length > valueBytesMax || isDots(bytes));
      expect(shown.length).toBeLessThanOrEqual(2 * valueBytesMax + 1);
    }),
  );
  expect(shownValue(Buffer.alloc(100, 0x80))).toMatch(/^(?:80)+…$/);
  expect(shownValue(Buffer.from('ff00', 'hex'))).toBe('ff00');
});

function isDots(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).toString().endsWith('…');
}
