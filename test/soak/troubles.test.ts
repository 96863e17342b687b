import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { SoakCluster } from './cluster.js';
import type { SoakNetwork } from './network/network.js';
import { Outages } from './outages.js';
import { Troubles } from './troubles.js';
import { nowMs } from './workload/worker.js';

test('what is wrong is so until it is over, however late the schedule is carried out', async () => {
  const setMs: number[] = [];
  const goneOnMs: number[] = [];
  const cluster = {
    setClock: (_node: string, offsetMs: number) => {
      if (offsetMs === 0) setMs.push(nowMs());
    },
    stop: () => undefined,
    goOn: () => void goneOnMs.push(nowMs()),
    isAway: () => false,
    runs: (host: string) => host !== 'n9',
  } as unknown as SoakCluster;
  const network = { apply: () => sleep(50) } as unknown as SoakNetwork;
  const asked: string[] = [];
  const outages = new Outages(cluster);
  const troubles = new Troubles({
    cluster,
    network,
    outages,
    changes: { ask: (words) => void asked.push(words.join(' ')) },
    say: () => undefined,
  });
  const schedule = [
    { atMs: 0, forMs: 0, words: ['join', 'n4'] },
    { atMs: 0, forMs: 5, words: ['clock', 'n1', '-44037'] },
    { atMs: 1, forMs: 5, words: ['stop', 's1'] },
    { atMs: 1, forMs: 5, words: ['stop', 'n9'] },
    { atMs: 2, forMs: 1, words: ['cut', 's1', 's2'] },
  ];
  await troubles.run(schedule, 10, new AbortController().signal);
  expect(troubles.clocks.map(({ offsetMs }) => offsetMs)).toEqual([-44037]);
  expect(troubles.clocks[0]!.endMs).toBeGreaterThanOrEqual(setMs[0]!);
  expect(troubles.holds).toHaveLength(1);
  expect(troubles.holds[0]!.endMs).toBeGreaterThanOrEqual(goneOnMs[0]!);
  expect(setMs[0]! - troubles.clocks[0]!.startMs).toBeGreaterThanOrEqual(40);
  expect(asked).toEqual(['join n4']);
  expect(outages.all.map(({ hosts }) => hosts)).toEqual([['s1'], ['s1', 's2']]);
  for (const { endMs } of outages.all) expect(endMs).toBeLessThanOrEqual(nowMs());
});
