/** That somebody hangs, passed on from node to node as gossip goes: a model of beats alone. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { limits } from '../../actors/rules/limits.js';
import { gossipLimits } from '../../actors/rules/limits/gossip.js';
import { beatsUntilAllWereTold, hangingMsMin } from '../../actors/rules/listening.js';
import { HangingWord } from '../../src/membership/hanging-word.js';
import { SimRandom } from '../simulation/core/sim-random.js';

const { gossipIntervalMs, gossipFanout } = limits;

/** Nodes that tell four others with each beat, in a random order of their own. */
class Gossip {
  readonly words: readonly HangingWord[];
  /** Of each, when it was told first. */
  readonly toldAtMs = new Map<number, number>();
  private readonly orders: number[][];
  private readonly phases: readonly number[];
  private atMs = 0;

  constructor(
    private readonly nodes: number,
    seed: string,
  ) {
    const random = new SimRandom(seed);
    const all = Array.from({ length: nodes }, (_, i) => i);
    this.words = all.map(() => new HangingWord());
    this.phases = all.map(() => random.below(gossipIntervalMs));
    this.orders = all.map((node) => {
      const others = all.filter((other) => other !== node);
      for (let i = others.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [others[i], others[j]] = [others[j]!, others[i]!];
      }
      return others;
    });
  }

  /** One beat of each; the first node alone takes somebody for hung, or nobody does. */
  pass({ isOwn }: { readonly isOwn: boolean }): void {
    const beats = this.phases.map((phase, node) => ({ node, ms: this.atMs + phase }));
    for (const { node, ms } of beats.sort((a, b) => a.ms - b.ms)) {
      const said = this.words[node]!.beats(this.nodes, isOwn && node === 0);
      const order = this.orders[node]!;
      for (const to of order.splice(0, gossipFanout)) {
        order.push(to);
        if (said === 0) continue;
        this.words[to]!.hear(said);
        if (!this.toldAtMs.has(to)) this.toldAtMs.set(to, ms);
      }
      this.words[node]!.beat();
    }
    this.atMs += gossipIntervalMs;
  }

  get isSaid(): boolean {
    return this.words.some((word) => word.beats(this.nodes, false) > 0);
  }
}

describe('the word that somebody hangs', () => {
  test.each([5, 6, 13, 25, 26, 100, 256])(
    'of %d nodes each was told before one moves, though only one says it of itself',
    (nodes) => {
      for (const seed of ['a', 'b', 'c']) {
        const gossip = new Gossip(nodes, seed);
        for (let beat = 0; beat < beatsUntilAllWereTold(nodes); beat++)
          gossip.pass({ isOwn: true });
        for (let node = 1; node < nodes; node++)
          expect(gossip.toldAtMs.get(node)).toBeLessThan(hangingMsMin(nodes));
      }
    },
  );

  test('ends soon after nobody says it of itself any more', () => {
    const nodes = 100;
    const gossip = new Gossip(nodes, 'ends');
    for (let beat = 0; beat < 8; beat++) gossip.pass({ isOwn: true });
    expect(gossip.isSaid).toBe(true);
    for (let beat = 0; beat < beatsUntilAllWereTold(nodes); beat++) gossip.pass({ isOwn: false });
    expect(gossip.isSaid).toBe(false);
  });

  test('ends though two answer each other between their beats', () => {
    const nodes = 100;
    const [one, other] = [new HangingWord(), new HangingWord()];
    one.hear(beatsUntilAllWereTold(nodes));
    for (let answers = 0; answers < gossipLimits.hangingBeatsMax; answers++) {
      other.hear(one.beats(nodes, false));
      one.beat();
      one.hear(other.beats(nodes, false));
      other.beat();
    }
    expect([one.beats(nodes, false), other.beats(nodes, false)]).toEqual([0, 0]);
  });

  test('of those that all tell each other nobody passes it on', () => {
    const word = new HangingWord();
    word.hear(beatsUntilAllWereTold(3));
    expect(word.beats(3, false)).toBe(0);
  });

  test('grows with the logarithm of the cluster, and fits the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: limits.membersMax }), (nodes) => {
        const beats = beatsUntilAllWereTold(nodes);
        expect(beats).toBeLessThanOrEqual(Math.log2(nodes + 1) + 3);
        expect(beats).toBeLessThanOrEqual(gossipLimits.hangingBeatsMax);
        expect(beats).toBeLessThanOrEqual(beatsUntilAllWereTold(nodes + 1));
      }),
    );
  });
});
