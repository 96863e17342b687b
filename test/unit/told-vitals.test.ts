/** Of whom news tell, and that everybody hears of everything all the same. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import { ToldVitals } from '../../src/membership/told-vitals.js';
import { Turns } from '../../src/membership/turns.js';
import type { Opinion } from '../../src/wire/protocol/news.js';
import { SimRandom } from '../simulation/core/sim-random.js';

const { newsVitalsMax, newsDoubtsMax } = gossipLimits;
const idOf = (i: number): string => i.toString(16).padStart(16, '0');
const idsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => idOf(i));

test('turns: everybody has one before anybody has two, also of those who come and go', () => {
  const turns = new Turns();
  expect(turns.next(['b', 'c', 'd'], 2)).toEqual(['b', 'c']);
  expect(turns.next(['a', 'b', 'd', 'e'], 3)).toEqual(['d', 'e', 'a']);
  expect(turns.next(['b'], 3)).toEqual(['b']);
  expect(turns.next([], 3)).toEqual([]);
  expect(turns.next(['a'], 1)).toEqual(['a']);
});

describe('vitals', () => {
  test('of all, where there is room', () => {
    const ids = idsOf(newsVitalsMax);
    expect(new ToldVitals().next(ids, () => 'down')).toBe(ids);
  });

  const opinion = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Opinion>('heard') },
    { weight: 1, arbitrary: fc.constantFrom<Opinion>('silent', 'down', 'gone', 'absent') },
  );
  test('never of more than there is room for, ascending; who hangs or is doubted is among them, and each has its turn', () => {
    fc.assert(
      fc.property(fc.array(opinion, { minLength: 24, maxLength: 128 }), (opinions) => {
        const ids = idsOf(opinions.length);
        const vitals = new ToldVitals();
        const told = new Set<string>();
        const isDoubted = (id: string): boolean => opinions[ids.indexOf(id)] !== 'heard';
        const doubts = ids.filter(isDoubted).length;
        const hanging = opinions.filter((one) => one === 'down').length;
        for (let i = 0; i < Math.ceil(ids.length / (newsVitalsMax - 2 * newsDoubtsMax)); i++) {
          const next = vitals.next(ids, (id) => opinions[ids.indexOf(id)]!);
          expect(next).toHaveLength(newsVitalsMax);
          expect(next).toEqual([...next].sort());
          const here = next.filter((id) => opinions[ids.indexOf(id)] === 'down');
          expect(here.length).toBeGreaterThanOrEqual(Math.min(hanging, newsDoubtsMax));
          expect(next.filter(isDoubted).length).toBeGreaterThanOrEqual(
            Math.min(doubts, newsDoubtsMax),
          );
          for (const id of next) told.add(id);
        }
        expect(told.size).toBe(ids.length);
      }),
      { seed: 19, numRuns: 50 },
    );
  });
});

/** Nodes that tell four others a beat, each what it knows, and some of it is lost. */
class Telling {
  private readonly random: SimRandom;
  private readonly nodes;
  private readonly ids: readonly string[];
  messagesMost = 0;

  constructor(
    count: number,
    private readonly lossPpm: number,
    seed: string,
  ) {
    this.random = new SimRandom(seed);
    this.ids = idsOf(count);
    this.nodes = this.ids.map((id) => {
      const generations = new Map(this.ids.map((other) => [other, 1]));
      return { id, vitals: new ToldVitals(), generations, doubts: new Set<string>() };
    });
  }

  startAnew(node: number): void {
    this.nodes[node]!.generations.set(idOf(node), 2);
  }

  /** Who is asked from now on does not answer. */
  hang(node: number): void {
    const first = this.nodes.find(({ id }) => id !== idOf(node));
    first!.doubts.add(idOf(node));
  }

  beat(hung?: string): void {
    for (const from of this.nodes) {
      if (from.id === hung) continue;
      for (let i = 0; i < limits.gossipFanout; i++) {
        const to = this.random.pick(this.nodes);
        const others = this.ids.filter((id) => id !== from.id && id !== to.id);
        const told = from.vitals.next(others, (id) => (from.doubts.has(id) ? 'silent' : 'heard'));
        this.messagesMost = Math.max(this.messagesMost, told.length);
        if (this.random.chance(this.lossPpm)) continue;
        for (const id of [from.id, to.id, ...told]) {
          const generation = from.generations.get(id)!;
          if (generation > to.generations.get(id)!) to.generations.set(id, generation);
          if (from.doubts.has(id) && id === hung) to.doubts.add(id);
        }
      }
    }
  }

  doAllKnow(generation: string): boolean {
    return this.nodes.every(({ generations }) => generations.get(generation) === 2);
  }

  doAllDoubt(hung: string): boolean {
    return this.nodes.every(({ id, doubts }) => id === hung || doubts.has(hung));
  }
}

describe('with news of bounded size, of which up to a third are lost', () => {
  const world = {
    count: fc.integer({ min: 26, max: 100 }),
    lossPpm: fc.integer({ min: 0, max: 333_333 }),
    seed: fc.string(),
  };

  test('all members learn of each change of each other one', () => {
    fc.assert(
      fc.property(
        fc.record({ ...world, changed: fc.uniqueArray(fc.nat(25), { minLength: 1 }) }),
        ({ count, lossPpm, seed, changed }) => {
          const telling = new Telling(count, lossPpm, seed);
          for (const node of changed) telling.startAnew(node);
          for (let i = 0; i < 60; i++) telling.beat();
          for (const node of changed) expect(telling.doAllKnow(idOf(node))).toBe(true);
          expect(telling.messagesMost).toBe(newsVitalsMax);
        },
      ),
      { seed: 19, numRuns: 8 },
    );
  });

  test('a doubt, that each one who is told finds true, is everywhere after about log(n) beats', () => {
    fc.assert(
      fc.property(fc.record({ ...world, node: fc.nat(25) }), ({ count, lossPpm, seed, node }) => {
        const telling = new Telling(count, lossPpm, seed);
        telling.hang(node);
        let beats = 0;
        for (; !telling.doAllDoubt(idOf(node)); beats++) telling.beat(idOf(node));
        expect(beats).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(count)));
      }),
      { seed: 19, numRuns: 8 },
    );
  });
});
