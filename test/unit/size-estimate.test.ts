import { expect, test } from '@jest/globals';
import { sizeEstimate } from '../../src/membership/size-estimate.js';

const keys = [10, 0, 30, 99];
const sizes = {
  keysOf: (partition: number): number => keys[partition]!,
  sample: (partition: number): number[] => (partition === 0 ? [100, 200] : [300]),
};

test('what is held is counted by its keys, what is not is taken to be like it', () => {
  const { bytes, seen } = sizeEstimate(sizes, 4, (partition) => partition < 3);
  expect(seen).toEqual({ partitionsHeld: 3, keysHeld: 40, keysSampled: 3, bytesPerKey: 200 });
  expect(bytes).toEqual([2000, 0, 6000, Math.round((40 / 3) * 200)]);
});

test('a node that holds nothing has no idea, and says so', () => {
  const { bytes, seen } = sizeEstimate(sizes, 4, () => false);
  expect(seen).toEqual({ partitionsHeld: 0, keysHeld: 0, keysSampled: 0, bytesPerKey: 0 });
  expect(bytes).toEqual([0, 0, 0, 0]);
});
