import { expect, test } from '@jest/globals';
import { storeLimits } from '../../../actors/rules/limits/store.js';
import { SliceBlock } from '../../../src/store/slice-block.js';

const { flushSliceBytesMax, sliceBlockBytesMax } = storeLimits;

test('what is taken of one slice never overlaps, whatever its sizes', () => {
  const block = new SliceBlock();
  for (let slice = 0; slice < 3; slice++) {
    block.begin();
    const sizes = [100, flushSliceBytesMax, 7, 2 * flushSliceBytesMax, sliceBlockBytesMax + 1, 9];
    const taken = sizes.map((bytes, i) => block.take(bytes).fill(i));
    expect(taken.map(({ length }) => length)).toEqual(sizes);
    taken.forEach((bytes, i) => expect(bytes.every((byte) => byte === i)).toBe(true));
  }
});

test('the memory of a slice of large records is used for the next one; of what is larger, none', () => {
  const block = new SliceBlock();
  const first = block.take(sliceBlockBytesMax);
  block.begin();
  expect(block.take(sliceBlockBytesMax).buffer).toBe(first.buffer);
  block.begin();
  expect(block.take(sliceBlockBytesMax + 1).buffer).not.toBe(first.buffer);
  block.begin();
  expect(block.take(1).buffer).toBe(first.buffer);
});
