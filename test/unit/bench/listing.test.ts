import { expect, test } from '@jest/globals';
import { peer, rowsOf } from '../../bench/listing.js';

test('each way is compared with the peer, by the medians', () => {
  const took = new Map([
    ['Quorate, keys()', [30, 10, 20]],
    [peer, [200, 100, 90]],
  ]);
  expect(rowsOf(took, 1_000)).toMatchObject([
    { way: 'Quorate, keys()', tookMs: 20, keysPerSecond: 50_000, ratio: 0.2 },
    { way: peer, tookMs: 100, keysPerSecond: 10_000, ratio: 1 },
  ]);
});
