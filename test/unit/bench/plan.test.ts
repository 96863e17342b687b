import { describe, expect, test } from '@jest/globals';
import { planOf } from '../../bench/commands/compare.js';
import { clusterOf, contendersOf, distinctContenders, baseAxes } from '../../bench/plan.js';

const directory = '/nowhere';
/** Between two runs, and for the sync before each. */
const pauseMs = 100;

function durationMs(plan: ReturnType<typeof planOf>): number {
  const { cells, repetitions, warmUpMs, measureMs, heatMs } = plan;
  const runs = cells.reduce((sum, cell) => sum + cell.contenders.length, 0) * repetitions;
  const clusters = new Set(distinctContenders(cells).map(clusterOf)).size;
  return runs * (warmUpMs + measureMs + pauseMs) + clusters * heatMs;
}

describe('plans', () => {
  test('--quick takes less than two minutes', () => {
    expect(durationMs(planOf({ directory, quick: true }))).toBeLessThan(110_000);
  });

  test('without flags: everybody, every workload, every load', () => {
    const { cells } = planOf({ directory });
    expect(new Set(cells.map(({ workload }) => workload)).size).toBe(9);
    const names = new Set(distinctContenders(cells).map(({ system }) => system));
    expect([...names]).toEqual(['quorate', 'jetstream-kv-r3', 'jetstream-kv-r1', 'redis']);
    const loads = cells.flatMap(({ load }) => (load.kind === 'closed' ? [load.inFlight] : []));
    expect([...new Set(loads)]).toEqual([1, 16, 64, 256, 1024]);
  });

  test('one flag: what it says, crossed with the usual', () => {
    const plan = planOf({ directory, workloads: ['put'], sizes: [1000], inFlight: [256] });
    expect(plan.cells).toHaveLength(1);
    expect(plan.cells[0]!.contenders.map(({ system }) => system)).toEqual([
      'quorate',
      'jetstream-kv-r3',
    ]);
  });

  test('a rate makes an open loop', () => {
    const { cells } = planOf({ directory, workloads: ['get'], sizes: [1], rate: [500] });
    expect(cells.map(({ load }) => load)).toEqual([{ kind: 'open', ratePerSecond: 500 }]);
  });

  test.each([
    ['put', 6],
    ['get', 2],
    ['50/50', 12],
  ] as const)(
    'W=1,2,3 × R=1,2 × sync, periodic on %s: %i of Quorate, one peer',
    (workload, own) => {
      const contenders = contendersOf(
        { ...baseAxes, w: [1, 2, 3], r: [1, 2], durabilities: ['sync', 'periodic:100'] },
        workload,
      );
      expect(contenders.filter(({ system }) => system === 'quorate')).toHaveLength(own);
      expect(contenders.filter(({ system }) => system !== 'quorate')).toHaveLength(1);
    },
  );
});
