/**
 * The chart of membership as nodes run it, in random histories: what nodes reach, hear late or
 * twice, and lose that was not on their disks.
 */
import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import type { Configuration, RingVersion } from '../../actors/rules/configuration.js';
import { type FoundingVote, noVote, sameIds } from '../../actors/rules/founding.js';
import type { JoinWish, Member } from '../../actors/rules/membership.js';
import { foundingConfiguration } from '../../actors/rules/steps.js';
import { Life, type LifeEffects } from '../../src/membership/life.js';
import { Roster } from '../../src/membership/roster.js';
import { Inspection } from '../../src/seams/inspection.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { ManualClock } from '../support/manual-clock.js';

interface Process {
  readonly life: Life;
  /** Writes that the disk has not finished. */
  readonly saves: { readonly vote: FoundingVote; readonly done: () => void }[];
  readonly reaches: Set<string>;
}

interface Told {
  readonly from: string;
  readonly told: FoundingVote;
  readonly reached: readonly string[];
}

class Nodes {
  readonly founded: { readonly list: readonly string[]; readonly ring: RingVersion }[] = [];
  private readonly disks = new Map<string, FoundingVote>();
  private readonly lives = new Map<string, Process>();
  private readonly told: Told[] = [];

  constructor(
    private readonly ids: readonly string[],
    private readonly random: SimRandom,
  ) {
    for (const id of ids) {
      this.disks.set(id, noVote);
      this.start(id);
    }
  }

  step(): void {
    const id = this.random.pick(this.ids);
    const process = this.lives.get(id)!;
    const draw = this.random.below(40);
    if (draw === 0) this.start(id);
    else if (draw < 4) this.turn(process);
    else if (draw < 8) this.store(id, process);
    else if (draw < 16) process.life.countMet();
    else if (draw < 24) this.tell(id, process);
    else if (this.told.length > 0) this.hear(id, process);
  }

  private start(id: string): void {
    const roster = new Roster(memberOf(id));
    for (const other of this.ids) if (other !== id) roster.learn(memberOf(other), { direct: true });
    const reaches = new Set(this.ids.filter((other) => other === id || this.random.below(2) > 0));
    const saves: Process['saves'] = [];
    const clock = new ManualClock();
    const effects: LifeEffects = {
      listen: nothing,
      store: (done) => saves.push({ vote: life.next, done }),
      greet: nothing,
      awaitTime: () => Promise.resolve(),
      tellAll: nothing,
      tellSome: nothing,
      configure: () => {
        this.founded.push({ list: life.vote.founders, ring: life.ring });
        life.send({ type: 'configuration.learned', isMember: true });
      },
      join: nothing,
      endAsDeparted: nothing,
      fallSilent: nothing,
    };
    const isReachable = (node: string): boolean => reaches.has(node);
    const inspection = new Inspection(clock);
    const known = (): Configuration | undefined => (life.isFounded ? founded : undefined);
    // As with a program that is put in place of an earlier one in between.
    const foundingRing = this.random.pick([1, 2] as const);
    const options = { clock, inspection, roster, founders: 2, foundingRing, wish, known };
    const life = new Life({ ...options, isReachable }, effects);
    const vote = this.disks.get(id)!;
    life.send({ type: 'disk.read', vote, known: this.ids, ...stranger });
    this.lives.set(id, { life, saves, reaches });
  }

  /** Somebody can be reached, or can't any more. */
  private turn({ reaches }: Process): void {
    const other = this.random.pick(this.ids);
    if (!reaches.delete(other)) reaches.add(other);
  }

  private store(id: string, { saves }: Process): void {
    const save = saves.shift();
    if (save === undefined) return;
    this.disks.set(id, save.vote);
    save.done();
  }

  private tell(from: string, { life }: Process): void {
    this.told.push({ from, told: life.vote, reached: life.met() });
  }

  /** Of late mostly, or nobody would ever agree. */
  private hear(id: string, { life }: Process): void {
    const { told } = this;
    const at = this.random.below(4) > 0 ? Math.max(0, told.length - 12) : 0;
    const news = told[this.random.between(at, told.length - 1)]!;
    if (news.from !== id) life.send({ type: 'news.heard', ...news, known: this.ids, outdated: [] });
  }
}

const wish: JoinWish = { join: 'auto', replaces: '' };
/** Any that is one. */
const founded = foundingConfiguration([], 1);
const stranger = { isMember: false, hasDeparted: false };

function nothing(): void {
  // No other nodes and no disk are here.
}

function memberOf(id: string): Member {
  const place = { name: id, host: id, zone: '', weight: 1, pid: 1 };
  return { id, ...place, generation: 1, heartbeat: 0, epochs: 0, status: 'joining' };
}

test('whatever nodes reach, hear late or twice, and lose: two lists of founders have no node in common, and those of one go by one ring', () => {
  let founded = 0;
  const rings = new Set<RingVersion>();
  for (let seed = 0; seed < 400; seed++) {
    const random = new SimRandom(`founding ${seed}`);
    const nodes = new Nodes(['a', 'b', 'c', 'd'].slice(0, random.pick([3, 4])), random);
    for (let i = 0; i < 800; i++) nodes.step();
    founded += nodes.founded.length > 0 ? 1 : 0;
    for (const { list, ring } of nodes.founded) {
      rings.add(ring);
      for (const other of nodes.founded)
        if (sameIds(list, other.list)) expect(other.ring).toBe(ring);
        else expect(list.filter((id) => other.list.includes(id))).toEqual([]);
    }
  }
  expect(rings.size).toBe(2);
  expect(founded).toBeGreaterThan(100);
});
