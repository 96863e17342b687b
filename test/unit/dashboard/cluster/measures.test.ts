/** What is measured of nodes: by made-up statuses, and by those of nodes that run. */
import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { assert, array, integer, property } from 'fast-check';
import { clusterViewLimits } from '../../../../actors/rules/limits/cluster-view.js';
import { BoundedList } from '../../../../src/dashboard/page/bounded-list.js';
import { measures, quantileOf } from '../../../../src/dashboard/page/parts/measures.js';
import { SeriesBook } from '../../../../src/dashboard/page/views/cluster/series-book.js';
import type { ClusterPicture, StatusPicture } from '../../../../src/dashboard/wire.js';
import { durationsMs, Histogram } from '../../../../src/seams/metrics.js';
import { idOf, nodeWith, pictureWith, statusWith } from '../../../support/cluster-pictures.js';
import { NodeWorld } from '../../../support/node-world.js';

function measured(name: string, before: StatusPicture | undefined, now: StatusPicture) {
  return measures.find((measure) => measure.name === name)!.of(before, now);
}

function reading(values: readonly number[]) {
  const histogram = new Histogram(durationsMs);
  for (const value of values) histogram.observe(value);
  const { upTo, counts, sum } = histogram;
  return { upTo, counts, sum };
}

const counted = (uptimeMs: number, puts: number, gets: number, pid = 1): StatusPicture =>
  statusWith('n1', {
    uptimeMs,
    pid,
    counters: { 'coordinator.puts': puts, 'coordinator.gets': gets },
  });

const answered = (uptimeMs: number, values: readonly number[]): StatusPicture =>
  statusWith('n1', { uptimeMs, histograms: { 'api.answerMs': reading(values) } });

describe('measures', () => {
  test('counters: what was added, a second of the time of the node', () => {
    expect(measured('throughput', counted(1_000, 10, 5), counted(3_000, 30, 15))).toBe(15);
  });

  test('nothing is said of the time before the first status, and of that around a restart', () => {
    expect(measured('throughput', undefined, counted(1_000, 10, 5))).toBeNull();
    expect(measured('throughput', counted(9_000, 10, 5), counted(500, 3, 1, 2))).toBeNull();
    expect(measured('throughput', counted(9_000, 10, 5), counted(9_500, 3, 1, 2))).toBeNull();
    expect(measured('throughput', counted(9_000, 10, 5), counted(9_000, 10, 5))).toBeNull();
  });

  test('a node that has not read its disk has no counters: nothing is said', () => {
    const [before, now] = [statusWith('n1'), statusWith('n1', { uptimeMs: 2_000 })];
    for (const { name, of } of measures)
      expect([name, of(before, now)]).toEqual([
        name,
        name === 'keys' || name === 'hints' ? 0 : null,
      ]);
  });

  test('quantiles: of what came between two statuses alone', () => {
    const early = Array.from({ length: 1_000 }, () => 900);
    const late = Array.from({ length: 100 }, () => 3);
    const [before, now] = [answered(1_000, early), answered(2_000, [...early, ...late])];
    expect(measured('p50', before, now)).toBe(3);
    expect(measured('p99', before, now)).toBeCloseTo(3.98);
    expect(measured('p99', now, answered(3_000, [...early, ...late]))).toBeNull();
  });

  test('a quantile lies in the bucket that holds it; above the last bound it is that bound', () => {
    assert(
      property(array(integer({ min: 0, max: 9_000 }), { minLength: 1 }), (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        for (const share of [0.01, 0.5, 0.99, 1]) {
          const value = sorted[Math.max(0, Math.ceil(share * values.length) - 1)]!;
          const at = durationsMs.findIndex((bound) => value <= bound);
          const found = quantileOf(reading(values), share)!;
          if (at < 0) expect(found).toBe(durationsMs.at(-1));
          else {
            expect(found).toBeLessThanOrEqual(durationsMs[at]!);
            expect(found).toBeGreaterThanOrEqual(durationsMs[at - 1] ?? 0);
          }
        }
      }),
    );
    expect(quantileOf(reading([]), 0.5)).toBeNull();
  });
});

const list = (): BoundedList<ClusterPicture> => new BoundedList(1_000);
const at = (atMs: number, ...statuses: readonly StatusPicture[]): ClusterPicture =>
  pictureWith(
    statuses.map((status) => nodeWith(status.name, { status })),
    { atMs },
  );

describe('series', () => {
  test('a point for each picture and node; who comes later has none before, who goes none after', () => {
    const [book, pictures] = [new SeriesBook(), list()];
    pictures.push([at(1_000, statusWith('n1', { keys: 1 }))]);
    expect(book.read(pictures)).toBe(true);
    expect(book.read(pictures)).toBe(false);
    const both = [statusWith('n1', { keys: 2 }), statusWith('n2', { keys: 7 })];
    pictures.push([at(2_000, ...both), at(3_000, statusWith('n2', { keys: 8 }))]);
    book.read(pictures);
    expect(book.times).toEqual([1, 2, 3]);
    expect(book.line(idOf('n1'), 'keys')).toEqual([1, 2, null]);
    expect(book.line(idOf('n2'), 'keys')).toEqual([null, 7, 8]);
    expect(book.line(idOf('n9'), 'keys')).toEqual([null, null, null]);
    expect([500, 1_000, 2_999, 9_000].map((ms) => book.indexAt(ms))).toEqual([-1, 0, 1, 2]);
  });

  test('what a silent node said last is no measure', () => {
    const [book, pictures] = [new SeriesBook(), list()];
    const node = nodeWith('n1', { silentMs: clusterViewLimits.staleMsMin + 1 });
    pictures.push([pictureWith([node])]);
    book.read(pictures);
    expect(book.line(idOf('n1'), 'keys')).toEqual([null]);
  });

  test('of the last minutes alone, also of a node that is gone', () => {
    const [book, pictures] = [new SeriesBook(), list()];
    const { pointsMax } = clusterViewLimits;
    pictures.push([at(1_000, statusWith('n1'), statusWith('n2'))]);
    for (let i = 2; i <= pointsMax + 2; i++) {
      pictures.push([at(i * 1_000, statusWith('n1', { keys: i }))]);
      book.read(pictures);
    }
    expect(book.times).toHaveLength(pointsMax);
    expect(book.times[0]).toBe(3);
    for (const { name } of measures) expect(book.line(idOf('n1'), name)).toHaveLength(pointsMax);
    expect(book.line(idOf('n1'), 'keys')[0]).toBe(3);
    expect(new Set(book.line(idOf('n2'), 'keys'))).toEqual(new Set([null]));
  });

  test('no line leads over a time in which nobody looked', () => {
    const [book, pictures] = [new SeriesBook(), list()];
    for (const [ms, puts] of [
      [1_000, 1],
      [2_000, 2],
      [90_000, 80],
      [91_000, 90],
    ] as const)
      pictures.push([at(ms, counted(ms, puts, 0))]);
    book.read(pictures);
    expect(book.times).toEqual([1, 2, 3, 90, 91]);
    expect(book.line(idOf('n1'), 'keys')).toEqual([0, 0, null, 0, 0]);
    expect(book.line(idOf('n1'), 'throughput')).toEqual([null, 1, null, null, 10]);
  });

  test('a file that is wound back begins anew', () => {
    const [book, pictures] = [new SeriesBook(), list()];
    pictures.push([at(5_000, statusWith('n1')), at(6_000, statusWith('n1'))]);
    book.read(pictures);
    pictures.clear();
    pictures.push([at(2_000, statusWith('n1', { keys: 3 }))]);
    book.read(pictures);
    expect(book.times).toEqual([2]);
    expect(book.line(idOf('n1'), 'keys')).toEqual([3]);
  });
});

test('nodes that run tell all that is measured', async () => {
  const world = new NodeWorld('measures');
  const nodes = await world.cluster();
  const before = nodes.map((node) => node.status());
  for (let i = 0; i < 60; i++) await world.request(`kv.put.b.k${i}`, 'value');
  for (let i = 0; i < 20; i++) await world.request(`kv.get.b.k${i}`);
  await world.run(2_000);
  const after = nodes.map((node) => node.status());
  const seconds = (after[0]!.uptimeMs - before[0]!.uptimeMs) / 1_000;
  const of = (name: string): (number | null)[] =>
    after.map((status, i) => measured(name, before[i], status));
  const total = of('throughput').reduce<number>((sum, value) => sum + value!, 0);
  expect(total * seconds).toBeCloseTo(80, 0);
  for (const { name } of measures) expect([name, of(name).includes(null)]).toEqual([name, false]);
  for (const name of ['p50', 'p99', 'acks', 'gossip', 'syncs', 'log', 'memtable'])
    for (const value of of(name)) expect([name, value]).toEqual([name, expect.any(Number)]);
  expect(of('gossip').every((value) => value! > 0.5)).toBe(true);
  expect(of('keys')).toEqual([60, 60, 60]);
  expect(of('errors')).toEqual([0, 0, 0]);
  await world.settled(Promise.all(nodes.map((node) => node.stop())));
});
