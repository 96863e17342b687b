import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz.js';

test('no message ends a node, and none takes what others have stored', async () => {
  const report = await fuzz({ seed: '1', cases: 6_000, say: () => undefined });
  // Puts, gets, deletes, frames, the ring, the status, the services protocol; and every verb of the
  // nodes.
  expect(report.sorts).toBeGreaterThanOrEqual(10);
  expect(report).toMatchObject({ deaths: [], damage: [] });
}, 300_000);
