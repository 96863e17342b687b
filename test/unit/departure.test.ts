/** How nodes end that are no members any more, over buses in memory. */
import { describe, expect, test } from '@jest/globals';
import { begin, cancelled } from '../../actors/rules/steps.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { cluster, type MemberWorld, type NodeLife } from '../support/member-world.js';

const four = ['a', 'b', 'c', 'd'];
type Step = Parameters<NodeLife['membership']['configurations']['proposing']['propose']>[0];

function known(life: NodeLife) {
  return life.membership.configurations.chain.known!;
}

/** They have at once what moves to them. */
function holdAll(lives: readonly NodeLife[], isEmpty: () => boolean): void {
  const all = new Set(Array.from({ length: 256 }, (_, partition) => partition));
  for (const { membership } of lives)
    membership.configurations.heldData = {
      received: () => all,
      emptied: () => [],
      unanswering: () => [],
      isEmpty,
    };
}

async function have(world: MemberWorld, by: NodeLife, step: Step): Promise<void> {
  const { number } = known(by);
  let failed = '';
  by.membership.configurations.proposing.propose(step).catch((error) => (failed = String(error)));
  await world.until(() => failed !== '' || known(by).number > number, 15_000);
  expect(failed).toBe('');
}

async function remove(world: MemberWorld, by: NodeLife, { id }: NodeLife): Promise<void> {
  let said: unknown;
  const say = (outcome: unknown): void => void (said = outcome);
  by.membership.removing.remove(id).then(say, say);
  await world.until(() => said !== undefined, 30_000);
  expect(said).toMatchObject({ confirmed: expect.anything() as unknown });
}

function without({ id }: NodeLife): Step {
  return (from) => {
    const members = from.members.filter((place) => place.id !== id);
    return begin(from, { members, ring: from.ring, removed: [] });
  };
}

describe('a node that leaves', () => {
  test('and is killed when it has heard that it is no member any more has left, whenever it is started', async () => {
    const { world, lives } = await cluster('killed at the end', four);
    const [a, , , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    holdAll(lives, () => true);
    await have(world, a, without(d));
    await world.until(() => d.fatal.length > 0, 20_000);
    expect(d.fatal).toEqual(['it has left its cluster']);
    for (let i = 0; i < 2; i++) {
      world.kill(d);
      expect(world.start('d').fatal).toEqual(['it has left its cluster']);
    }
  });

  test('and is killed when it has said that it holds nothing hears at its next start that it has left', async () => {
    const { world, lives } = await cluster('killed before the end', four);
    const [a, , , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    holdAll(lives, () => true);
    const { reports } = a.membership.configurations;
    await have(world, a, without(d));
    await world.until(
      () => known(d).leaving.includes(d.id) && reports.isEmpty(d.id, known(d).layout),
      20_000,
    );
    world.kill(d);
    await world.until(() => known(a).leaving.length === 0, 10_000);
    const again = world.start('d');
    await world.until(() => again.fatal.length > 0, 10_000);
    expect(again.fatal).toEqual(['it has left its cluster']);
  });

  test('and is taken for gone for good before it holds nothing was removed, whenever it is started', async () => {
    const { world, lives } = await cluster('gone while it leaves', four);
    const [a, , , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    holdAll(lives, () => false);
    await have(world, a, without(d));
    await world.until(() => known(a).leaving.length > 0 && known(d).leaving.length > 0, 20_000);
    world.kill(d);
    await world.until(() => a.membership.view.reachability(d.id) === 'down', 10_000);
    await remove(world, a, d);
    const again = world.start('d');
    await world.until(() => again.fatal.length > 0, 10_000);
    expect(again.fatal.join()).toMatch(/was removed from its cluster/);
    world.kill(again);
    expect(world.start('d').fatal.join()).toMatch(/was removed from its cluster/);
  });
});

/** Nobody tells d that a move begins. */
function cutAtMove(world: MemberWorld, lives: readonly NodeLife[]): void {
  for (const { name, membership } of lives)
    membership.configurations.chain.onLearned(({ move }) => {
      if (move === undefined) return;
      for (const [from, to] of [
        [name, 'd'],
        ['d', name],
      ] as const)
        world.nats.cut({ from: world.busNameOf(from), to: world.busNameOf(to) }, 'split');
    });
}

describe('a node that came by itself, and whose move was cancelled', () => {
  const coming = { join: 'auto', founders: 3 } as const;

  test('leaves, also where it had not heard of the move', async () => {
    const { world, lives } = await cluster('cancelled');
    const [a] = lives as [NodeLife];
    const d = world.start('d', coming);
    holdAll([d], () => true);
    cutAtMove(world, lives);
    await world.until(() => known(a).move !== undefined, 30_000);
    await have(world, a, cancelled);
    expect(known(d).number).toBe(1);
    world.nats.healAll();
    await world.until(() => d.fatal.length > 0, 20_000);
    expect(d.fatal).toEqual(['it has left its cluster']);
    await world.run(2 * chainLimits.togetherMsMax);
    expect(known(a).members).toHaveLength(3);
    expect(known(a).move).toBeUndefined();
  });

  test('and that is gone for good before it hears of it: it comes back, and waits for an operator', async () => {
    const { world, lives } = await cluster('cancelled and removed');
    const [a, b] = lives as [NodeLife, NodeLife];
    const d = world.start('d', coming);
    cutAtMove(world, lives);
    await world.until(() => known(a).move !== undefined, 30_000);
    await world.run(100);
    await have(world, a, cancelled);
    expect(known(d).number).toBe(1);
    await world.until(() => a.membership.view.reachability(d.id) === 'down', 20_000);
    await remove(world, a, d);
    expect(known(a).leaving).toEqual([]);
    world.nats.healAll();
    await world.run(2 * chainLimits.togetherMsMax);
    expect([d.fatal, known(a).move, known(a).members.length]).toEqual([[], undefined, 3]);
    for (const { membership } of [a, b])
      expect(membership.problems.texts().join()).toMatch(/quorate ring plan --add d/);
  });
});
