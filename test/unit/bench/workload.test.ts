import { describe, expect, test } from '@jest/globals';
import type { Operations } from '../../bench/load/drivers/driver.js';
import { mixes, stepAt, workloadNames, type WorkloadName } from '../../bench/load/mixes.js';
import { Workload } from '../../bench/load/workload.js';

/** What was asked for, and answers that come in the next turn. */
class Ledger implements Operations {
  readonly asked: string[] = [];
  readonly stored = new Set<string>();

  async put(key: string): Promise<void> {
    this.asked.push(`put ${key}`);
    await Promise.resolve();
    this.stored.add(key);
  }

  async get(key: string): Promise<Uint8Array> {
    this.asked.push(`get ${key}`);
    await Promise.resolve();
    if (!this.stored.has(key)) throw new Error(`${key} is not there`);
    return new Uint8Array();
  }
}

async function play(
  workload: WorkloadName,
  requests: number,
  options: { readonly keys: number; readonly seed: number; readonly client: number } = {
    keys: 100,
    seed: 1,
    client: 0,
  },
): Promise<Ledger> {
  const ledger = new Ledger();
  const load = new Workload(options);
  for (const key of load.keys(10).founding) ledger.stored.add(key);
  const next = load.requests(ledger, { workload, valueBytes: 10 });
  for (let i = 0; i < requests; i++) await next();
  return ledger;
}

/** Of a client that plays ycsb-d. */
async function inserts(client: number): Promise<Set<string>> {
  const { asked } = await play('ycsb-d', 2_000, { keys: 10, seed: 1, client });
  return new Set(asked.filter((line) => line.startsWith('put')));
}

describe('workloads', () => {
  test.each(workloadNames)('%s: the shares make a hundred', (name) => {
    const steps = Array.from({ length: 100 }, (_, percent) => stepAt(mixes[name], percent));
    for (const [step, share] of Object.entries(mixes[name].shares))
      expect(steps.filter((one) => one === step)).toHaveLength(share);
  });

  test.each([
    ['95/5', 0.95],
    ['50/50', 0.5],
    ['ycsb-a', 0.5],
    ['ycsb-b', 0.95],
    ['ycsb-c', 1],
    ['ycsb-d', 0.95],
  ] as const)('%s: %d of 5000 requests are gets, within two points', async (name, share) => {
    const { asked } = await play(name, 5_000);
    const gets = asked.filter((line) => line.startsWith('get')).length / asked.length;
    expect(Math.abs(gets - share)).toBeLessThan(0.02);
  });

  test('ycsb-f: half of the requests read, and put the same key afterwards', async () => {
    const { asked } = await play('ycsb-f', 2_000);
    const puts = asked.flatMap((line, i) => (line.startsWith('put') ? [i] : []));
    expect(Math.abs(puts.length / 2_000 - 0.5)).toBeLessThan(0.05);
    for (const i of puts) expect(asked[i - 1]).toBe(asked[i]!.replace('put', 'get'));
  });

  test('ycsb-d: reads ask mostly for what came last, and never for what is not acknowledged', async () => {
    const { asked } = await play('ycsb-d', 20_000);
    let inserted = 0;
    let young = 0;
    let gets = 0;
    for (const line of asked.slice(10_000)) {
      if (line.startsWith('put')) inserted++;
      else {
        gets++;
        if (line.includes('client-0-')) young++;
      }
    }
    expect(inserted).toBeGreaterThan(300);
    // A thousand inserts beside a hundred founding keys: the young are by far the most, the
    // founding ones the least popular.
    expect(young / gets).toBeGreaterThan(0.9);
  });

  test('ycsb-d: two clients never insert the same key', async () => {
    const first = await inserts(0);
    for (const line of await inserts(1)) expect(first.has(line)).toBe(false);
  });

  test('the same seed asks for the same keys', async () => {
    const once = await play('ycsb-a', 500, { keys: 50, seed: 9, client: 0 });
    const again = await play('ycsb-a', 500, { keys: 50, seed: 9, client: 0 });
    const other = await play('ycsb-a', 500, { keys: 50, seed: 10, client: 0 });
    expect(again.asked).toEqual(once.asked);
    expect(other.asked).not.toEqual(once.asked);
  });
});
