/** A partition moves from A, B, C to B, C, M; who counts for whom in a put of A, W=2. */
import { describe, expect, test } from '@jest/globals';
import { assert, boolean, integer, property, shuffledSubarray } from 'fast-check';
import {
  hintRefused,
  openPutLedger,
  replicaAcked,
  replicaLost,
  type PutLedger,
  type PutPlan,
} from '../../../actors/coordinator/put-ledger.js';
import { putPlan } from '../../../actors/coordinator/round-plans.js';
import type { Reachability } from '../../../actors/rules/membership.js';
import { placementOf } from '../../../actors/rules/placement.js';

const plan: PutPlan = {
  self: 'A',
  primaries: ['A', 'B', 'C'],
  incoming: ['B', 'C', 'M'],
  down: ['B', 'C'],
  fallbacks: [],
  needed: 2,
  strict: false,
};

function acked(ledger: PutLedger, ...nodes: readonly string[]): string {
  return nodes.reduce(replicaAcked, ledger).verdict.kind;
}

describe('no fallback is left', () => {
  test('an owner of one side stands in for one of the other that is down', () => {
    const ledger = openPutLedger(plan);
    expect(ledger.owed).toEqual(['B', 'C']);
    expect(acked(ledger, 'A')).toBe('pending');
    expect(acked(ledger, 'A', 'M')).toBe('met');
  });

  test('for as many as are down: who is only slow is waited for', () => {
    const three = { ...plan, needed: 3, incoming: ['M', 'N', 'O'], down: ['B'] };
    const ledger = openPutLedger(three);
    expect(acked(ledger, 'A', 'M', 'N', 'O')).toBe('pending');
    expect(acked(ledger, 'A', 'M', 'N', 'O', 'C')).toBe('met');
  });

  test('as soon as it is lost; not when nobody owes it the hint', () => {
    const ledger = openPutLedger({ ...plan, down: [] });
    expect(acked(ledger, 'A', 'M')).toBe('pending');
    const lost = replicaLost(ledger, { node: 'B', why: 'is gone', refused: false });
    expect(acked(lost, 'A', 'M')).toBe('met');
    const unowed = hintRefused(lost, { target: 'B', why: 'no room' });
    expect(acked(unowed, 'A', 'M')).toBe('pending');
    expect(acked(unowed, 'A', 'M', 'C')).toBe('met');
  });

  test('not under strict', () => {
    expect(openPutLedger({ ...plan, strict: true }).verdict.kind).toBe('failed');
  });

  test('not where nothing moves', () => {
    const ledger = openPutLedger({ ...plan, incoming: [] });
    expect(ledger.verdict.kind).toBe('failed');
  });
});

test('any W nodes of the cluster are enough, whoever they are and whatever moves', () => {
  const all = ['a', 'b', 'c', 'd', 'e'];
  const holds = property(
    shuffledSubarray(all, { minLength: 3 }),
    shuffledSubarray(all, { minLength: 3 }),
    shuffledSubarray(all, { minLength: 1 }),
    integer({ min: 1, max: 3 }),
    boolean(),
    (from, to, order, w, moved) => {
      const members = new Set([...from, ...to]);
      const alive = order.filter((node) => members.has(node));
      if (alive.length < w) return;
      const next = { preferenceList: () => to, hasMoved: () => moved };
      const placement = placementOf({ preferenceList: () => from, next }, 0, 3);
      const view = {
        reachability: (node: string) => (alive.includes(node) ? 'alive' : 'down') as Reachability,
        removed: new Set<string>(),
      };
      const wanted = { placement, quorum: w, strict: false };
      let ledger = openPutLedger(putPlan(wanted, view, alive[0]!));
      for (const node of alive) ledger = replicaAcked(ledger, node);
      expect(ledger.verdict.kind).toBe('met');
    },
  );
  assert(holds, { seed: 9, numRuns: 1000 });
});
