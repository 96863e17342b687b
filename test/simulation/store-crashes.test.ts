import { expect, test } from '@jest/globals';
import { runStore } from './store-crashes.js';

test('store: 40 seeds, 25 lives each of mints, merges and hints between crashes: what was acknowledged is found', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const { problems } = await runStore({
      seed: `${seed}`,
      lives: 25,
      durability: { kind: 'sync' },
    });
    expect({ seed, problems }).toEqual({ seed, problems: [] });
  }
});

test('store: 20 seeds, bits of the log flip between the lives: every start succeeds, nothing is invented', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const durability = { kind: 'sync' } as const;
    const { problems } = await runStore({ seed: `${seed}`, lives: 25, durability, rot: 'log' });
    expect({ seed, problems }).toEqual({ seed, problems: [] });
  }
});

test('store: 40 seeds, bits of the tables flip while it runs: scans, reads and hash trees agree on what is left', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const durability = { kind: 'sync' } as const;
    const { problems } = await runStore({ seed: `${seed}`, lives: 25, durability, rot: 'tables' });
    expect({ seed, problems }).toEqual({ seed, problems: [] });
  }
});

test('store: acknowledged before the sync (periodic), power cuts lose acknowledged writes: the check can fail', async () => {
  let failed = 0;
  for (let seed = 0; seed < 10; seed++) {
    const durability = { kind: 'periodic', everyMs: 1000 } as const;
    const { problems } = await runStore({ seed: `${seed}`, lives: 25, durability });
    if (problems.some((problem) => problem.includes('misses what was acknowledged'))) failed++;
  }
  expect(failed).toBeGreaterThan(5);
});

test('store: one seed, twice: the same trace', async () => {
  const run = { seed: '7', lives: 10, durability: { kind: 'sync' } } as const;
  expect((await runStore(run)).digest).toBe((await runStore(run)).digest);
});
