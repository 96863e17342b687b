import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Slot } from '../../../src/store/memtable.js';
import { SlotIndex } from '../../../src/store/slot-index.js';
import { keyNamed } from '../../support/store-process.js';

const seed = 20_261_123;

test('whatever the hashes, also fifty keys with the same one: every key that was added has its slot, and no other has one', () => {
  const hash = fc.oneof(
    fc.constantFrom(0, -1, 7),
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  );
  const hashes = fc.array(hash, { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(hashes, fc.integer({ min: 0, max: 3000 }), (chosen, count) => {
      const index = new SlotIndex();
      const hashOf = (i: number): number => (chosen[i % chosen.length]! + Math.floor(i / 50)) | 0;
      const slots = Array.from({ length: count }, (_, i) => new Slot(keyNamed(`${i}`), undefined));
      for (const [i, slot] of slots.entries()) {
        expect(index.find(slot.key, hashOf(i))).toBeUndefined();
        index.add(slot, hashOf(i));
      }
      index.touch(Int32Array.from(slots, (_, i) => hashOf(i)));
      for (const [i, slot] of slots.entries())
        if (index.find(slot.key, hashOf(i)) !== slot) throw new Error(`${i} of ${count} is lost`);
      expect(index.find(keyNamed('absent'), hashOf(0))).toBeUndefined();
    }),
    { seed, numRuns: 40 },
  );
});
