import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { closedLoop } from '../../bench/load/closed-loop.js';
import type { Edge, LoadResult } from '../../bench/load/messages.js';
import { ArrivalSchedule, openLoop } from '../../bench/load/open-loop.js';
import type { Timekeeper } from '../../bench/load/timekeeper.js';

/** Time that passes only when somebody waits for it; or when somebody keeps the loop busy. */
class ManualTime implements Timekeeper {
  private nowMs = 1_000;
  private readonly waiting: { readonly ms: number; readonly act: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  at(ms: number, act: () => void): void {
    this.waiting.push({ ms, act });
  }

  after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.nowMs + ms, resolve);
    });
  }

  /** The process does something else. */
  stall(ms: number): void {
    this.nowMs += ms;
  }

  async run(): Promise<void> {
    for (;;) {
      // What was resolved goes on before the next timer.
      for (let i = 0; i < 20; i++) await Promise.resolve();
      this.waiting.sort((a, b) => a.ms - b.ms);
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.nowMs = Math.max(this.nowMs, next.ms);
      next.act();
    }
  }
}

interface Played {
  readonly result: LoadResult;
  readonly edges: Edge[];
  readonly p: (percent: number) => number;
}

async function play(
  loop: (options: {
    readonly time: ManualTime;
    readonly onEdge: (edge: Edge) => void;
  }) => Promise<LoadResult>,
): Promise<Played> {
  const time = new ManualTime();
  const edges: Edge[] = [];
  const running = loop({ time, onEdge: (edge) => edges.push(edge) });
  await time.run();
  const result = await running;
  const latencies = decodeFromCompressedBase64(result.latencies);
  return { result, edges, p: (percent) => latencies.getValueAtPercentile(percent) / 1000 };
}

describe('open loop', () => {
  test('arrivals: however seldom one looks, all that are due come, in order and none early', () => {
    const rates = fc.double({ min: 0.5, max: 50_000, noNaN: true });
    const looks = fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(rates, looks, (rate, pauses) => {
        const schedule = new ArrivalSchedule(rate);
        let elapsedMs = 0;
        let count = 0;
        let lastMs = 0;
        for (const pause of pauses) {
          elapsedMs += pause;
          for (
            let due = schedule.take(elapsedMs);
            due !== undefined;
            due = schedule.take(elapsedMs)
          ) {
            expect(due).toBeLessThanOrEqual(elapsedMs);
            expect(due).toBeGreaterThanOrEqual(lastMs);
            lastMs = due;
            count++;
          }
          // The first comes at once; a whole millisecond is the resolution.
          const exact = (Math.floor(elapsedMs) * rate) / 1000 + 1;
          expect(count).toBeGreaterThanOrEqual(Math.floor(exact - 1e-6));
          expect(count).toBeLessThanOrEqual(Math.ceil(exact + 1e-6));
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('the rate changes in full swing: 100/s for a second, then 10/s for a second', () => {
    const schedule = new ArrivalSchedule(100, { fromMs: 1_000, ratePerSecond: 10 });
    const starts: number[] = [];
    for (let due = schedule.take(1_999); due !== undefined; due = schedule.take(1_999))
      starts.push(due);
    expect(starts.filter((ms) => ms < 1_000)).toHaveLength(100);
    expect(starts.filter((ms) => ms >= 1_000)).toEqual([
      1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600, 1_700, 1_800, 1_900,
    ]);
  });

  test('1000/s for a second, each answered after 5 ms: all succeed, 5 ms each', async () => {
    const { result, edges, p } = await play(({ time, onEdge }) =>
      openLoop({
        ratePerSecond: 1_000,
        warmUpMs: 100,
        measureMs: 1_000,
        time,
        onEdge,
        request: () => time.after(5),
      }),
    );
    expect(result.operations).toBe(1_000);
    expect(edges).toEqual(['begin', 'end']);
    expect(p(100)).toBeCloseTo(5, 1);
  });

  test('the process stands still for 200 ms: those who came meanwhile have waited', async () => {
    let stalled = false;
    const { result, p } = await play(({ time, onEdge }) =>
      openLoop({
        ratePerSecond: 1_000,
        warmUpMs: 0,
        measureMs: 1_000,
        time,
        onEdge,
        request() {
          if (!stalled && time.now() >= 1_300) {
            stalled = true;
            time.stall(200);
          }
          return time.after(1);
        },
      }),
    );
    expect(result.operations).toBeGreaterThan(995);
    expect(p(50)).toBeLessThan(2);
    // A fifth of all, and evenly from 200 ms down.
    expect(p(90)).toBeGreaterThan(90);
    expect(p(99)).toBeGreaterThan(180);
  });

  test('a system that never answers is asked all the same, and every failure has a code', async () => {
    let asked = 0;
    const { result } = await play(({ time, onEdge }) =>
      openLoop({
        ratePerSecond: 100,
        warmUpMs: 0,
        measureMs: 1_000,
        time,
        onEdge,
        async request() {
          const even = ++asked % 2 === 0;
          await time.after(even ? 10 : 20);
          throw Object.assign(new Error('no'), { code: even ? 429 : 'TIMEOUT' });
        },
      }),
    );
    expect(asked).toBe(100);
    expect(result.operations).toBe(0);
    expect(Object.keys(result.errors).sort()).toEqual(['429', 'TIMEOUT']);
  });

  test('intervals: each has what ended in it', async () => {
    const { result } = await play(({ time, onEdge }) =>
      openLoop({
        ratePerSecond: 100,
        warmUpMs: 500,
        measureMs: 1_000,
        intervalMs: 250,
        time,
        onEdge,
        request: () => time.after(1),
      }),
    );
    expect(result.intervals.map(({ operations }) => operations)).toEqual([25, 25, 25, 25]);
  });
});

describe('closed loop', () => {
  test('4 in flight, 10 ms each: 400 a second, and never a fifth', async () => {
    let inFlight = 0;
    let most = 0;
    const { result, edges } = await play(({ time, onEdge }) =>
      closedLoop({
        inFlight: 4,
        warmUpMs: 100,
        measureMs: 1_000,
        time,
        onEdge,
        async request() {
          most = Math.max(most, ++inFlight);
          await time.after(10);
          inFlight--;
        },
      }),
    );
    expect(most).toBe(4);
    expect(result.operations).toBe(400);
    expect(edges).toEqual(['begin', 'end']);
  });

  test('nothing but errors: it gives up instead of measuring them', async () => {
    const time = new ManualTime();
    const running = closedLoop({
      inFlight: 4,
      warmUpMs: 0,
      measureMs: 60_000,
      time,
      onEdge: () => undefined,
      async request() {
        await time.after(1);
        throw new Error('broken');
      },
    });
    const failed = expect(running).rejects.toThrow('broken');
    await time.run();
    await failed;
  });
});
