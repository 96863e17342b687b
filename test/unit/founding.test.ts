/** `Founding` as it is, in random histories: what nodes reach, hear late or twice, and lose that was not on their disks. */
import { expect, test } from '@jest/globals';
import { type FoundingVote, noVote, sameIds } from '../../actors/rules/founding.js';
import type { Member } from '../../actors/rules/membership.js';
import { Founding } from '../../src/membership/founding.js';
import type { News } from '../../src/wire/protocol/news.js';
import { Roster } from '../../src/membership/roster.js';
import { SimRandom } from '../simulation/core/sim-random.js';

interface Life {
  readonly founding: Founding;
  /** Writes that the disk has not finished. */
  readonly saves: { readonly vote: FoundingVote; readonly done: () => void }[];
  readonly reaches: Set<string>;
}

class Nodes {
  readonly founded: (readonly string[])[] = [];
  private readonly disks = new Map<string, FoundingVote>();
  private readonly lives = new Map<string, Life>();
  private readonly told: { readonly from: string; readonly news: News }[] = [];

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
    const life = this.lives.get(id)!;
    const draw = this.random.below(40);
    if (draw === 0) this.start(id);
    else if (draw < 4) this.turn(life);
    else if (draw < 8) this.store(id, life);
    else if (draw < 16) life.founding.consider();
    else if (draw < 24) this.tell(id, life);
    else if (this.told.length > 0) this.hear(id, life);
  }

  private start(id: string): void {
    const roster = new Roster(memberOf(id));
    for (const other of this.ids) if (other !== id) roster.learn(memberOf(other), { direct: true });
    const reaches = new Set(this.ids.filter((other) => other === id || this.random.below(2) > 0));
    const saves: Life['saves'] = [];
    const founding: Founding = new Founding({
      roster,
      foundersMin: 2,
      isReachable: (node) => reaches.has(node),
      save: (done) => saves.push({ vote: founding.wanted, done }),
      tell: () => undefined,
      onFounded: () => this.founded.push(founding.vote.founders),
    });
    founding.restore(this.disks.get(id)!);
    this.lives.set(id, { founding, saves, reaches });
  }

  /** Somebody can be reached, or can't any more. */
  private turn({ reaches }: Life): void {
    const other = this.random.pick(this.ids);
    if (!reaches.delete(other)) reaches.add(other);
  }

  private store(id: string, { saves }: Life): void {
    const save = saves.shift();
    if (save === undefined) return;
    this.disks.set(id, save.vote);
    save.done();
  }

  private tell(from: string, { founding }: Life): void {
    const vitals = founding
      .met()
      .map((id) => ({ id, generation: 1, heartbeat: 1, opinion: 'heard' as const }));
    const { vote } = founding;
    this.told.push({ from, news: { vitals, vote } as unknown as News });
  }

  /** Of late mostly, or nobody would ever agree. */
  private hear(id: string, { founding }: Life): void {
    const { told } = this;
    const at = this.random.below(4) > 0 ? Math.max(0, told.length - 12) : 0;
    const { from, news } = told[this.random.between(at, told.length - 1)]!;
    if (from !== id) founding.hear(from, news);
  }
}

function memberOf(id: string): Member {
  const place = { name: id, host: id, zone: '', weight: 1, pid: 1 };
  return { id, ...place, generation: 1, heartbeat: 0, epochs: 0, status: 'joining' };
}

test('whatever nodes reach, hear late or twice, and lose: two lists of founders have no node in common', () => {
  let founded = 0;
  for (let seed = 0; seed < 400; seed++) {
    const random = new SimRandom(`founding ${seed}`);
    const nodes = new Nodes(['a', 'b', 'c', 'd'].slice(0, random.pick([3, 4])), random);
    for (let i = 0; i < 800; i++) nodes.step();
    founded += nodes.founded.length > 0 ? 1 : 0;
    for (const list of nodes.founded)
      for (const other of nodes.founded)
        if (!sameIds(list, other)) expect(list.filter((id) => other.includes(id))).toEqual([]);
  }
  expect(founded).toBeGreaterThan(100);
});
