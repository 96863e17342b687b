/**
 * Puts whose copies are done at any node, any number of times and in any order, against a model
 * that knows only what was asked, shown and acknowledged: copies are one put, and a late copy hides
 * nothing that came after its put, where its node knows of the put. (One that says nothing of its
 * age, at a node that knows nothing of the others, is a new put.)
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { emptyState, merge, sameState, seenAll } from '../../actors/rules/versions.js';
import type { KeyState, SeenContext } from '../../actors/rules/versions.js';
import { isRemembered, standing } from '../../actors/rules/operations.js';
import { CopiesCluster, timeoutMs } from '../support/copies-cluster.js';

const nodes = [0, 1, 2];
const clients = 2;

interface Knowledge {
  readonly context: SeenContext;
  readonly values: readonly string[];
}

interface Write {
  readonly value: string;
  readonly askedAt: number;
  readonly untilMs: number;
  /** undefined: blind. */
  readonly seen: Knowledge | undefined;
  /** When it was acknowledged. */
  endedAt: number;
  /**
   * When a copy was done last by a node that knew of no other: there it may replace what it finds.
   */
  mintedAt: number;
}

const nothing: Knowledge = { context: seenAll([]), values: [] };

class History {
  private readonly cluster = new CopiesCluster();
  private readonly writes: Write[] = [];
  private readonly known: Knowledge[] = Array.from({ length: clients }, () => nothing);
  private at = 0;

  happen(step: number): void {
    let rest = step;
    const next = (bound: number): number => {
      const drawn = rest % bound;
      rest = Math.floor(rest / bound);
      return drawn;
    };
    this.at++;
    const kind = next(16);
    const node = next(3);
    const other = (node + 1 + next(2)) % 3;
    const client = next(clients);
    if (kind < 4) {
      const seen = [undefined, undefined, nothing, this.known[client]][next(4)];
      const write = this.ask(seen);
      if (next(4) > 0) this.do(write, node, next(2) === 0 ? other : undefined);
    } else if (kind < 8) {
      const write = this.writes[next(Math.max(1, this.writes.length))];
      if (write !== undefined) this.do(write, node, next(2) === 0 ? other : undefined);
    } else if (kind < 12) this.cluster.send(node, other);
    else if (kind < 14)
      this.known[client] = {
        context: seenAll(this.cluster.states[node]!.context),
        values: this.cluster.shown(node),
      };
    else this.cluster.clock.advance(1 + next(2000));
  }

  private ask(seen: Knowledge | undefined): Write {
    const untilMs = this.cluster.clock.monotonicMs() + timeoutMs;
    const value = `w${this.writes.length}`;
    const write: Write = { value, askedAt: this.at, untilMs, seen, endedAt: Infinity, mintedAt: 0 };
    this.writes.push(write);
    return write;
  }

  /** One copy of it; `acks`: tells its author, whom others have told then. */
  private do(write: Write, node: number, acks: number | undefined): void {
    const { cluster } = this;
    if (cluster.clock.monotonicMs() >= write.untilMs) return;
    const isKnown = cluster.states[node]!.siblings.some(
      ({ operation }) => operation === write.value,
    );
    if (!isKnown) write.mintedAt = this.at;
    cluster.put(node, write.value, {
      operation: write.value,
      copy: 'any',
      deadlineMs: write.untilMs,
      ...(write.seen !== undefined && {
        context: write.seen.context,
        // What is claimed and not here is looked up, and found.
        found: cluster.states.reduce(merge, emptyState),
      }),
    });
    if (acks === undefined) return;
    cluster.send(node, acks);
    write.endedAt = Math.min(write.endedAt, this.at);
  }

  /** Everybody tells everybody. */
  check(): void {
    const { cluster, writes } = this;
    const final = cluster.states.reduce(merge, emptyState);
    if (
      !sameState(
        final,
        cluster.states.reduceRight((all, state) => merge(state, all), emptyState),
      )
    )
      throw new Error('it matters in which order states meet');
    cluster.states[0] = final;
    const shown = cluster.shown(0);
    if (new Set(shown).size < shown.length) throw new Error(`copies are shown: ${shown.join(' ')}`);
    const accounted = this.accounted([...shown, ...this.hidden(final)]);
    for (const write of writes) {
      if (write.endedAt === Infinity) continue;
      if (!accounted.has(write)) throw new Error(`acknowledged ${write.value} is lost`);
      const back = write.seen?.values.find((value) => shown.includes(value));
      if (back !== undefined) throw new Error(`${back} is back, which ${write.value} replaced`);
    }
  }

  /**
   * Two puts or more that were replaced and are there: which of them was done late, and which were
   * done in both orders, nobody knows while another value stands beside them.
   */
  private hidden({ siblings }: KeyState): ReadonlySet<string> {
    const stand = standing(siblings);
    const live = siblings.filter((sibling) => !isRemembered(sibling) && !stand.includes(sibling));
    const hidden = new Set(live.map(({ operation }) => operation));
    return hidden.size > 1 ? hidden : new Set();
  }

  /**
   * What is there, and what that may have replaced: what its author had seen, or, without a
   * context, what was asked for before it was minted.
   */
  private accounted(there: readonly string[]): Set<Write> {
    const found = new Set<Write>();
    const queue = this.writes.filter(({ value }) => there.includes(value));
    for (let write = queue.pop(); write !== undefined; write = queue.pop()) {
      if (found.has(write)) continue;
      found.add(write);
      const { seen, mintedAt } = write;
      for (const other of this.writes)
        if (seen === undefined ? other.askedAt < mintedAt : seen.values.includes(other.value))
          queue.push(other);
    }
    return found;
  }
}

test.each(nodes)(
  'histories of copies, part %i: no acknowledged put lost or back, copies shown once, whatever arrives when',
  (part) => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 31 - 1), { minLength: 6, maxLength: 40 }), (steps) => {
        const history = new History();
        for (const step of steps) history.happen(step);
        history.check();
      }),
      { seed: 20_261_128 + part, numRuns: 4_000 },
    );
    expect.assertions(0);
  },
  120_000,
);
