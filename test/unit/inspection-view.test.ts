import { expect, test } from '@jest/globals';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import { plain } from '../../src/seams/inspection-view.js';

test('inspection: bytes, functions and instances are named, not shown', () => {
  class Store {
    readonly secret = 'value';
  }
  const shown = plain({
    count: 2,
    bytes: Buffer.from('secret'),
    store: new Store(),
    call: () => 'secret',
    error: new Error('why'),
    far: { away: { from: { here: 1 } } },
    list: Array.from({ length: 100 }, (_, i) => i),
    never: Infinity,
    nothing: undefined,
    said: 'x'.repeat(100_000),
  });
  expect(shown).toMatchObject({
    count: 2,
    bytes: '6 bytes',
    store: 'Store',
    error: 'why',
    far: { away: { from: '…' } },
    never: 'Infinity',
  });
  expect(shown).not.toHaveProperty('nothing');
  expect(JSON.stringify(shown)).not.toContain('secret');
  expect((shown as { list: unknown[] }).list).toHaveLength(32);
  expect((shown as { said: string }).said).toHaveLength(inspectionLimits.textCharsMax + 1);
});
