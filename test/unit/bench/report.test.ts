import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Measured } from '../../bench/compare.js';
import { newHistogram } from '../../bench/load/recorder.js';
import type { Contender } from '../../bench/plan.js';
import { niceCeiling, plotOf } from '../../bench/report/plot.js';
import { rowOf, type Row } from '../../bench/report/rows.js';
import { medianOf, medianOfKnown, spreadPercentOf } from '../../bench/report/statistics.js';
import { tableHead, tableOf } from '../../bench/report/table.js';
import type { Sample } from '../../bench/stage.js';

const own: Contender = { system: 'quorate', w: 2, r: 2, durability: 'sync' };
const peer: Contender = { system: 'redis', w: 1, r: 1, durability: 'sync' };

function sample(operations: number, latencyMs: number, usage: Partial<Sample> = {}): Sample {
  const latencies = newHistogram();
  for (let i = 0; i < operations; i++) latencies.recordValue(latencyMs * 1000);
  return {
    operations,
    latencies,
    errors: {},
    elapsedMs: 500,
    intervals: [],
    cpuMicros: 100 * operations,
    clientCpuMicros: 40 * operations,
    natsCpuMicros: 10 * operations,
    wireBytes: 3000 * operations,
    fsyncs: operations / 4,
    residentBytes: 2 ** 20,
    serverResidentBytes: 2 ** 19,
    ...usage,
  };
}

function measured(contender: Contender, inFlight: number, samples: readonly Sample[]): Measured {
  const load = { kind: 'closed', inFlight } as const;
  const cell = { workload: 'put', valueBytes: 1000, load, contenders: [own, peer] } as const;
  return { contender, cell, samples };
}

describe('statistics', () => {
  test('the median has as many values on either side', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 30 }), (values) => {
        const median = medianOf(values);
        const half = values.length / 2;
        expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(half);
        expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(half);
      }),
      { seed: 1 },
    );
  });

  test('the spread of 90, 100, 110 is 10 %', () => {
    expect(spreadPercentOf([100, 90, 110])).toBe(10);
    expect(spreadPercentOf([0, 0])).toBe(0);
  });

  test('what one repetition does not know, nobody knows', () => {
    expect(medianOfKnown([1, undefined, 3])).toBeNull();
    expect(medianOfKnown([1, 2, 3])).toBe(2);
  });
});

describe('rows', () => {
  test('medians over repetitions, per operation, with the spread', () => {
    const samples = [sample(100, 2), sample(120, 4), sample(80, 3)];
    expect(rowOf(measured(own, 64, samples))).toEqual({
      system: 'quorate',
      workload: 'put',
      valueBytes: 1000,
      inFlight: 64,
      ratePerSecond: null,
      w: 2,
      r: 2,
      durability: 'sync',
      opsPerSecond: 200,
      p50Ms: expect.closeTo(3, 1),
      p99Ms: expect.closeTo(3, 1),
      p999Ms: expect.closeTo(3, 1),
      cpuMicrosPerOp: 100,
      serverCpuMicrosPerOp: 60,
      natsCpuMicrosPerOp: 10,
      wireBytesPerOp: 3000,
      fsyncsPerOp: 0.25,
      residentMb: 1,
      opsPerSecondMin: 160,
      opsPerSecondMax: 240,
      spreadPercent: 20,
      repetitions: 3,
      errors: 0,
      errorsByCode: {},
    });
  });

  test('errors of all repetitions, by code', () => {
    const samples = [
      sample(10, 1, { errors: { 429: 3 } }),
      sample(10, 1, { errors: { 429: 2, TIMEOUT: 1 } }),
    ];
    expect(rowOf(measured(own, 1, samples))).toMatchObject({
      errors: 6,
      errorsByCode: { 429: 5, TIMEOUT: 1 },
    });
  });
});

describe('table', () => {
  const rows = [
    rowOf(measured(own, 64, [sample(100, 2)])),
    rowOf(measured(peer, 64, [sample(50, 4, { fsyncs: undefined, errors: { 429: 7 } })])),
  ];

  test('a line each, errors behind it, and the ratio below', () => {
    const [first, second, ratio] = tableOf(rows).split('\n');
    expect(first).toContain('quorate W2 R2 sync');
    expect(second).toContain('429 × 7');
    expect(second).toContain('?');
    expect(ratio!.split(/\s+/).filter((word) => word.endsWith('x'))).toEqual([
      '2.00x',
      '0.50x',
      '0.50x',
      '0.50x',
      '1.00x',
      '1.00x',
      '1.00x',
      '1.00x',
    ]);
  });

  test('columns stand below their heads', () => {
    const line = tableOf(rows.slice(0, 1));
    expect(line).toHaveLength(tableHead().length);
  });
});

describe('plot', () => {
  const rows: Row[] = [1, 16, 256].flatMap((inFlight) => [
    rowOf(measured(own, inFlight, [sample(10 * inFlight, inFlight)])),
    rowOf(measured(peer, inFlight, [sample(5 * inFlight, 2 * inFlight)])),
  ]);

  test('one line a contender, one point a row, all within the picture', () => {
    const svg = plotOf(rows);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    const points = [...svg.matchAll(/<circle cx="([\d.-]+)" cy="([\d.-]+)" r="3"/g)];
    expect(points).toHaveLength(rows.length);
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
    for (const [, x, y] of points) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(width!);
      expect(Number(y)).toBeGreaterThan(0);
      expect(Number(y)).toBeLessThan(height!);
    }
  });

  test('every element is closed, and no number is none', () => {
    const svg = plotOf(rows);
    const open: string[] = [];
    for (const [, slash, name, end] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (slash === '/') expect(open.pop()).toBe(name);
      else if (end !== '/') open.push(name!);
    }
    expect(open).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('no rows: an empty picture', () => {
    expect(plotOf([])).toContain('</svg>');
  });

  test('an axis ends at a short number, not far above the highest value', () => {
    expect([1, 1.1, 3, 6, 10, 12_345].map(niceCeiling)).toEqual([1, 1.2, 3, 6, 10, 16_000]);
  });
});
