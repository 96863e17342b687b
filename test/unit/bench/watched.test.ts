import { expect, test } from '@jest/globals';
import { newHistogram } from '../../bench/load/recorder.js';
import { reportOf } from '../../bench/watched.js';

/** A second of it. */
function sample(operations: number, serverMicrosPerOp: number) {
  const latencies = newHistogram();
  latencies.recordValueWithCount(2_000, operations);
  const clientCpuMicros = 7 * operations;
  const cpuMicros = clientCpuMicros + serverMicrosPerOp * operations;
  return { operations, elapsedMs: 1_000, latencies, errors: {}, cpuMicros, clientCpuMicros };
}

test('pairs are compared each with itself: what changed between them is no loss', () => {
  const unwatched = [sample(1_000, 100), sample(500, 100), sample(2_000, 100)];
  const watched = [sample(950, 110), sample(490, 120), sample(1_800, 105)];
  const told = { notes: 300, dropped: 0, unshown: 900 };
  const report = reportOf({ unwatched, watched }, told);
  expect(report).toMatchObject({ lostPercent: 5, lostSpread: 4 });
  expect(report).toMatchObject({ cpuMorePercent: 10, cpuMoreSpread: 7.5 });
  expect(report.rows).toMatchObject([
    { state: 'unwatched', opsPerSecond: 1_000, cpuMicrosPerOp: 100, notesPerSecond: 0 },
    { state: 'watched', opsPerSecond: 950, notesPerSecond: 100, unshownPerSecond: 300 },
  ]);
});
