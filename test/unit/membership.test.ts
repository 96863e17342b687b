import { describe, expect, test } from '@jest/globals';
import { bucketOptionsDefault } from '../../actors/rules/bucket.js';
import { limits } from '../../actors/rules/limits.js';
import { SimProcess } from '../simulation/core/scheduler.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { encodeMember, encodeVote } from '../../src/wire/member-rows.js';
import {
  allActive,
  cluster,
  MemberWorld,
  names,
  type NodeLife,
  settled,
} from '../support/member-world.js';

function reachabilityOf(peer: NodeLife, among: readonly NodeLife[]): string[] {
  return among
    .filter((life) => life !== peer)
    .map(({ membership }) => membership.view.reachability(peer.id));
}

function differenceMs(life: NodeLife, other: NodeLife): number {
  return Math.abs(life.clock.wallMs() - other.clock.wallMs());
}

/** The rings of nodes that serve, all they ever were. */
function ringsOf(world: MemberWorld, lives: readonly NodeLife[]): Set<number> {
  const rings = new Set<number>();
  world.nats.onPublish.push(() => {
    for (const { process, membership } of lives)
      if (process.alive && membership.life.isJoined) rings.add(membership.view.ring.epoch);
  });
  return rings;
}

/** A node, the epochs its store would have leased, and what it was told to skip to. */
async function lifeOf(
  world: MemberWorld,
  epochs: number,
): Promise<{ c: NodeLife; skipped: number[] }> {
  const c = world.start('c');
  const skipped: number[] = [];
  c.membership.lineage.guard(
    { leasedEpochs: () => epochs, skipEpochs: async (seen) => void skipped.push(seen) },
    () => undefined,
  );
  return { c, skipped };
}

test('in a cluster of ten each tells each of the others in every third beat', async () => {
  const { world, lives } = await cluster('ten', 'abcdefghij'.split(''));
  await world.run(5_000);
  const told = new Map<string, number>();
  let longestMs = 0;
  world.nats.onPublish.push((from, { subject }) => {
    const isClaim = subject.includes(world.idOf(from[0]!));
    if (!subject.endsWith('.gossip') || isClaim) return;
    const way = `${from} ${subject}`;
    longestMs = Math.max(longestMs, world.nowMs - (told.get(way) ?? world.nowMs));
    told.set(way, world.nowMs);
  });
  await world.run(30_000);
  expect(told.size).toBe(lives.length * (lives.length - 1));
  expect(longestMs).toBeLessThan(3_500);
});

describe('founding', () => {
  test('three nodes that start together found one cluster with equal rings, within a second', async () => {
    const world = new MemberWorld('found', { founders: 3 });
    const lives = names.map((name) => world.start(name));
    const tookMs = await world.until(() => allActive(lives), 5_000);
    expect(tookMs).toBeLessThan(1_000);
    const [first] = lives;
    for (const { membership } of lives) {
      expect(membership.view.ring.epoch).toBe(first!.membership.view.ring.epoch);
      expect(membership.view.ring.preferenceList(7)).toEqual(
        first!.membership.view.ring.preferenceList(7),
      );
      expect(membership.life.waitingFor()).toBeUndefined();
      expect(membership.view.placement(7, 2).primaries).toEqual(
        membership.view.ring.preferenceList(7).slice(0, 2),
      );
    }
  });

  test('two of three are here: nobody holds partitions, and says why', async () => {
    const world = new MemberWorld('wait', { founders: 3 });
    const [a] = ['a', 'b'].map((name) => world.start(name));
    await world.run(20_000);
    expect(a!.membership.view.self.status).toBe('joining');
    expect(a!.membership.view.ring.preferenceList(0)).toEqual([]);
    expect(a!.membership.life.waitingFor()).toMatch(/2 of 3 are here/);
    expect(a!.membership.problems.texts().join()).toMatch(/2 of 3 are here/);
    const c = world.start('c');
    await world.until(() => c.membership.view.self.status === 'active', 2_000);
    await world.run(2_000);
    expect(a!.membership.problems.texts()).toEqual([]);
  });

  test.each([
    { what: 'told to found none', own: { founders: 0 } },
    { what: 'that replaces a member', own: { founders: 3, replaces: 'gone' } },
  ])(
    'a node $what: no cluster is founded with it, and it comes to the one that is',
    async ({ own }) => {
      const world = new MemberWorld('comes', { founders: 3 });
      const [a] = ['a', 'b'].map((name) => world.start(name));
      const comer = world.start('comer', own);
      await world.run(20_000);
      expect(a!.membership.life.waitingFor()).toMatch(/2 of 3 are here/);
      expect(comer.membership.life.waitingFor()).toMatch(/nobody of it is heard/);
      const c = world.start('c');
      await world.until(() => c.membership.view.self.status === 'active', 2_000);
      await world.run(2_000);
      expect(comer.membership.life.waitingFor()).toMatch(/founded without this node/);
    },
  );

  test.each(Array.from({ length: 12 }, (_, i) => i))(
    'five nodes start within two seconds, founders=3, one dies on the way (seed %i): one cluster, nobody of two',
    async (seed) => {
      const world = new MemberWorld(`race ${seed}`, { founders: 3 });
      const lives: NodeLife[] = [];
      for (const [i, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
        lives.push(world.start(name));
        await world.run((seed * 37 + i * 101) % 500);
        if (i === 2 && seed % 3 === 0) world.kill(lives[seed % 2]!);
      }
      await world.run(10_000);
      const live = lives.filter(({ process }) => process.alive);
      const active = live.filter(({ membership }) => membership.view.self.status === 'active');
      const known = active[0]!.membership.view
        .members()
        .filter(({ status }) => status === 'active');
      expect(known.length).toBeGreaterThanOrEqual(3);
      expect(new Set(active.map(({ membership }) => membership.view.ring.epoch)).size).toBe(1);
      expect(active.flatMap(({ membership }) => membership.problems.texts())).toEqual([]);
    },
  );

  test('a node that comes later stays joining, knows the ring, and says why', async () => {
    const { world, lives } = await cluster('late');
    const late = world.start('late', { founders: 3 });
    await world.run(5_000);
    expect(late.membership.view.self.status).toBe('joining');
    expect(late.membership.life.waitingFor()).toMatch(/founded without this node/);
    expect(late.membership.view.configuration).toBe(1);
    expect(late.membership.view.ring.epoch).toBe(lives[0]!.membership.view.ring.epoch);
    expect(lives[0]!.membership.view.members().map(({ name }) => name)).toContain('late');
    world.kill(late);
    await world.run(5_000);
    expect(lives[0]!.membership.view.members()).toHaveLength(3);
  });

  test('killed all together and started one by one, each knows the same ring at once, alone', async () => {
    const { world, lives } = await cluster('restart');
    const epoch = lives[0]!.membership.view.ring.epoch;
    await world.run(3_000);
    for (const life of lives) world.kill(life);
    for (const name of names) {
      const life = world.start(name);
      expect(life.membership.view.self.status).toBe('active');
      expect(life.membership.view.ring.epoch).toBe(epoch);
      expect(life.membership.view.self.generation).toBeGreaterThan(1);
      await world.run(1_000);
      world.kill(life);
    }
  });

  test('alone and killed in the moment of founding: it has its place when it returns', async () => {
    for (let atMs = 250; atMs < 256; atMs += 0.2) {
      const world = new MemberWorld(`solo ${atMs}`, { founders: 1 });
      const life = world.start('a');
      await world.run(atMs);
      world.kill(life);
      const back = world.start('a');
      await world.until(() => back.membership.life.isJoined, 2_000);
      expect(back.membership.view.self.status).toBe('active');
    }
  });

  test('killed in the moment of founding: who was told of the cluster is of it when it returns', async () => {
    for (let atMs = 240; atMs < 280; atMs += 5) {
      const world = new MemberWorld(`moment ${atMs}`, { founders: 3 });
      const lives = names.map((name) => world.start(name));
      await world.run(atMs);
      world.kill(lives[0]!);
      await world.run(3_000);
      const back = [world.start('a'), ...lives.slice(1)];
      await world.until(() => allActive(back), 5_000);
      expect(new Set(back.map(({ membership }) => membership.view.ring.epoch)).size).toBe(1);
    }
  });

  describe('a founder is back with another host in the moment of founding', () => {
    test('rings are equal, and stay what they were when nodes began to serve', async () => {
      const hosts = new Set<string>();
      for (const isCut of [false, true])
        for (let atMs = 254; atMs < 262; atMs++) {
          const world = new MemberWorld('moved', { founders: 3 });
          const lives = names.map((name) => world.start(name));
          const rings = ringsOf(world, lives);
          await world.run(atMs);
          world.kill(lives[0]!);
          lives[0] = world.start('a', { host: 'elsewhere' });
          if (isCut) world.nats.cut({ from: world.busNameOf('a'), to: 'c-3' }, 'silent');
          await world.until(() => allActive(lives), 4_000);
          await world.run(2_500);
          expect([atMs, ...rings]).toHaveLength(2);
          hosts.add(lives[0].membership.view.self.host);
        }
      expect([...hosts].sort()).toEqual(['a', 'elsewhere']);
    });

    test('who is told of its cluster takes its place when it knows how the others live now', async () => {
      const world = new MemberWorld('told', { founders: 3 });
      const lives = names.map((name) => world.start(name));
      const [, b, c] = lives as [NodeLife, NodeLife, NodeLife];
      const rings = ringsOf(world, lives);
      await world.run(254);
      world.kill(lives[0]!);
      lives[0] = world.start('a', { host: 'elsewhere' });
      const toC = ['a', 'b'].map((name) => ({ from: world.busNameOf(name), to: 'c-3' }));
      for (const way of toC) world.nats.cut(way, 'silent');
      await world.until(() => b.membership.life.isJoined, 2_000);
      world.nats.heal(toC[1]!);
      // It hears what b has founded, asks who a is now, and the answer is lost.
      let isAsked = false;
      world.nats.onPublish.push((from) => {
        if (from === 'c-3' && !isAsked) world.nats.cut(toC[1]!, 'silent');
        isAsked ||= from === 'c-3';
      });
      await world.run(3_000);
      world.nats.healAll();
      await world.until(() => c.membership.life.isJoined, 4_000);
      await world.run(2_500);
      expect([...rings]).toHaveLength(1);
    });
  });

  test('the first founder loses power before anybody hears of it, and a fourth node is there: one cluster', async () => {
    let agreedAlone = 0;
    for (let i = 0; i < 40; i++) {
      const world = new MemberWorld(`alone ${i}`, { founders: 3 });
      let messages = 0;
      world.nats.onPublish.push(() => messages++);
      const lives = names.map((name) => world.start(name));
      const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
      // What b and c say to each other, and then what a says, is lost at different moments of the
      // agreement.
      await world.run(250 + (i % 8) * 0.1);
      world.nats.cut({ from: 'b-2', to: 'c-3' }, 'silent');
      world.nats.cut({ from: 'c-3', to: 'b-2' }, 'silent');
      await world.run(Math.floor(i / 8) * 0.2);
      for (const to of ['b-2', 'c-3']) world.nats.cut({ from: 'a-1', to }, 'silent');
      await world.run(40);
      world.kill(a);
      world.nats.healAll();
      const d = world.start('d');
      await world.run(12_000);
      world.nats.healAll();
      const back = world.start('a');
      await world.run(5_000);
      const serving = [back, b, c, d].filter(
        ({ membership }) => membership.view.self.status === 'active',
      );
      expect(serving.length).toBeGreaterThanOrEqual(3);
      expect(new Set(serving.map(({ membership }) => membership.view.ring.epoch)).size).toBe(1);
      expect(
        [back, b, c, d].flatMap(({ membership }) => membership.problems.texts().join()),
      ).not.toContain('another cluster');
      if (d.membership.view.self.status === 'active') agreedAlone++;
      // Nodes tell of the dead one for a while, and nobody asks for it again and again.
      expect(messages).toBeLessThan(1_000);
    }
    expect(agreedAlone).toBeGreaterThan(0);
  });
});

test('a member that goes by another configuration is told all that is known and asked for the same, now and then; nobody else is', async () => {
  const { world, lives } = await cluster('differs');
  const [a, b] = lives as [NodeLife, NodeLife];
  await world.run(100);
  const told: string[] = [];
  world.nats.onPublish.push((from, { subject }) => void told.push(`${from[0]} ${subject}`));
  const toB = `a _kv.${b.id}.gossip`;
  for (const node of [b.id, b.id, 'f'.repeat(16)]) a.membership.view.reconcile(node);
  await world.run(5);
  expect(told).toEqual([toB, `b _kv.${a.id}.gossip`]);
  await world.run(limits.configurationAgainMsMax);
  a.membership.view.reconcile(b.id);
  await world.run(5);
  expect(told.filter((way) => way === toB)).toHaveLength(2);
});

describe('failure detector', () => {
  test('kill -9: suspect as soon as somebody sends it anything, down within 2.5 s, alive within 1 s of its return', async () => {
    const { world, lives } = await cluster('kill');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(5_000);
    world.kill(c);
    const suspectMs = await world.until(() => !reachabilityOf(c, lives).includes('alive'), 2_000);
    expect(suspectMs).toBeLessThan(1_100);
    const downMs = await world.until(
      () => reachabilityOf(c, lives).every((now) => now === 'down'),
      5_000,
    );
    expect(suspectMs + downMs).toBeLessThan(2_500);
    expect(a.membership.view.ring.epoch).toBe(b.membership.view.ring.epoch);
    expect(a.membership.view.members()).toHaveLength(3);
    const again = world.start('c');
    const backMs = await world.until(
      () => reachabilityOf(again, [a, b]).every((now) => now === 'alive'),
      5_000,
    );
    expect(backMs).toBeLessThan(1_000);
  });

  test('a process that stands still (NATS keeps its subscriptions): down by two witnesses; it refutes when it goes on', async () => {
    const { world, lives } = await cluster('hang', ['a', 'b', 'c', 'd']);
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(3_000);
    c.process.paused = true;
    const downMs = await world.until(
      () => reachabilityOf(c, lives).every((now) => now === 'down'),
      6_000,
    );
    expect(downMs).toBeLessThan(4_000);
    const { generation } = c.membership.view.self;
    await world.run(3_000);
    world.scheduler.resume(c.process);
    await world.until(() => reachabilityOf(c, lives).every((now) => now === 'alive'), 2_000);
    await world.run(2_000);
    expect(c.membership.view.self.generation).toBeGreaterThan(generation);
    // It stood still itself: it blames nobody.
    expect(c.changes.filter(({ what }) => what.endsWith('down'))).toEqual([]);
    expect([a, b].map(({ membership }) => membership.view.reachability(c.id))).toEqual([
      'alive',
      'alive',
    ]);
  });

  test('of two nodes one stands still: suspect, never down, for there is no second source', async () => {
    const { world, lives } = await cluster('pair', ['a', 'b']);
    const [a, b] = lives as [NodeLife, NodeLife];
    b.process.paused = true;
    await world.run(20_000);
    expect(a.membership.view.reachability(b.id)).toBe('suspect');
  });

  test('a node without its NATS link calls nobody down, and is called down by the others', async () => {
    const { world, lives } = await cluster('link');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(2_000);
    world.nats.disconnect(`${c.name}-3`, { forUs: 8e6, why: 'test' });
    await world.run(6_000);
    expect(reachabilityOf(c, [a, b])).toEqual(['down', 'down']);
    expect(c.changes.filter(({ what }) => what !== 'ring')).toEqual([]);
    await world.run(4_000);
    expect(reachabilityOf(c, [a, b])).toEqual(['alive', 'alive']);
  });

  test('a node whose link is held up hears nobody, and blames nobody', async () => {
    const { world, lives } = await cluster('held up');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(2_000);
    // What comes to c waits behind this.
    world.nats.clog({ from: 'x', to: 'c-3' }, world.scheduler.nowUs + 5e6);
    const x = new SimBus(world.nats, 'x', new SimProcess('x'));
    x.publish(`_kv.${c.id}.gossip`, Buffer.alloc(0));
    await world.run(6_000);
    expect(c.changes.filter(({ what }) => what !== 'ring')).toEqual([]);
    expect(reachabilityOf(c, [a, b])).toEqual(['alive', 'alive']);
  });

  test.each([
    { count: 5, seconds: 120 },
    { count: 12, seconds: 60 },
    { count: 20, seconds: 10 },
  ])('$count nodes at rest for $seconds s: no suspicion at all', async ({ count, seconds }) => {
    const { world, lives } = await cluster(
      `rest ${count}`,
      Array.from({ length: count }, (_, i) => `n${i}`),
    );
    await world.run(seconds * 1000);
    expect(lives.flatMap(({ changes }) => changes.filter(({ what }) => what !== 'ring'))).toEqual(
      [],
    );
  });

  test('who takes somebody for hung says so: one for whom it is gone knows that requests may be done twice', async () => {
    const { world, lives } = await cluster('split, and hung', ['a', 'b', 'c', 'd']);
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    let told = 0;
    a.membership.view.onTold((what) => {
      if (what === 'hanging.told') told++;
    });
    await world.run(2_000);
    for (const to of ['a-1', 'd-4']) {
      world.nats.cut({ from: to, to: 'c-3' }, 'split');
      world.nats.cut({ from: 'c-3', to }, 'split');
    }
    await world.until(() => a.membership.view.isAbsent(c.id), 3_000);
    expect(told).toBe(0);
    c.process.paused = true;
    await world.until(() => b.membership.view.reachability(c.id) === 'down', 6_000);
    expect([a, b].map(({ membership }) => membership.view.isAbsent(c.id))).toEqual([true, false]);
    await world.until(() => told > 0, 2_000);
    // Killed it is gone for all, and nobody says otherwise for long.
    world.kill(c);
    await world.run(10_000);
    const before = told;
    await world.run(10_000);
    expect(told).toBe(before);
  });

  test("NATS' word that nobody is there holds while it is said again: who was behind a cut and then hangs is not gone", async () => {
    const { world, lives } = await cluster('split, then hung');
    const [a, , c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(2_000);
    const way = { from: 'a-1', to: 'c-3' };
    world.nats.cut(way, 'split');
    await world.until(() => a.membership.view.isAbsent(c.id), 3_000);
    c.process.paused = true;
    world.nats.heal(way);
    await world.until(() => !a.membership.view.isAbsent(c.id), 4_000);
    await world.until(() => a.membership.view.reachability(c.id) === 'down', 6_000);
    expect(a.changes.at(-1)?.what).toBe('c down');
    await world.run(10_000);
    expect(a.membership.view.isAbsent(c.id)).toBe(false);
  });

  test('12 nodes, one killed: all of them go on knowing that it is gone', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const { world, lives } = await cluster('gone for long', names);
    await world.run(5_000);
    world.kill(lives[7]!);
    const others = lives.filter((life) => life !== lives[7]);
    const allKnow = (): boolean =>
      others.every(({ membership }) => membership.view.isAbsent(lives[7]!.id));
    await world.until(allKnow, 6_000);
    for (let i = 0; i < 200; i++) {
      await world.run(100);
      expect(allKnow()).toBe(true);
    }
  });

  test('a node that stays away for longer than tombstones are kept: all say what waits for it, until it is back', async () => {
    const { world, lives } = await cluster('gone', names, { tombstoneGraceMs: 60_000 });
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    world.kill(c);
    await world.run(50_000);
    expect(a.membership.problems.texts()).toEqual([]);
    await world.run(15_000);
    for (const { membership } of [a, b])
      expect(membership.problems.texts().join()).toMatch(
        /node c is down for longer than tombstones/,
      );
    world.start('c');
    await world.run(3_000);
    for (const { membership } of [a, b]) expect(membership.problems.texts()).toEqual([]);
  });

  test('12 nodes, one killed: down everywhere within 6 s', async () => {
    const { world, lives } = await cluster(
      'many',
      Array.from({ length: 12 }, (_, i) => `n${i}`),
    );
    await world.run(5_000);
    world.kill(lives[7]!);
    await world.until(() => reachabilityOf(lives[7]!, lives).every((now) => now === 'down'), 6_000);
  });
});

describe('wall clocks', () => {
  const hour = 3_600_000;

  test('one of three jumps an hour ahead, or back: it goes by the others at once, says so, and that is over when it is set right', async () => {
    const { world, lives } = await cluster('jump');
    const [a, b] = lives as [NodeLife, NodeLife];
    await world.run(3_000);
    for (const byMs of [hour, -2 * hour]) {
      a.faults.wallOffsetMs += byMs;
      expect(differenceMs(a, b)).toBeLessThan(100);
      expect(Math.abs(a.clock.aheadMs() - a.faults.wallOffsetMs)).toBeLessThan(100);
      await world.run(3_000);
      expect(differenceMs(a, b)).toBeLessThan(100);
      const where = byMs > 0 ? 'ahead of' : 'behind';
      expect(a.membership.problems.texts().join()).toMatch(`the wall clock of this machine is`);
      expect(a.membership.problems.texts().join()).toMatch(where);
      expect(b.membership.problems.texts()).toEqual([]);
      expect(Math.abs(b.clock.offsetsMs().get(a.id)! - a.faults.wallOffsetMs)).toBeLessThan(100);
    }
    a.faults.wallOffsetMs = 0;
    await world.run(3_000);
    expect(a.membership.problems.texts()).toEqual([]);
    expect(Math.abs(a.clock.aheadMs())).toBeLessThan(5);
  });

  test('a node that lost its directory and its clock has one voice: what it was and what it is now do not outvote the others', async () => {
    const { world, lives } = await cluster('two voices');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    await world.run(2_000);
    c.faults.wallOffsetMs = -hour;
    await world.run(2_000);
    world.kill(c);
    const again = world.start('c', { disk: 'new' });
    again.faults.wallOffsetMs = -hour;
    await world.run(5_000);
    expect(again.membership.view.self.status).toBe('joining');
    for (const { clock } of [a, b]) expect(clock.wallMs()).toBe(clock.ownWallMs());
    expect(differenceMs(a, again)).toBeLessThan(100);
  });

  test('of two the one ahead goes by the other; alone a node goes by its own', async () => {
    const { world, lives } = await cluster('jump of two', ['a', 'b']);
    const [a, b] = lives as [NodeLife, NodeLife];
    await world.run(2_000);
    a.faults.wallOffsetMs = hour;
    await world.run(2_000);
    expect(differenceMs(a, b)).toBeLessThan(100);
    expect(a.clock.wallMs()).toBeLessThan(a.clock.ownWallMs() - hour / 2);
    const { world: other, lives: one } = await cluster('alone', ['a']);
    one[0]!.faults.wallOffsetMs = hour;
    await other.run(2_000);
    expect(one[0]!.clock.wallMs()).toBe(one[0]!.clock.ownWallMs());
  });

  test('words that take longer than clocks may differ, for longer than anything is remembered, move nobody', async () => {
    const { world, lives } = await cluster('slow words');
    await world.run(3_000);
    world.noise.latencyUs = 1_700_000;
    for (let i = 0; i < 3_000; i++) {
      await world.run(10);
      for (const { clock, hearing, membership } of lives) {
        // They are busy, and read without a pause.
        hearing.read(clock.monotonicMs());
        expect(clock.wallMs()).toBe(clock.ownWallMs());
        expect(membership.problems.texts().join()).not.toMatch('clock');
      }
    }
  });

  test('a node that stood still does not take what it then reads for the time', async () => {
    const { world, lives } = await cluster('late words');
    const [a, b] = lives as [NodeLife, NodeLife];
    await world.run(3_000);
    a.process.paused = true;
    await world.run(20_000);
    world.scheduler.resume(a.process);
    for (let i = 0; i < 100; i++) {
      expect(Math.abs(a.clock.aheadMs())).toBeLessThan(100);
      await world.run(10);
    }
    expect(differenceMs(a, b)).toBeLessThan(100);
  });
});

describe('one id, one process', () => {
  test('a copy of a running node is refused at its start; the node goes on', async () => {
    const { world, lives } = await cluster('copy');
    const copy = world.start('copy', { disk: 'b' });
    await world.run(10_000);
    expect(copy.fatal.join()).toMatch(/another process .* runs as node/);
    expect(lives.flatMap(({ fatal }) => fatal)).toEqual([]);
  });

  test('a former process that stood still comes back beside its successor: the former ends', async () => {
    const { world, lives } = await cluster('former');
    const former = lives[1]!;
    former.process.paused = true;
    const successor = world.start('b');
    await world.run(10_000);
    world.scheduler.resume(former.process);
    await world.run(10_000);
    expect(former.fatal.join()).toMatch(/another process/);
    expect(successor.fatal).toEqual([]);
  });
});

describe('a disk put back from a copy', () => {
  test('the others know a later life: the node goes on beyond its epochs before it may serve; one that is right does not', async () => {
    const { world, lives } = await cluster('old disk');
    await world.run(3_000);
    world.kill(lives[2]!);
    const image = world.diskOf('c').image();
    const right = await lifeOf(world, 7_000);
    await world.until(() => right.c.membership.identity.speaks, 2_000);
    await world.run(3_000);
    expect(right.skipped).toEqual([]);
    world.kill(right.c);
    world.diskOf('c').restore(image);
    const old = await lifeOf(world, 5_000);
    await world.until(() => old.c.membership.identity.speaks, 2_000);
    expect(old.skipped).toEqual([7_000]);
    expect(old.c.membership.view.self.generation).toBeGreaterThan(
      right.c.membership.view.self.generation,
    );
  });

  test('nobody can be asked: it serves after a second, and notices as soon as it hears of what it did', async () => {
    const { world, lives } = await cluster('old disk alone');
    await world.run(3_000);
    world.kill(lives[2]!);
    const image = world.diskOf('c').image();
    const right = await lifeOf(world, 7_000);
    await world.run(20_000);
    world.kill(right.c);
    world.diskOf('c').restore(image);
    for (const other of ['a-1', 'b-2'])
      for (const way of [
        { from: other, to: 'c-5' },
        { from: 'c-5', to: other },
      ])
        world.nats.cut(way, 'silent');
    const old = await lifeOf(world, 5_000);
    await world.until(() => old.c.membership.identity.speaks, 2_000);
    expect(old.skipped).toEqual([]);
    world.nats.healAll();
    await world.until(() => old.skipped.length > 0, 5_000);
    expect(old.skipped).toEqual([7_000]);
  });
});

function versionOf({ membership }: NodeLife): number {
  return membership.configurations.chain.known!.ring;
}

describe('the ring of a new cluster', () => {
  test('is of version 2, for all founders; and of who comes from a directory that was founded before, 1', async () => {
    const { world, lives } = await cluster('a new ring');
    expect(lives.map(versionOf)).toEqual([2, 2, 2]);
    for (const life of lives) world.kill(life);
    const again = lives.map(({ name }) => world.start(name));
    await world.until(() => allActive(again), 10_000);
    expect(again.map(versionOf)).toEqual([2, 2, 2]);
    const old = await settled('an old ring', names);
    expect(old.lives.map(versionOf)).toEqual([1, 1, 1]);
  });

  test('is one for all of them, where one of them was about to found it with an earlier program', async () => {
    const world = new MemberWorld('an earlier program', { founders: 3 });
    const ids = names.map((name) => world.idOf(name)).sort();
    const vote = encodeVote({ attempt: 0, stored: ids, founders: [] });
    const born = { zone: '', weight: 1, pid: 1, generation: 1, heartbeat: 0, epochs: 0 };
    const rows = names.map((name) => {
      const row = { ...born, id: world.idOf(name), name, host: name, status: 'joining' } as const;
      return [row.id, encodeMember(row)] as const;
    });
    world.diskOf('a').tables.set('members', new Map([['!founders', vote], ...rows]));
    const lives = names.map((name) => world.start(name));
    await world.until(() => allActive(lives), 30_000);
    const [first, ...others] = lives.map(versionOf);
    expect(others).toEqual([first, first]);
  });
});

describe('settings', () => {
  test('64 instead of 256 partitions: nobody takes the other in, both say so', async () => {
    const world = new MemberWorld('partitions', { founders: 2 });
    const [a, b] = [world.start('a', { partitions: 64 }), world.start('b')];
    await world.run(5_000);
    expect(a.membership.view.members()).toHaveLength(1);
    for (const { membership } of [a, b])
      expect(membership.problems.texts().join()).toMatch(/partitions/);
  });

  test('another N of a bucket: reported, and settled when it is put right', async () => {
    const { world, lives } = await cluster('buckets');
    world.kill(lives[2]!);
    const odd = world.start('c', { buckets: { orders: { n: 5 } } });
    await world.run(3_000);
    expect(lives[0]!.membership.problems.texts().join()).toMatch(/another N/);
    world.kill(odd);
    world.start('c');
    await world.run(3_000);
    expect(lives[0]!.membership.problems.texts()).toEqual([]);
  });

  test.each([
    ['W of a bucket', { buckets: { orders: { w: 3 } } }, { buckets: { orders: { w: 1 } } }],
    ['R by default', {}, { defaults: { ...bucketOptionsDefault, r: 1 } }],
  ])(
    'another %s: both sides report it, and found a cluster all the same',
    async (_what, common, own) => {
      const world = new MemberWorld('quorums', { founders: 3, ...common });
      const [a, b, c] = [world.start('a'), world.start('b'), world.start('c', own)];
      await world.until(() => allActive([a, b, c]), 10_000);
      await world.run(3_000);
      const said = [a, b, c].map(({ membership }) => membership.problems.texts());
      expect(said[0]).toEqual([expect.stringMatching(/^node c .* another R or W of some bucket/)]);
      expect(said[1]).toEqual(said[0]);
      expect(said[2]).toHaveLength(2);
      world.kill(c);
      world.start('c');
      await world.run(3_000);
      expect(a.membership.problems.texts()).toEqual([]);
    },
  );

  test('two clusters with the same subjects keep apart and say so', async () => {
    const { world, lives } = await cluster('two');
    for (const life of lives)
      world.nats.disconnect(`${life.name}-${lives.indexOf(life) + 1}`, { forUs: 2e7, why: 'test' });
    const others = ['x', 'y', 'z'].map((name) => world.start(name));
    await world.until(() => allActive(others), 5_000);
    await world.run(30_000);
    expect(lives[0]!.membership.view.members().map(({ name }) => name)).toEqual(
      expect.arrayContaining(names),
    );
    expect(lives[0]!.membership.view.members()).toHaveLength(3);
    expect(lives[0]!.membership.problems.texts().join()).toMatch(
      /another cluster .* started with the data directory of another cluster \(--data-dir\)/,
    );
    const all = [...lives, ...others].map(({ membership }) => membership.view);
    expect(all.map(({ sharesSubjects }) => sharesSubjects)).toEqual(all.map(() => true));
  });

  test('name, host, zone and weight of a member stay what they are when it restarts with others, which is said', async () => {
    const { world, lives } = await cluster('place');
    const epoch = lives[0]!.membership.view.ring.epoch;
    world.kill(lives[2]!);
    const moved = world.start('c', { weight: 4, zone: 'z9', name: 'renamed' });
    await world.run(3_000);
    expect(moved.membership.view.ring.epoch).toBe(epoch);
    expect(lives[0]!.membership.view.ring.epoch).toBe(epoch);
    expect(moved.membership.problems.texts().join()).toMatch(
      /started as 'renamed' .* weight 4, and the configuration of its cluster has it as 'c'/,
    );
    expect(lives[0]!.membership.view.members().map(({ name }) => name)).toEqual(
      lives[0]!.membership.view.members().map(({ id }) => world.nameOf(id)),
    );
  });
});

describe('a stop', () => {
  test.each([
    ['before it knows whether it is alone with its id', 5],
    ['while it waits for others', 5_000],
  ])('of a member %s leaves nothing behind', async (_, afterMs) => {
    const world = new MemberWorld('stop', { founders: 3 });
    const { membership } = world.start('a');
    await world.run(afterMs);
    membership.stop();
    await world.run(60_000);
    expect(world.scheduler.pending).toBe(0);
  });
});
