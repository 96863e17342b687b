import { expect, test } from '@jest/globals';
import { newHistogram } from '../../bench/load/recorder.js';
import { moveOf, movedOf, rowOf } from '../../bench/moving.js';

function sample(operations: number, elapsedMs: number, latencyMs: number) {
  const latencies = newHistogram();
  if (operations > 0) latencies.recordValueWithCount(latencyMs * 1000, operations);
  return { operations, elapsedMs, latencies, errors: { '503': 1 }, cpuMicros: 10 * operations };
}

test('windows add up to a phase, which is compared with the one before', () => {
  const before = rowOf('before', [sample(1_000, 1_000, 5)], undefined);
  expect(before).toMatchObject({ opsPerSecond: 1_000, throughputRatio: 1, p99Ratio: 1 });
  const during = rowOf('moving', [sample(500, 1_000, 5), sample(1_000, 1_000, 10)], before);
  expect(during).toMatchObject({ opsPerSecond: 750, seconds: 2, errors: 2, cpuMicrosPerOp: 10 });
  expect(during.throughputRatio).toBeCloseTo(0.75);
  expect(during.p99Ratio).toBeCloseTo(2, 1);
});

test('a move is over when nothing moves and all are owners', () => {
  const nodes = ['n1', 'n2', 'n3', 'n4'].map((name) => ({ name }));
  const three = [[0, 1, 2]];
  const four = [...three, [1, 2, 3]];
  expect(moveOf(undefined, 4).state).toBe('unknown');
  expect(moveOf({ nodes, groups: three }, 4).state).toBe('notYet');
  expect(
    moveOf(
      {
        nodes,
        groups: three,
        move: {
          moved: [
            [0, 3],
            [9, 9],
          ],
        },
      },
      4,
    ),
  ).toEqual({
    state: 'underWay',
    progress: '5 partitions have moved',
  });
  expect(moveOf({ nodes, groups: four }, 4).state).toBe('over');
});

test('what was sent by the share: 1 where each key went once', () => {
  const once = { 'transfer.bytes': 90_000, 'transfer.states': 90, 'exchange.bytes': 10_000 };
  const counters = { ...once, 'exchange.pulled': 10 };
  expect(movedOf(counters, 100)).toMatchObject({ shareBytes: 100_000, ratio: 1 });
  expect(movedOf({ ...counters, 'release.bytes': 20_000, 'release.pushed': 20 }, 100).ratio).toBe(
    1.2,
  );
  expect(movedOf({}, 0).ratio).toBe(0);
});
