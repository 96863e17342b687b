/** Members that an operator declares gone for good. */
import { describe, expect, test } from '@jest/globals';
import { decodeMember, encodeMember } from '../../src/wire/member-rows.js';
import { SimProcess } from '../simulation/core/scheduler.js';
import { SimTables } from '../simulation/seams/sim-tables.js';
import { cluster, type MemberWorld, names, type NodeLife } from '../support/member-world.js';

/** Of each node, which it has on its disk as removed. */
function removedAt(world: MemberWorld, lives: readonly NodeLife[]): string[] {
  return lives.map(({ membership }) =>
    [...membership.view.removed].map((id) => world.nameOf(id)).join(),
  );
}

/** Of each node, whom it takes for members. */
function membersAt(lives: readonly NodeLife[]): string[] {
  return lives.map(({ membership }) =>
    membership.view
      .members()
      .map(({ name }) => name)
      .sort()
      .join(''),
  );
}

function reachabilityOf(peer: NodeLife, among: readonly NodeLife[]): string[] {
  return among.map(({ membership }) => membership.view.reachability(peer.id));
}

/** Who confirmed and who did not, or why it was refused. */
async function remove(world: MemberWorld, by: NodeLife, target: string): Promise<string> {
  let said = '';
  const ask = async (): Promise<void> => {
    try {
      const { removing } = by.membership;
      const { confirmed, missing } = await removing.remove(world.idOf(target));
      said = `${confirmed.join()} without ${missing.join()}`;
    } catch (error) {
      said = String(error);
    }
  };
  void ask();
  await world.until(() => said !== '', 10_000);
  return said;
}

describe('members that are gone for good', () => {
  test('one of three is down and removed: on both disks, over restarts; nobody misses it any more, and the cluster goes on as one of two', async () => {
    const { world, lives } = await cluster('removed', names, { tombstoneGraceMs: 60_000 });
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    const { epoch } = a.membership.view.ring;
    world.kill(c);
    await world.run(65_000);
    expect(a.membership.problems.texts().join()).toMatch(/quorate remove c/);
    expect(await remove(world, a, 'c')).toBe('a,b without ');
    expect(removedAt(world, [a, b])).toEqual(['c', 'c']);
    for (const { membership } of [a, b]) expect(membership.problems.texts()).toEqual([]);
    // Until all that it held is where it belongs, its place stays.
    expect(a.membership.view.ring.epoch).toBe(epoch);
    world.kill(a);
    world.kill(b);
    const again = [world.start('a'), world.start('b')];
    await world.until(() => again.every(({ membership }) => membership.life.isJoined), 5_000);
    expect(removedAt(world, again)).toEqual(['c', 'c']);
    expect(reachabilityOf(c, again)).toEqual(['down', 'down']);
    await world.run(5_000);
    expect(membersAt(again)).toEqual(['ab', 'ab']);
    expect(again[0]!.membership.view.ring.epoch).not.toBe(epoch);
    expect(again[0]!.membership.view.ring.epoch).toBe(again[1]!.membership.view.ring.epoch);
    expect(reachabilityOf(c, again)).toEqual(['down', 'down']);
  });

  test('it starts again: it is told before it serves, and from then on knows by itself; the others never take it for alive', async () => {
    const { world, lives } = await cluster('returns');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    world.kill(c);
    await world.run(5_000);
    await remove(world, a, 'c');
    const second = world.start('c');
    await world.run(2_000);
    expect(second.fatal.join()).toMatch(/this node was removed from its cluster/);
    expect(second.membership.life.isJoined).toBe(false);
    expect(reachabilityOf(c, [a, b])).toEqual(['down', 'down']);
    world.kill(a);
    world.kill(b);
    const third = world.start('c');
    await world.run(100);
    expect(third.fatal.join()).toMatch(/this node was removed from its cluster/);
  });

  test('it was cut off and lives: it ends as soon as anybody hears it, also one that heard of it from others', async () => {
    const { world, lives } = await cluster('cut', ['a', 'b', 'c', 'd', 'e']);
    const [a, b, c, d, e] = lives as [NodeLife, NodeLife, NodeLife, NodeLife, NodeLife];
    world.between(['abc', 'de'], 'cut');
    world.between(['d', 'e'], 'cut');
    await world.run(10_000);
    expect(await remove(world, a, 'e')).toBe('a,b,c without d');
    world.between(['d', 'e'], 'heal');
    await world.run(5_000);
    // They know of nothing yet.
    expect(d.membership.view.reachability(e.id)).toBe('alive');
    expect(e.fatal).toEqual([]);
    world.between(['abc', 'd'], 'heal');
    await world.run(5_000);
    expect(removedAt(world, [a, b, c, d])).toEqual(['e', 'e', 'e', 'e']);
    expect(e.fatal.join()).toMatch(/was removed/);
  });

  test('refused: who is alive, or was a moment ago, is no member, is asked itself, and where no majority would be left', async () => {
    const { world, lives } = await cluster('refused');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    expect(await remove(world, a, 'c')).toMatch(/alive/);
    expect(await remove(world, a, 'a')).toMatch(/lives/);
    expect(await remove(world, a, 'x')).toMatch(/no such member/);
    world.kill(c);
    await world.run(5_000);
    expect(await remove(world, a, 'c')).toBe('a,b without ');
    expect(await remove(world, a, 'c')).toBe('a,b without ');
    world.kill(b);
    await world.run(5_000);
    expect(await remove(world, a, 'b')).toMatch(/1 of the 2 members .* a majority must be/);
    expect(removedAt(world, [a])).toEqual(['c']);
  });

  test('refused: the smaller part of a cut cluster, and whom another node hears', async () => {
    const { world, lives } = await cluster('parts');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    world.between(['a', 'c'], 'cut');
    await world.run(10_000);
    // b hears both.
    expect(await remove(world, a, 'c')).toMatch(/not removed/);
    expect(await remove(world, c, 'a')).toMatch(/not removed/);
    world.between(['b', 'c'], 'cut');
    await world.run(10_000);
    expect(await remove(world, c, 'a')).toMatch(/1 of the 3 members .* 2 are needed; b does not/);
    expect(await remove(world, a, 'c')).toBe('a,b without ');
    world.between(['b', 'c'], 'heal');
    expect(await remove(world, c, 'a')).toMatch(/not removed/);
    await world.run(3_000);
    expect(c.fatal.join()).toMatch(/was removed/);
    // It goes once all that it held is where it belongs.
    await world.until(() => membersAt([a, b]).join() === 'ab,ab', 5_000);
  });
});

/** As a directory of then: founders, rows with marks, no configuration. */
function asOfOld(world: MemberWorld, life: NodeLife, marks: readonly string[]): void {
  const tables = new SimTables(world.diskOf(life.name), {
    scheduler: world.scheduler,
    process: new SimProcess(`edits ${life.name}`),
    trace: world.trace,
  });
  const members = tables.open('members');
  const chain = tables.open('chain');
  tables.commit(
    (batch) => {
      for (const key of chain.keys({})) batch.remove(chain, key);
      for (const { key, value } of members.range({ start: '0' })) {
        const row = decodeMember(value);
        const isMarked = marks.includes(world.nameOf(row.id));
        const renamed = {
          ...row,
          name: row.id === life.id ? row.name : `${row.name}-${life.name}`,
        };
        const old = isMarked ? { ...renamed, removed: true as const } : renamed;
        batch.put(members, key, encodeMember(old));
      }
    },
    () => undefined,
  );
}

describe('removed before there were configurations', () => {
  test('some know of it and some do not, each with other names: all go on with one configuration, and without who was removed', async () => {
    const four = ['a', 'b', 'c', 'd'];
    const { world, lives } = await cluster('of old', four);
    const d = lives[3]!;
    await world.run(1_000);
    for (const life of lives) world.kill(life);
    for (const life of lives.slice(0, 3)) asOfOld(world, life, life.name === 'b' ? ['d'] : []);
    await world.run(100);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => world.start(name)) as [
      NodeLife,
      NodeLife,
      NodeLife,
    ];
    const all = [a, b, c];
    await world.run(300);
    // Before anybody is asked: nothing is taken from it where that is known.
    expect(removedAt(world, all)).toEqual(['', 'd', '']);
    const known = () => all.map((life) => life.membership.configurations.chain.known!);
    expect(known().map(({ number, removed }) => [number, removed])).toEqual(
      [1, 2, 3].map(() => [1, []]),
    );
    await world.until(() => known().every(({ removed }) => removed.includes(d.id)), 30_000);
    expect(removedAt(world, all)).toEqual(['d', 'd', 'd']);
    await world.until(() => new Set(known().map((one) => JSON.stringify(one))).size === 1, 5_000);
  });

  test('marks outlive a crash that comes before the others have heard of them', async () => {
    const { world, lives } = await cluster('marks', names);
    await world.run(1_000);
    for (const life of lives) world.kill(life);
    asOfOld(world, lives[0]!, ['c']);
    await world.run(100);
    for (let life = 0; life < 3; life++) {
      const a = world.start('a');
      await world.run(1_500);
      expect(removedAt(world, [a])).toEqual(['c']);
      world.kill(a);
    }
  });
});
