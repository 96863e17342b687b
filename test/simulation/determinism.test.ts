import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { drawWorld, type WorldOptions } from './world-options.js';
import { runWorld } from './world.js';

const main = fileURLToPath(new URL('main.js', import.meta.url));

/** Issue 2, item 6: three nodes, no fault but what a mixed workload brings with it. */
function threeNodes(seed: string): WorldOptions {
  const drawn = drawWorld(seed);
  return {
    ...drawn,
    cluster: { ...drawn.cluster, nodes: 3, founders: undefined, mapping: true, buckets: {} },
    bootFaults: [],
    core: ['n1', 'n2', 'n3'],
    clients: 3,
    workUs: 5e6,
    faults: [],
    work: {
      ...drawn.work,
      buckets: [
        { name: 'blind', use: 'blind', n: 3, keys: 10 },
        { name: 'siblings', use: 'siblings', n: 3, keys: 5 },
        { name: 'counters', use: 'counters', n: 3, keys: 2 },
      ],
      thinkUs: 30_000,
      deletePpm: 100_000,
      quorumPpm: 300_000,
      strictPpm: 200_000,
    },
  };
}

test('three nodes, a mixed workload, one seed: the same trace twice, byte for byte', async () => {
  const first = await runWorld(threeNodes('a'), { keepTrace: true });
  const second = await runWorld(threeNodes('a'), { keepTrace: true });
  expect(first.violations).toEqual([]);
  expect(first.requests).toBeGreaterThan(300);
  expect(first.trace === second.trace).toBe(true);
  expect(first.trace.split('\n').length).toBeGreaterThan(3000);
});

test('three nodes, a mixed workload, two seeds: not the same trace', async () => {
  const [a, b] = [await runWorld(threeNodes('a')), await runWorld(threeNodes('b'))];
  expect(a.digest).not.toBe(b.digest);
});

async function digests(seeds: number): Promise<string> {
  const args = ['--always-sparkplug', main, '--digest', '--brief', '--from', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, '--seeds', `${seeds}`]);
  return stdout;
}

test('seeds 1 to 100 with their faults, cut short, in two fresh processes: equal traces', async () => {
  const [first, second] = await Promise.all([digests(100), digests(100)]);
  expect(new Set(first.trim().split('\n')).size).toBe(100);
  expect(second).toBe(first);
}, 180_000);
