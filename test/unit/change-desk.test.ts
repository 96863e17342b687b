/** Operators who ask nodes for changes of the membership, over buses in memory. */
import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { KnownBuckets } from '../../src/buckets/known-buckets.js';
import { ChangeDesk } from '../../src/membership/change-desk.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import type { PlanForm, PreviewForm } from '../../src/wire/change-form.js';
import { SimProcess } from '../simulation/core/scheduler.js';
import { SimBus } from '../simulation/seams/sim-bus.js';
import { cluster, MemberWorld, names, type NodeLife } from '../support/member-world.js';

interface Answer {
  readonly plan?: PlanForm;
  readonly preview?: PreviewForm;
  readonly number?: number;
  readonly error?: string;
  readonly outcome?: string;
}

const buckets = new KnownBuckets(nodeOptionsDefault);
const sizes = { keysOf: () => 4, sample: () => [100, 300] };

/** Operators, each with a connection of their own, and the desks of nodes. */
class Office {
  private readonly desks = new Set<NodeLife>();
  private operators = 0;

  constructor(private readonly world: MemberWorld) {}

  /** Said by the node; undefined: nothing. */
  ask(
    life: NodeLife,
    question: unknown,
    reply = `_INBOX.o${this.operators}`,
  ): { said: Answer | undefined } {
    const { nats } = this.world;
    const name = `operator-${this.operators++}`;
    const bus = new SimBus(nats, name, new SimProcess(name));
    const heard: { said: Answer | undefined } = { said: undefined };
    bus.subscribe(reply, ({ data }) => {
      heard.said = JSON.parse(Buffer.from(data).toString()) as Answer;
    });
    const text = typeof question === 'string' ? question : JSON.stringify(question);
    bus.publish(`_kv.${life.id}.change`, Buffer.from(text), { reply });
    return heard;
  }

  async open(...lives: readonly NodeLife[]): Promise<void> {
    for (const life of lives) {
      if (this.desks.has(life)) continue;
      this.desks.add(life);
      const bus = new SimBus(this.world.nats, `desk-${life.name}`, life.process);
      const address = { id: life.id, prefix: 'kv' };
      new ChangeDesk(bus, address, life.membership, buckets, sizes).start();
    }
    // Subscriptions take their way to the server.
    await this.world.run(10);
  }

  async answer(life: NodeLife, question: unknown): Promise<Answer> {
    await this.open(life);
    const heard = this.ask(life, question);
    await this.world.until(() => heard.said !== undefined, 12_000);
    return heard.said!;
  }

  async plan(life: NodeLife, wishes: object): Promise<PlanForm> {
    const { plan, error } = await this.answer(life, { ask: 'plan', ...wishes });
    if (plan === undefined) throw new Error(error);
    return plan;
  }
}

const nothing = { add: [], leave: [], remove: [], replace: [], places: [] };

function known(life: NodeLife) {
  return life.membership.configurations.chain.known!;
}

function named(world: MemberWorld, ids: readonly { readonly id: string }[] | undefined): string {
  return (ids ?? [])
    .map(({ id }) => world.nameOf(id))
    .sort()
    .join('');
}

describe('a plan', () => {
  test('of a node that waits: shown, with its place as it was started or as the operator wants it; applied by another node', async () => {
    const { world, lives } = await cluster('desk adds');
    const [a, b] = lives as [NodeLife, NodeLife];
    const office = new Office(world);
    const d = world.start('d', { founders: 3, host: 'rack', weight: 3 });
    await world.run(3_000);
    const places = [{ id: d.id, weight: 2 }];
    const { plan, preview } = await office.answer(a, { ask: 'plan', add: [d.id], places });
    const place = { id: d.id, name: 'd', host: 'rack', zone: '', weight: 2 };
    expect(plan).toEqual({
      number: 1,
      wishes: { add: [d.id], leave: [], remove: [], replace: [], places: [place] },
    });
    const shown = preview!.nodes.find((node) => node.place.id === d.id)!;
    expect([shown.place, shown.before.partitions]).toEqual([place, 0]);
    expect(shown.after).toEqual(shown.toMove);
    expect(shown.after.bytes).toBe(shown.after.partitions * 4 * 200);
    expect(preview!.toMove).toEqual(shown.toMove);
    expect(preview!.estimatedFrom).toMatchObject({ partitionsHeld: 256, bytesPerKey: 200 });
    expect(preview!.names[d.id]).toBe('d');
    expect(preview!.waiting).toEqual([
      { place: { ...place, weight: 3 }, join: 'ask', replaces: '' },
    ]);
    expect([preview!.down, preview!.omitted]).toEqual([[], { shared: 0, atRisk: 0, held: 0 }]);
    expect(known(a).number).toBe(1);
    expect(await office.answer(b, { ask: 'apply', plan })).toEqual({ number: 2 });
    expect(known(b).move!.members.find(({ id }) => id === d.id)).toEqual(place);
  });

  test('of other names and another ring: nobody who has a name loses it; all go by what was chosen', async () => {
    const { world, lives } = await cluster('desk renames');
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    const taken = [{ id: a.id, name: 'b' }];
    expect((await office.answer(a, { ask: 'plan', places: taken })).error).toMatch(
      /two nodes named b/,
    );
    const places = [{ id: a.id, name: 'z' }];
    const plan = await office.plan(b, { places, ring: 1 });
    expect(plan).toEqual({ number: 1, wishes: { ...nothing, places, ring: 1 } });
    expect((await office.answer(c, { ask: 'apply', plan })).number).toBe(2);
    // All hold everything, so nothing has to move.
    await world.until(() => lives.every((life) => known(life).ring === 1), 8_000);
    for (const life of lives) {
      expect(
        known(life)
          .members.map(({ name }) => name)
          .sort()
          .join(''),
      ).toBe('bcz');
      expect(life.membership.view.members().find(({ id }) => id === a.id)!.name).toBe('z');
    }
    // It was started with another one, and says so.
    expect(a.membership.problems.texts().join()).toContain('quorate ring plan --name z=a,');
  });

  test('is refused once the cluster has gone on, also where two operators apply at once', async () => {
    const { world, lives } = await cluster('desk races', ['a', 'b', 'c', 'd']);
    const [a, b, c] = lives as [NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    const [one, two] = [
      await office.plan(a, { leave: [c.id] }),
      await office.plan(b, { places: [{ id: c.id, weight: 2 }] }),
    ];
    const asked = [
      office.ask(a, { ask: 'apply', plan: one }, '_INBOX.one'),
      office.ask(b, { ask: 'apply', plan: two }, '_INBOX.two'),
    ];
    await world.until(() => asked.every(({ said }) => said !== undefined), 12_000);
    const said = asked.map((heard) => heard.said!);
    expect(said.filter(({ number }) => number !== undefined)).toHaveLength(1);
    const other = said.find(({ error }) => error !== undefined)!;
    expect(other.error).toMatch(/plan is of configuration 1, and the cluster has gone on to \d/);
    await world.until(() => known(c).number > 1, 3_000);
    const late = await office.answer(c, { ask: 'apply', plan: one });
    expect(late).toMatchObject({ outcome: 'none' });
    expect(late.error).toMatch(/has gone on to \d+: plan again/);
    const { error } = await office.answer(a, { ask: 'plan', leave: [a.id] });
    expect(error).toMatch(/a move is under way/);
    const early = await office.answer(a, { ask: 'apply', plan: { ...one, number: 99 } });
    expect(early.error).toMatch(/of configuration 99, and this node has heard of \d+ so far/);
  });

  test('that can not be says what to do', async () => {
    const { world, lives } = await cluster('desk refuses');
    const [a, , c] = lives as [NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    const refused = async (wishes: object): Promise<string> => {
      const { error = '', outcome } = await office.answer(a, { ask: 'plan', ...wishes });
      expect(outcome).toBe('none');
      return error;
    };
    expect(await refused({})).toMatch(/nothing would change/);
    expect(await refused({ add: ['0'.repeat(16)] })).toMatch(/is not known here: is it started/);
    expect(await refused({ add: [c.id] })).toMatch(/c is a member already/);
    expect(await refused({ remove: [c.id] })).toMatch(/c is not down: stop it first/);
    expect(await refused({ leave: names.map((name) => world.idOf(name)) })).toMatch(
      /nobody would hold anything/,
    );
    expect(await refused({ leave: ['b', 'c'].map((name) => world.idOf(name)) })).toMatch(
      /^1 node would be left, and some requests need 2 /,
    );
    const d = world.start('d', { founders: 3 });
    await world.run(3_000);
    for (const wish of [
      { leave: [d.id] },
      { remove: [d.id] },
      { replace: [{ old: d.id, by: d.id }] },
      { places: [{ id: d.id, weight: 2 }] },
    ])
      expect(await refused(wish)).toMatch(/^d waits to be taken in and holds nothing: stop its/);
    expect(await refused({ leave: ['c'] })).toMatch(/^leave\[0\]: the id of a node/);
    const { error } = await office.answer(a, 'leave c');
    expect(error).toMatch(/^not JSON/);
    world.kill(c);
    await world.run(5_000);
    expect(await refused({ replace: [{ old: a.id, by: c.id }] })).toMatch(/c is not heard now/);
  });

  test('who leaves, and who has left, is told as such', async () => {
    const { world, lives } = await cluster('desk tells', ['a', 'b', 'c', 'd']);
    const [a, b, , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    const plan = await office.plan(a, { leave: [d.id] });
    expect(b.membership.view.standing(d.id)).toEqual({});
    await office.answer(a, { ask: 'apply', plan });
    await world.run(1_000);
    expect(known(b).leaving).toEqual([]);
    expect(b.membership.view.standing(d.id)).toEqual({ leaving: true });
    expect(b.membership.view.standing(a.id)).toEqual({});
  });

  test('nobody is answered but at an inbox, and a node of no cluster says so', async () => {
    const { world, lives } = await cluster('desk elsewhere');
    const office = new Office(world);
    await office.open(lives[0]!);
    const heard = office.ask(lives[0]!, { ask: 'cancel' }, '_kv.elsewhere');
    await world.run(1_000);
    expect(heard.said).toBeUndefined();
    const empty = new MemberWorld('desk of nobody', { founders: 3 });
    const alone = empty.start('a');
    const { error } = await new Office(empty).answer(alone, { ask: 'plan' });
    expect(error).toMatch(/knows of no cluster yet/);
  });
});

/** Of the partitions that move to them. */
function receivedSome(lives: readonly NodeLife[]): void {
  for (const { membership } of lives)
    membership.configurations.heldData = {
      received: () => new Set([0, 1, 2]),
      isEmpty: () => false,
      emptied: () => [],
      unanswering: () => [],
    };
}

describe('a move that is under way', () => {
  test('is cancelled; where nothing moves there is nothing to cancel', async () => {
    const { world, lives } = await cluster('desk cancels', ['a', 'b', 'c', 'd']);
    const [a, b, , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    expect((await office.answer(a, { ask: 'cancel' })).error).toBe('nothing is moving');
    const plan = await office.plan(a, { leave: [d.id] });
    await office.answer(a, { ask: 'apply', plan });
    await world.run(3_000);
    const { number, members } = known(a);
    expect(await office.answer(b, { ask: 'cancel' })).toEqual({ number: number + 1 });
    expect(known(b).move?.members ?? known(b).members).toEqual(members);
  });

  test('is not cancelled where too few are heard of those who vote then', async () => {
    const { world, lives } = await cluster('desk cancels to the dead', ['a', 'b', 'c', 'd']);
    const [a, b, c, d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    // Some partitions have moved: those vote after a cancel to whom they moved.
    receivedSome(lives);
    const plan = await office.plan(a, { leave: [c.id, d.id] });
    await office.answer(a, { ask: 'apply', plan });
    await world.until(() => known(a).move!.moved.length > 0, 5_000);
    await world.run(3_000);
    world.kill(b);
    await world.until(() => a.membership.view.reachability(b.id) === 'down', 60_000);
    const refused = await office.answer(a, { ask: 'cancel' });
    expect(refused.error).toMatch(/without b nothing could be chosen .*quorate remove b/);
    expect(refused.outcome).toBe('none');
    const removing = a.membership.removing.remove(b.id);
    await world.run(3_000);
    await removing;
    expect((await office.answer(a, { ask: 'cancel' })).error).toBeUndefined();
  });

  test('operators who cancel it at once, at one node or at several, cancel it once', async () => {
    const { world, lives } = await cluster('desk cancels twice', ['a', 'b', 'c', 'd']);
    const [a, b, , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    // Some partitions have moved: it takes a while to go back.
    receivedSome(lives);
    const plan = await office.plan(a, { leave: [d.id] });
    await office.answer(a, { ask: 'apply', plan });
    await world.until(() => known(a).move!.moved.length > 0, 5_000);
    await world.run(3_000);
    const { members } = known(a);
    await office.open(a, b);
    const asked = [
      office.ask(a, { ask: 'cancel' }, '_INBOX.one'),
      office.ask(b, { ask: 'cancel' }, '_INBOX.two'),
      office.ask(a, { ask: 'cancel' }, '_INBOX.three'),
    ];
    await world.until(() => asked.every(({ said }) => said !== undefined), 12_000);
    expect(asked.map(({ said }) => said?.error)).toEqual([undefined, undefined, undefined]);
    expect(known(a).move!.members).toEqual(members);
  });
});

describe('a member that is gone for good', () => {
  test('is replaced when nobody hears it; whoever does objects', async () => {
    const { world, lives } = await cluster('desk replaces', ['a', 'b', 'c', 'd']);
    const [a, b, , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    const office = new Office(world);
    const e = world.start('e', { founders: 4 });
    await world.run(3_000);
    world.between([[...names, 'e'], 'd'], 'cut');
    await world.run(10_000);
    const plan = await office.plan(a, { replace: [{ old: d.id, by: e.id }] });
    // b would tell a of it at once.
    const late = { from: world.busNameOf('b'), to: world.busNameOf('a') };
    world.nats.clog(late, world.scheduler.nowUs + 1.4e6);
    world.between(['b', 'd'], 'heal');
    await world.until(() => b.membership.view.reachability(d.id) === 'alive', 1_300);
    expect(a.membership.view.reachability(d.id)).toBe('down');
    const heard = office.ask(a, { ask: 'apply', plan });
    await world.until(() => heard.said !== undefined, 12_000);
    expect(heard.said).toMatchObject({ error: 'b says: it is alive, or was a moment ago' });
    expect(known(a).number).toBe(1);
    world.kill(d);
    await world.run(5_000);
    expect(await office.answer(b, { ask: 'apply', plan })).toEqual({ number: 2 });
    const { move, removed } = known(b);
    expect([named(world, move!.members), removed]).toEqual(['abce', [d.id]]);
  });

  test('and its wiped machine that says so comes in its stead by itself, once the others agree', async () => {
    const { world, lives } = await cluster('replaces itself', ['a', 'b', 'c', 'd']);
    const [a, , , d] = lives as [NodeLife, NodeLife, NodeLife, NodeLife];
    await world.run(2_000);
    const own = { founders: 4, join: 'auto', replaces: 'd', name: 'd' } as const;
    const wiped = world.start('d', { ...own, disk: 'new' });
    await world.run(10_000);
    // It lives.
    expect(known(a).number).toBe(1);
    expect(wiped.membership.life.waitingFor()).toMatch(
      /it replaces d as soon as that one is down and nobody hears it/,
    );
    d.process.die();
    await world.until(() => known(a).number > 1, 20_000);
    expect(known(a).removed).toEqual([d.id]);
    const { members } = known(a).move!;
    expect(members.find(({ id }) => id === wiped.id)?.name).toBe('d');
    expect(members).toHaveLength(4);
    await world.until(() => wiped.membership.life.isJoined, 5_000);
    expect(wiped.membership.view.self.wish).toBeUndefined();
  });
});

describe('a node that comes later', () => {
  test.each([
    ['auto', 'ask', 4],
    ['ask', 'auto', 3],
  ] as const)(
    'says %s: that counts, whatever the members say (%s)',
    async (join, others, count) => {
      const { world, lives } = await cluster(`says ${join}`, names, { join: others });
      const late = world.start('d', { founders: 3, join });
      await world.run(10_000);
      const { members, move } = known(lives[0]!);
      expect((move?.members ?? members).length).toBe(count);
      expect(late.membership.life.isJoined).toBe(join === 'auto');
      if (join === 'ask')
        expect(late.membership.problems.texts().join()).toMatch(/quorate ring plan --add d/);
    },
  );

  test('under the name of a member it waits, and says what to do', async () => {
    const { world, lives } = await cluster('same name');
    const late = world.start('c', { founders: 3, join: 'auto', disk: 'other' });
    await world.run(10_000);
    expect(known(lives[0]!).number).toBe(1);
    expect(late.membership.problems.texts().join()).toMatch(
      /start it with --replaces c if .*quorate replace c c/,
    );
    const standing = (of: NodeLife): unknown => lives[0]!.membership.view.standing(of.id);
    // Not without an operator.
    expect(standing(late)).toEqual({ waits: 'ask' });
    expect(standing(lives[2]!)).toEqual({});
  });

  test('that is to replace somebody founds no cluster of its own', async () => {
    const { world, lives } = await cluster('alone', ['a']);
    world.kill(lives[0]!);
    const late = world.start('b', { founders: 1, replaces: 'a' });
    await world.run(10_000);
    expect(late.membership.life.isFounded).toBe(false);
    expect(late.membership.life.waitingFor()).toMatch(/in which it replaces a: nobody of it/);
  });
});
