import { describe, expect, test } from '@jest/globals';
import {
  confirms,
  type FoundingVote,
  type LaterRing,
  noVote,
  sameIds,
  voteAfter,
  withRing,
} from '../../../actors/rules/founding.js';
import { SimRandom } from '../../simulation/core/sim-random.js';

/**
 * Nodes that store votes, tell what is on their disks, hear it whenever, twice or never, and lose
 * what was not stored.
 */
class Gathering {
  readonly chosen: { readonly list: string[]; readonly ring: LaterRing | undefined }[] = [];
  private readonly disks = new Map<string, FoundingVote>();
  private readonly heard = new Map<string, FoundingVote>();
  private readonly confirmed = new Map<string, Set<string>>();
  private readonly told: { from: string; vote: FoundingVote }[] = [];

  constructor(
    private readonly ids: readonly string[],
    private readonly random: SimRandom,
  ) {
    for (const id of ids) {
      this.disks.set(id, noVote);
      this.restart(id);
    }
  }

  step(): void {
    const id = this.random.pick(this.ids);
    const draw = this.random.below(20);
    if (draw === 0) this.restart(id);
    else if (draw === 1) this.agree(id);
    else if (draw < 6) this.store(id);
    else if (draw < 10) this.told.push({ from: id, vote: this.disks.get(id)! });
    else if (this.told.length > 0) this.hear(id);
  }

  private restart(id: string): void {
    this.heard.set(id, this.disks.get(id)!);
    this.confirmed.set(id, new Set());
  }

  /** To any list it is in: what nodes meet is not held to anything here. */
  private agree(id: string): void {
    const own = this.heard.get(id)!;
    if (own.stored.length > 0 || own.founders.length > 0) return;
    const others = this.random.shuffled(this.ids.filter((other) => other !== id));
    const stored = [id, ...others.slice(0, this.random.between(1, others.length))].sort();
    this.heard.set(id, withRing({ ...own, stored }, this.random.below(2) === 0 ? undefined : 2));
  }

  private store(id: string): void {
    const own = this.heard.get(id)!;
    this.disks.set(id, own);
    const confirmed = this.confirmed.get(id)!;
    const all = own.stored.length > 0 && own.stored.every((n) => n === id || confirmed.has(n));
    if (!all || own.founders.length > 0) return;
    this.heard.set(id, { ...own, founders: own.stored });
    this.chosen.push({ list: [...own.stored], ring: own.ring });
  }

  private hear(self: string): void {
    const { from, vote } = this.random.pick(this.told);
    if (from === self) return;
    const own = this.heard.get(self)!;
    const next = voteAfter(own, { self, from, told: vote });
    if (next.attempt !== own.attempt || next.stored !== own.stored)
      this.confirmed.get(self)!.clear();
    this.heard.set(self, next);
    if (confirms(next, vote)) this.confirmed.get(self)!.add(from);
  }
}

describe('founding', () => {
  test('whatever nodes agree to, hear late or twice, and forget: two chosen lists have no node in common, and one is chosen with one ring', () => {
    let chosen = 0;
    let attempts = 0;
    for (let seed = 0; seed < 400; seed++) {
      const random = new SimRandom(`founding ${seed}`);
      const gathering = new Gathering(['a', 'b', 'c', 'd'].slice(0, random.pick([3, 4])), random);
      for (let i = 0; i < 600; i++) gathering.step();
      const [first] = gathering.chosen;
      if (first === undefined) continue;
      chosen++;
      for (const { list, ring } of gathering.chosen)
        if (sameIds(list, first.list)) expect(ring).toBe(first.ring);
        else {
          attempts++;
          expect(list.filter((id) => first.list.includes(id))).toEqual([]);
        }
    }
    expect(chosen).toBeGreaterThan(100);
    expect(attempts).toBeGreaterThan(0);
  });

  test('a list that was stored and never confirmed is left for a cluster one of its nodes is of', () => {
    const own = { attempt: 0, stored: ['a', 'b', 'c'], founders: [] };
    const list = ['b', 'c', 'd'];
    const told = { attempt: 0, stored: list, founders: list };
    expect(voteAfter(own, { self: 'a', from: 'd', told })).toEqual({ ...noVote, attempt: 1 });
    const other = { attempt: 0, stored: ['x', 'y'], founders: ['x', 'y'] };
    expect(voteAfter(own, { self: 'a', from: 'x', told: other })).toBe(own);
  });

  test('the same nodes with another ring are another list: both are left, and what is told then is taken up', () => {
    const stored = ['a', 'b'];
    const old = { attempt: 0, stored, founders: [] };
    const now = { ...old, ring: 2 } as const;
    expect([confirms(old, now), confirms(now, now)]).toEqual([false, true]);
    const a = voteAfter(old, { self: 'a', from: 'b', told: now });
    expect(a).toEqual({ ...noVote, attempt: 1 });
    const told = { ...now, attempt: 1 };
    expect(voteAfter(a, { self: 'a', from: 'b', told })).toEqual(told);
    const founded = { ...told, founders: stored };
    expect(voteAfter(old, { self: 'a', from: 'b', told: founded })).toEqual({
      ...now,
      founders: stored,
    });
  });

  test('two lists that block each other are both left, and the next attempt is of all', () => {
    const a = { attempt: 0, stored: ['a', 'b', 'c'], founders: [] };
    const d = { attempt: 0, stored: ['b', 'c', 'd'], founders: [] };
    const b = voteAfter(noVote, { self: 'b', from: 'a', told: a });
    const c = voteAfter(noVote, { self: 'c', from: 'd', told: d });
    expect([b.stored, c.stored]).toEqual([a.stored, d.stored]);
    const later = voteAfter(b, { self: 'b', from: 'c', told: c });
    expect(later).toEqual({ attempt: 1, stored: [], founders: [] });
    expect(voteAfter(c, { self: 'c', from: 'b', told: later }).attempt).toBe(1);
  });
});
