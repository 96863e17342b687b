/** The chain of configurations over buses in memory: chosen, told, on disk before anything else. */
import { describe, expect, test } from '@jest/globals';
import type { Configuration, Place } from '../../actors/rules/configuration.js';
import { begin, cancelled, type Objection } from '../../actors/rules/steps.js';
import { encodeConfiguration } from '../../src/wire/configuration-codec.js';
import { chainBody } from '../../src/wire/protocol/chain.js';
import { cluster, type MemberWorld, names, type NodeLife } from '../support/member-world.js';

/** So that with three replicas something moves when a weight changes. */
const four = ['a', 'b', 'c', 'd'];

type Step = (from: Configuration) => Configuration | Objection;

/** Begins a move to whoever is a member, and this node. */
function takeIn(life: NodeLife): Step {
  const { id, name } = life;
  const place: Place = { id, name, host: name, zone: '', weight: 1 };
  return (from) => begin(from, { members: [...from.members, place], ring: from.ring, removed: [] });
}

function weigh(name: string, weight: number): Step {
  return (from) => {
    const members = from.members.map((place) =>
      place.name === name ? { ...place, weight } : place,
    );
    return begin(from, { members, ring: from.ring, removed: [] });
  };
}

const withoutD: Step = (from) => {
  const members = from.members.filter(({ name }) => name !== 'd');
  return begin(from, { members, ring: from.ring, removed: [] });
};

/** What came of it, once something did. */
function propose(by: NodeLife, step: Step): { said: string } {
  const outcome = { said: '' };
  by.membership.configurations.proposing.propose(step).then(
    ({ number }) => (outcome.said = `chosen ${number}`),
    (error: unknown) => (outcome.said = String(error)),
  );
  return outcome;
}

function knownBy(lives: readonly NodeLife[]): (number | undefined)[] {
  return lives.map(({ membership }) => membership.configurations.chain.known?.number);
}

/** Documents, by number, that anybody ever went by. */
function documentsOf(lives: readonly NodeLife[]): Map<number, Set<string>> {
  const documents = new Map<number, Set<string>>();
  const note = (configuration: Configuration): void => {
    const { number } = configuration;
    documents.set(number, (documents.get(number) ?? new Set()).add(JSON.stringify(configuration)));
  };
  for (const { membership } of lives) {
    const { chain } = membership.configurations;
    if (chain.known !== undefined) note(chain.known);
    chain.onLearned(note);
  }
  return documents;
}

function known({ membership }: NodeLife): Configuration {
  return membership.configurations.chain.known!;
}

async function chosen(world: MemberWorld, outcome: { said: string }): Promise<string> {
  await world.until(() => outcome.said !== '', 12_000);
  return outcome.said;
}

/** Both ways, between one node and all others. */
function cutOff(world: MemberWorld, name: string, others: readonly string[]): void {
  for (const other of others) {
    const [from, to] = [world.busNameOf(name), world.busNameOf(other)];
    world.nats.cut({ from, to }, 'silent');
    world.nats.cut({ from: to, to: from }, 'silent');
  }
}

test('three nodes found a cluster, and with it its first configuration; a fourth is taken in by a step that all learn', async () => {
  const { world, lives } = await cluster('grows');
  const documents = documentsOf(lives);
  expect(knownBy(lives)).toEqual([1, 1, 1]);
  const d = world.start('d');
  await world.run(2_000);
  expect(d.membership.life.waitingFor()).toMatch(/waits to be taken in/);
  expect(knownBy([d])).toEqual([1]);
  expect(await chosen(world, propose(lives[1]!, takeIn(d)))).toBe('chosen 2');
  await world.until(() => d.membership.life.isJoined, 3_000);
  await world.run(2_000);
  const all = [...lives, d];
  // What moves to nobody that did not own it before has moved.
  expect(knownBy(all)).toEqual([3, 3, 3, 3]);
  expect(new Set(all.map(({ membership }) => membership.view.configuration))).toEqual(new Set([2]));
  for (const { membership } of all) {
    expect(membership.view.members().map(({ status }) => status)).toEqual(Array(4).fill('active'));
    const { primaries, incoming, readers } = membership.view.placement(0, 3);
    expect(readers).toEqual(primaries);
    expect([...primaries, ...incoming]).not.toHaveLength(0);
  }
  expect([...documents.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
});

test('by itself, where newcomers are taken in without an operator; several together', async () => {
  const { world, lives } = await cluster('by itself', names, { join: 'auto' });
  const more = ['d', 'e'].map((name) => world.start(name, { founders: 3 }));
  const all = [...lives, ...more];
  await world.until(() => more.every(({ membership }) => membership.life.isJoined), 8_000);
  await world.run(3_000);
  expect(new Set(knownBy(all)).size).toBe(1);
  expect(all[0]!.membership.configurations.chain.known?.move?.members).toHaveLength(5);
});

test('a first voter that some hear and that reaches too few is passed over by the next ones', async () => {
  const { world, lives } = await cluster('reaches too few', four);
  const sorted = lives.toSorted((x, y) => (x.id < y.id ? -1 : 1));
  const [first, second, third, fourth] = sorted as [NodeLife, NodeLife, NodeLife, NodeLife];
  cutOff(world, first.name, [second.name, third.name]);
  const late = world.start('e', { founders: 4, join: 'auto' });
  await world.run(8_000);
  // The last one passes on that it lives.
  expect(second.membership.view.reachability(first.id)).toBe('alive');
  expect(knownBy([second, fourth])).toEqual([1, 1]);
  await world.until(() => late.membership.life.isJoined, 30_000);
  expect(known(late).move?.members ?? known(late).members).toHaveLength(5);
});

describe('a move', () => {
  test('goes on as targets say what they have received, and is over when they have all; who leaves and is empty is let go, and ends', async () => {
    const { world, lives } = await cluster('moves', ['a', 'b', 'c', 'd']);
    const [a, , , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    const received = new Set<number>();
    let isEmpty = false;
    for (const { membership } of lives)
      membership.configurations.heldData = {
        received: () => received,
        isEmpty: () => isEmpty,
        emptied: () => [],
        unanswering: () => [],
      };
    expect(await chosen(world, propose(a, withoutD))).toBe('chosen 2');
    await world.run(5_000);
    const { chain } = a.membership.configurations;
    const few = chain.known!.move!.moved.length;
    expect(few).toBeLessThan(256);
    for (let partition = 0; partition < 128; partition++) received.add(partition);
    await world.until(() => chain.known!.move!.moved.length >= 128, 5_000);
    expect(chain.known!.move!.moved.length).toBeLessThan(256);
    expect(a.membership.view.configuration).toBe(2);
    const moved = a.membership.view.placement(0, 3);
    if (moved.incoming.length > 0) expect(moved.readers).toEqual(moved.incoming);
    for (let partition = 128; partition < 256; partition++) received.add(partition);
    await world.until(() => chain.known!.move === undefined, 8_000);
    expect(chain.known!.leaving).toEqual([d.id]);
    await world.run(4_000);
    expect(d.fatal).toEqual([]);
    isEmpty = true;
    await world.until(() => d.fatal.length > 0, 8_000);
    expect(d.fatal.join()).toMatch(/has left its cluster/);
    await world.run(2_000);
    expect(a.membership.view.members().map(({ name }) => name)).not.toContain('d');
    // It ends at once when it is started again.
    const again = world.start('d');
    expect(again.fatal.join()).toMatch(/no member|left its cluster|was removed/);
  });
});

test('what a target said it has received is of that life: of the next one it counts when that says so itself', async () => {
  const { world, lives } = await cluster('lives anew', four);
  const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
  const { reports, chain } = a.membership.configurations;
  c.membership.configurations.heldData = {
    received: () => new Set([7]),
    isEmpty: () => false,
    emptied: () => [],
    unanswering: () => [],
  };
  expect(await chosen(world, propose(b, weigh('c', 3)))).toBe('chosen 2');
  await world.run(3_000);
  const generationOf = (life: NodeLife): number =>
    a.membership.view.members().find(({ id }) => id === life.id)!.generation;
  const before = generationOf(c);
  const asked = { layout: 2, since: 2 };
  expect(reports.hasReceived(c.id, 7, asked)).toBe(true);
  world.kill(c);
  const again = world.start('c');
  world.nats.cut({ from: world.busNameOf('c'), to: world.busNameOf('a') }, 'silent');
  await world.until(() => generationOf(c) > before, 8_000);
  expect(chain.known!.layout).toBe(2);
  expect(reports.hasReceived(c.id, 7, asked)).toBe(false);
  expect(reports.numberOf(c.id)).toBeUndefined();
  world.nats.healAll();
  await world.until(() => reports.numberOf(c.id) !== undefined, 5_000);
  expect(reports.hasReceived(again.id, 7, asked)).toBe(false);
});

describe('one configuration is followed by one other', () => {
  test('two nodes propose at once: both say what was chosen of theirs, and nobody goes by anything else', async () => {
    for (let seed = 0; seed < 6; seed++) {
      const { world, lives } = await cluster(`at once ${seed}`, four);
      const documents = documentsOf(lives);
      const outcomes = [propose(lives[0]!, weigh('a', 2)), propose(lives[2]!, weigh('c', 3))];
      await world.until(() => outcomes.every(({ said }) => said !== ''), 15_000);
      const said = outcomes.map((outcome) => outcome.said);
      expect(said.filter((text) => text === 'chosen 2')).toHaveLength(1);
      expect(said.join()).toMatch(/a move is under way/);
      await world.run(2_000);
      for (const found of documents.values()) expect(found.size).toBe(1);
    }
  });

  test('killed at any moment of a proposal, voters and proposer: they start again from their disks, and go by one', async () => {
    let isChosen = 0;
    for (let atUs = 0; atUs < 6_000; atUs += 750) {
      const { world, lives } = await cluster(`killed ${atUs}`, four);
      const documents = documentsOf(lives);
      propose(lives[0]!, weigh('a', 2));
      await world.run(atUs / 1000);
      for (const life of lives) world.kill(life);
      const again = four.map((name) => world.start(name));
      for (const [number, found] of documentsOf(again))
        documents.set(number, new Set([...(documents.get(number) ?? []), ...found]));
      const later = documentsOf(again);
      await world.until(() => again.every(({ membership }) => membership.life.isJoined), 8_000);
      if (knownBy(again).includes(2)) isChosen++;
      const outcome = await chosen(world, propose(again[1]!, weigh('b', 5)));
      await world.run(2_000);
      for (const [number, found] of later)
        documents.set(number, new Set([...(documents.get(number) ?? []), ...found]));
      for (const found of documents.values()) expect(found.size).toBe(1);
      expect(outcome).toMatch(/chosen 2|a move is under way/);
      if (outcome === 'chosen 2') expect(isChosen).toBe(0);
    }
  });

  test('no majority can be asked: it says who is missing, and that it may be chosen yet; started anew while another is gone one votes once that is removed', async () => {
    const { world, lives } = await cluster('alone');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(3_000);
    world.kill(b);
    world.kill(c);
    await world.run(3_000);
    expect(await chosen(world, propose(a, weigh('a', 2)))).toMatch(
      /2 of the 3 members that vote must agree.*(b is not there; c|c is not there; b) is not there/,
    );
    expect(knownBy([a])).toEqual([1]);
    world.start('b');
    await world.run(6_000);
    // Whether its disk is an old one c alone could tell; but an operator says that c is gone.
    expect(await chosen(world, propose(a, weigh('a', 2)))).toMatch(/b does not vote/);
    const removal = { said: '' };
    a.membership.removing.remove(c.id).then(
      ({ confirmed }) => (removal.said = confirmed.join()),
      (error: unknown) => (removal.said = String(error)),
    );
    expect(await chosen(world, removal)).toBe('a,b');
  });
});

test('one that learns late goes by the old layout until it is back, and by the new one at once', async () => {
  const { world, lives } = await cluster('late', four);
  const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
  cutOff(world, 'c', ['a', 'b', 'd']);
  expect(await chosen(world, propose(a, weigh('a', 2)))).toBe('chosen 2');
  await world.run(5_000);
  expect(knownBy(lives)).toEqual([3, 3, 1, 3]);
  world.nats.healAll();
  await world.until(() => knownBy([c])[0] === 3, 2_000);
  expect(c.membership.view.placement(0, 3)).toEqual(b.membership.view.placement(0, 3));
});

/** As one of them tells it that has it from nobody. */
function tell(by: NodeLife, to: NodeLife, configuration: Configuration): void {
  const bytes = encodeConfiguration(configuration);
  by.peers.tell(to.id, 'chain', chainBody({ kind: 'chosen', configuration: bytes }));
}

test('a configuration that can not follow, and that one member alone tells, ends nobody: a second one has to, or none may be there, or it takes long', async () => {
  const { world, lives } = await cluster('made up', four);
  const [a, b, c, d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
  const members = known(c).members.filter(({ id }) => id !== c.id);
  const madeUp = { ...known(c), number: 50, layout: 50, members };
  for (let times = 0; times < 3; times++) {
    tell(a, c, madeUp);
    tell(b, c, { ...madeUp, number: 51 });
    await world.run(5_000);
  }
  expect(c.fatal).toEqual([]);
  expect(knownBy(lives)).toEqual([1, 1, 1, 1]);
  tell(d, c, madeUp);
  await world.run(1_000);
  expect(c.fatal.join()).toMatch(/removed/);
});

test('told by the only one that lives, or by one for half a minute, it is gone by', async () => {
  for (const isAlone of [true, false]) {
    const { world, lives } = await cluster(`alone ${isAlone}`, four);
    const [a, b, c, d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    if (isAlone) for (const life of [b, d]) world.kill(life);
    await world.run(15_000);
    tell(a, c, { ...known(c), number: 50, layout: 50 });
    await world.run(1_000);
    expect(knownBy([c])).toEqual([isAlone ? 50 : 1]);
    await world.run(29_500);
    tell(a, c, { ...known(c), number: 50, layout: 50 });
    await world.run(1_000);
    expect(knownBy([c])).toEqual([50]);
  }
});

test('on disk first: killed before it is there a node knows nothing of it, and starts with what is', async () => {
  const { world, lives } = await cluster('disk', four);
  const [a, b] = lives as [NodeLife, NodeLife];
  const seen: number[] = [];
  b.membership.configurations.chain.onLearned(({ number }) => void seen.push(number));
  expect(await chosen(world, propose(a, weigh('a', 2)))).toBe('chosen 2');
  await world.run(2_000);
  expect(seen).toEqual([2]);
  for (const life of lives) world.kill(life);
  const again = world.start('b');
  expect(knownBy([again])).toEqual([2]);
  expect(again.membership.view.configuration).toBe(2);
  expect(again.membership.view.layout.next).toBeDefined();
});

test('a disk put back from a copy: it votes again only where it can have forgotten no vote', async () => {
  const { world, lives } = await cluster('old disk', four);
  await world.run(3_000);
  world.kill(lives[2]!);
  const image = world.diskOf('c').image();
  const right = world.start('c');
  await world.until(() => right.membership.life.isJoined, 3_000);
  await world.run(2_000);
  world.kill(right);
  world.diskOf('c').restore(image);
  const old = world.start('c');
  await world.until(() => old.membership.life.isJoined, 3_000);
  const { table } = old.membership.configurations.chain;
  await world.until(() => table.kept.votesFrom === 2, 6_000);
  // Three of four vote still; from then on it does as well.
  expect(await chosen(world, propose(lives[0]!, weigh('a', 2)))).toBe('chosen 2');
  world.kill(lives[1]!);
  await world.run(4_000);
  expect(await chosen(world, propose(lives[0]!, cancelled))).toBe('chosen 4');
});
