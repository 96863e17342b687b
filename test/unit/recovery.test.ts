/** Survivors of a lost majority who go on by an operator's word, over buses in memory. */
import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import type { Configuration } from '../../actors/rules/configuration.js';
import { begin } from '../../actors/rules/steps.js';
import { cluster, type MemberWorld, type NodeLife } from '../support/member-world.js';

const era = 2 ** 20;
const five = ['a', 'b', 'c', 'd', 'e'];

function known({ membership }: NodeLife): Configuration {
  return membership.configurations.chain.known!;
}

function numbersOf(lives: readonly NodeLife[]): number[] {
  return lives.map((life) => known(life).number);
}

function removedAt(world: MemberWorld, life: NodeLife): string {
  return [...life.membership.view.removed]
    .map((id) => world.nameOf(id))
    .sort()
    .join('');
}

/** Asks a node what it would come to, and has it so, or says why not. */
function recover(world: MemberWorld, by: NodeLife): { said: string } {
  const outcome = { said: '' };
  const ask = async (): Promise<void> => {
    try {
      const { recovering } = by.membership;
      const { base, lost } = await recovering.look();
      const names = lost.map((id) => world.nameOf(id)).sort();
      const number = await recovering.recover(base.number, lost);
      outcome.said = `${number} without ${names.join('')}`;
    } catch (error) {
      outcome.said = String(error);
    }
  };
  void ask();
  return outcome;
}

async function outcomeOf(world: MemberWorld, outcome: { said: string }): Promise<string> {
  await world.until(() => outcome.said !== '', 60_000);
  return outcome.said;
}

/** They have at once whatever moves to them. */
function holdAll(lives: readonly NodeLife[]): void {
  const all = new Set(Array.from({ length: 256 }, (_, partition) => partition));
  for (const { membership } of lives)
    membership.configurations.heldData = {
      received: () => all,
      emptied: () => [],
      unanswering: () => [],
      isEmpty: () => true,
    };
}

function weigh(by: NodeLife, weight: number): void {
  const { proposing } = by.membership.configurations;
  void proposing
    .propose((from) => {
      const members = from.members.map((place) =>
        place.id === by.id ? { ...place, weight } : place,
      );
      return begin(from, { members, ring: from.ring, removed: [] });
    })
    .catch(() => undefined);
}

describe('a majority that is lost', () => {
  test('two of five go on: in an era of its own, on both disks; they move by themselves to where they are alone, and change again', async () => {
    const { world, lives } = await cluster('recovered', five);
    const [a, b, ...lost] = lives as [NodeLife, NodeLife, ...NodeLife[]];
    holdAll(lives);
    for (const life of lost) world.kill(life);
    await world.run(6_000);
    expect(await outcomeOf(world, recover(world, a))).toBe(`${era} without cde`);
    expect(known(b).number).toBeGreaterThanOrEqual(era);
    expect(removedAt(world, b)).toBe('cde');
    await world.until(() => [a, b].every((life) => known(life).members.length === 2), 15_000);
    expect(known(a).move).toBeUndefined();
    expect(known(a).recoveries).toEqual([{ from: 1, name: known(b).recoveries[0]!.name }]);
    world.kill(a);
    const again = world.start('a');
    await world.until(() => again.membership.life.isJoined, 5_000);
    expect(known(again).number).toBe(known(b).number);
  });

  test('one that comes back is told that it is of an older era, and ends; so does one that was cut off and lives, and that went on with the others', async () => {
    const { world, lives } = await cluster('comes back', five);
    const [a, b, c, d, e] = lives as [NodeLife, NodeLife, NodeLife, NodeLife, NodeLife];
    // Until all votes count.
    await world.run(3_000);
    world.between(['ab', 'cde'], 'cut');
    await world.run(6_000);
    weigh(c, 3);
    await world.until(() => known(d).number > 1, 8_000);
    world.kill(e);
    await world.run(3_000);
    expect(await outcomeOf(world, recover(world, b))).toBe(`${era} without cde`);
    world.between(['ab', 'cde'], 'heal');
    await world.run(6_000);
    const second = world.start('e');
    await world.run(3_000);
    for (const life of [c, d, second])
      expect(life.fatal.join()).toMatch(/of an older era of its cluster.*from configuration 1/);
    expect(c.fatal.join()).toMatch(/this node knew configuration \d+, and what was changed/);
    expect([a.fatal, b.fatal]).toEqual([[], []]);
    const third = world.start('e');
    expect(third.fatal.join()).toMatch(/is of an older era of its cluster/);
  });

  test('from the newest that any survivor knows: whoever is behind is told first', async () => {
    const { world, lives } = await cluster('newest', five);
    const [a, b, c, d, e] = lives as [NodeLife, NodeLife, NodeLife, NodeLife, NodeLife];
    world.between(['a', 'bcde'], 'cut');
    weigh(b, 2);
    await world.until(() => known(c).number > 1, 8_000);
    await world.run(2_000);
    expect(known(a).number).toBe(1);
    for (const life of [c, d, e]) world.kill(life);
    await world.run(8_000);
    const before = known(b).number;
    world.between(['a', 'b'], 'heal');
    expect(await outcomeOf(world, recover(world, a))).toBe(`${era} without cde`);
    expect(known(a).recoveries[0]!.from).toBe(before);
  });
});

describe('refused', () => {
  test('while a majority is there, while anybody hears one of the lost, and when others are lost than were shown', async () => {
    const { world, lives } = await cluster('refused', five);
    const [a, b, c, d, e] = lives as [NodeLife, NodeLife, NodeLife, NodeLife, NodeLife];
    world.kill(e);
    await world.run(6_000);
    expect(await outcomeOf(world, recover(world, a))).toMatch(/4 of the 5 .* a majority/);
    world.kill(d);
    // b hears c, a does not.
    world.between(['a', 'c'], 'cut');
    await world.run(8_000);
    expect(await outcomeOf(world, recover(world, a))).toMatch(/alive, or was a moment ago/);
    world.kill(c);
    expect(await outcomeOf(world, recover(world, b))).toMatch(/alive, or was a moment ago/);
    await world.run(6_000);
    let said = '';
    a.membership.recovering.recover(1, [world.idOf('d'), world.idOf('e')]).then(
      () => (said = 'done'),
      (error: unknown) => (said = String(error)),
    );
    await world.until(() => said !== '', 10_000);
    expect(said).toMatch(/has changed since it was shown/);
    expect(numbersOf([a, b])).toEqual([1, 1]);
  });

  test('whoever has agreed votes no more on what would follow otherwise, until it knows what does', async () => {
    const { world, lives } = await cluster('agreed', five);
    const [a, b, ...lost] = lives as [NodeLife, NodeLife, ...NodeLife[]];
    // Until all votes count.
    await world.run(3_000);
    for (const life of lost) world.kill(life);
    await world.run(6_000);
    const outcome = recover(world, a);
    const { table } = b.membership.configurations.chain;
    await world.until(() => table.kept.agreed.acceptor.accepted !== undefined, 10_000);
    // It has said so, and a ends before it hears it.
    world.kill(a);
    expect(known(b).number).toBe(1);
    let vote = '';
    const ballot = { round: 99, proposer: b.id };
    b.membership.configurations.voting.vote(
      { kind: 'prepare', instance: 1, ballot },
      ({ kind }) => {
        vote = kind;
      },
    );
    await world.run(10);
    expect(vote).toBe('abstaining');
    expect(outcome.said).toBe('');
    // a may go by it, so what follows is made of that.
    await world.run(6_000);
    expect(await outcomeOf(world, recover(world, b))).toBe(`${2 * era} without acde`);
    expect(known(b).recoveries.map(({ from }) => from)).toEqual([1, era]);
    const again = world.start('a');
    await world.run(4_000);
    expect(again.fatal.join()).toMatch(/of an older era of its cluster/);
  });
});

describe('two operators', () => {
  test('of the same survivors: both have the same', async () => {
    const { world, lives } = await cluster('both', five);
    const [a, b, ...lost] = lives as [NodeLife, NodeLife, ...NodeLife[]];
    for (const life of lost) world.kill(life);
    await world.run(6_000);
    const outcomes = [recover(world, a), recover(world, b)];
    const said = [await outcomeOf(world, outcomes[0]!), await outcomeOf(world, outcomes[1]!)];
    expect(said).toContain(`${era} without cde`);
    await world.run(12_000);
    expect(known(a)).toEqual(known(b));
    expect(known(a).recoveries).toHaveLength(1);
    expect([...a.membership.problems.texts(), ...b.membership.problems.texts()].join()).not.toMatch(
      /recovered twice/,
    );
  });

  test('of two halves: each goes on, neither takes anything of the other once they meet, and both say so', async () => {
    const { world, lives } = await cluster('halves', ['a', 'b', 'c', 'd']);
    const [a, b, c, d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    holdAll(lives);
    world.between(['ab', 'cd'], 'cut');
    await world.run(8_000);
    const outcomes = [recover(world, a), recover(world, d)];
    expect(await outcomeOf(world, outcomes[0]!)).toBe(`${era} without cd`);
    expect(await outcomeOf(world, outcomes[1]!)).toBe(`${era} without ab`);
    // Also once neither names the other any more.
    await world.until(() => lives.every((life) => known(life).members.length === 2), 20_000);
    world.between(['ab', 'cd'], 'heal');
    weigh(a, 4);
    await world.run(25_000);
    for (const life of [a, b, c, d]) {
      expect(life.fatal).toEqual([]);
      expect(life.membership.problems.texts().join()).toMatch(/recovered twice/);
    }
    expect(known(a).recoveries[0]!.name).toBe(known(b).recoveries[0]!.name);
    expect(known(c).recoveries[0]!.name).toBe(known(d).recoveries[0]!.name);
    expect(known(a).recoveries[0]!.name).not.toBe(known(d).recoveries[0]!.name);
    expect(a.membership.view.members().map(({ name }) => name)).not.toContain('c');
    expect(d.membership.view.members().map(({ name }) => name)).not.toContain('b');
  });
});
