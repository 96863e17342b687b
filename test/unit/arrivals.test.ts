/** Nodes that come to a cluster by themselves, over buses in memory. */
import { expect, test } from '@jest/globals';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { cluster, type NodeLife } from '../support/member-world.js';

const coming = { join: 'auto', founders: 3 } as const;

function known(life: NodeLife) {
  return life.membership.configurations.chain.known!;
}

test('two that are started one after the other come as one move', async () => {
  const { world, lives } = await cluster('together');
  const [a] = lives as [NodeLife];
  const before = known(a).members.length;
  world.start('d', coming);
  await world.run(chainLimits.waitingMsMin - 500);
  world.start('e', coming);
  await world.until(() => known(a).move !== undefined, 10_000);
  expect([known(a).number, known(a).move!.members.length]).toEqual([2, before + 2]);
});

test('where one after the other comes, the first of them does not wait for ever; nor for one that an operator has to take in', async () => {
  const { world, lives } = await cluster('one after the other');
  const [a] = lives as [NodeLife];
  world.start('asks', { ...coming, join: 'ask' });
  await world.run(2 * chainLimits.togetherMsMax);
  expect(known(a).move).toBeUndefined();
  const fromMs = world.nowMs;
  for (const name of ['d', 'e', 'f', 'g', 'h', 'i']) {
    world.start(name, coming);
    await world.run(2_500);
    if (known(a).move !== undefined) break;
  }
  expect(world.nowMs - fromMs).toBeGreaterThan(chainLimits.togetherMsMax);
  expect(world.nowMs - fromMs).toBeLessThan(chainLimits.togetherMsMax + 6_000);
  const names = known(a).move!.members.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['d', 'e', 'f']));
  expect(names).not.toContain('asks');
});
