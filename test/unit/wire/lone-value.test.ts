import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { valuesOf } from '../../../actors/rules/view.js';
import { stateIn } from '../../../src/wire/encoded-state.js';
import { encodeState } from '../../../src/wire/key-state-codec.js';
import { loneValueOf } from '../../../src/wire/lone-value.js';
import { fullState } from '../../support/key-states.js';

test('the lone value is what a get of the decoded state would show, and is given for no other state', () => {
  const seen = { lone: 0, other: 0 };
  fc.assert(
    fc.property(fullState, fc.double({ min: 0, max: 2e12, noNaN: true }), (state, nowMs) => {
      const bytes = encodeState(state);
      const lone = loneValueOf(stateIn(bytes), nowMs);
      const values = valuesOf(state, { conflict: 'siblings', nowMs });
      const isManifest = state.siblings[0]?.manifest === true;
      if (state.siblings.length === 1 && values.length === 1 && !isManifest) {
        seen.lone++;
        expect(lone).toEqual(Buffer.from(values[0]!));
      } else {
        seen.other++;
        expect(lone).toBeUndefined();
      }
    }),
    { seed: 20_261_123, numRuns: 3_000 },
  );
  expect(seen.lone).toBeGreaterThan(100);
  expect(seen.other).toBeGreaterThan(100);
});
