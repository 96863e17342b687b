/**
 * What a move of a partition rests on, over all small sets of owners: gets and puts of layouts that
 * follow each other meet, and what was put before it is with enough of the new owners.
 */
import { describe, expect, test } from '@jest/globals';
import { getPlan, putPlan } from '../../../actors/coordinator/round-plans.js';
import {
  type Layout,
  type Placement,
  placementOf,
  replicasOf,
} from '../../../actors/rules/placement.js';
import { quorumFor, verdict } from '../../../actors/rules/quorum.js';
import { spreadOf } from '../../../actors/rules/spread.js';
import { quotasOf, targetsOf } from '../../../actors/rules/transfer.js';

interface Case {
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** N owners before, N after, of which any number are the same; and all R and W that overlap. */
function* cases(nMax: number): Generator<Case> {
  for (let n = 1; n <= nMax; n++) {
    for (let shared = 0; shared <= n; shared++) {
      const from = Array.from({ length: n }, (_, i) => `o${i}`);
      const others = Array.from({ length: n - shared }, (_, i) => `m${i}`);
      const to = [...from.slice(0, shared), ...others];
      for (let r = 1; r <= n; r++) for (let w = n - r + 1; w <= n; w++) yield { n, r, w, from, to };
    }
  }
}

/** Layout after layout of a partition. */
function placementsOf({ n, from, to }: Case): Placement[] {
  const joint = (moved: boolean): Layout => ({
    preferenceList: () => from,
    next: { preferenceList: () => to, hasMoved: () => moved },
  });
  const after: Layout = { preferenceList: () => to };
  const layouts = [{ preferenceList: () => from }, joint(false), joint(true), after];
  return layouts.map((layout) => placementOf(layout, 0, n));
}

function subsetsOf(nodes: readonly string[]): string[][] {
  const all: string[][] = [[]];
  for (const node of nodes) all.push(...all.map((some) => [...some, node]));
  return all;
}

/** Sets of owners whose acks are enough. */
function putsOf(placement: Placement, w: number): string[][] {
  const { primaries, incoming } = placement;
  const nobody = { standIns: [], outstanding: [], untried: [], missing: [] };
  return subsetsOf(replicasOf(placement)).filter(
    (acked) =>
      verdict({ needed: w, strict: true, primaries, incoming, acked, ...nobody }).kind === 'met',
  );
}

function getsOf({ readers }: Placement, r: number): string[][] {
  return subsetsOf(readers).filter((answered) => answered.length === r);
}

/** A put and a get that have no node in common. */
function missed(
  put: Placement,
  get: Placement,
  { r, w }: Case,
): readonly [readonly string[], readonly string[]] | undefined {
  const gets = getsOf(get, r);
  for (const acked of putsOf(put, w)) {
    const unseen = gets.find((answered) => !answered.some((node) => acked.includes(node)));
    if (unseen !== undefined) return [acked, unseen];
  }
  return undefined;
}

/** What is with whom once the targets have what so many sources had. */
function* holdersAfter({ w, from, to }: Case, sources: number): Generator<readonly string[]> {
  for (const acked of subsetsOf(from).filter((some) => some.length >= w)) {
    for (const asked of subsetsOf(from).filter((some) => some.length === sources)) {
      const isTaken = asked.some((node) => acked.includes(node));
      yield to.filter((node) => (from.includes(node) ? acked.includes(node) : isTaken));
    }
  }
}

describe('a get meets every put', () => {
  test('of its own layout and of those beside it, for all N up to 4, R and W', () => {
    let seen = 0;
    for (const each of cases(4)) {
      const placements = placementsOf(each);
      placements.forEach((get, i) => {
        for (const put of placements.slice(Math.max(0, i - 1), i + 2)) {
          const miss = missed(put, get, each);
          if (miss !== undefined) throw new Error(JSON.stringify({ each, put, get, miss }));
          seen++;
        }
      });
    }
    expect(seen).toBe(850);
  });

  test('not of a layout two further on: between owners with nothing in common never', () => {
    for (const each of cases(4)) {
      if (each.to.some((node) => each.from.includes(node))) continue;
      const [stable, unmoved, moved, after] = placementsOf(each) as [
        Placement,
        Placement,
        Placement,
        Placement,
      ];
      for (const [put, get] of [
        [stable, moved],
        [stable, after],
        [after, stable],
        [after, unmoved],
      ] as const)
        expect(missed(put, get, each)).toBeDefined();
    }
  });

  test('not always, where one owner of three is another: why a replica refuses another layout', () => {
    const each = { n: 3, r: 2, w: 2, from: ['a', 'b', 'c'], to: ['b', 'c', 'd'] };
    const [stable, , , after] = placementsOf(each);
    expect(missed(stable!, after!, each)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });
});

/** N before and after, of nodes of one list or of another one, with all R and W that overlap. */
function* resizedCases(nMax: number): Generator<Resizing> {
  const all = Array.from({ length: nMax }, (_, i) => i + 1);
  for (const before of all)
    for (const after of all)
      for (const shift of [0, 1, nMax])
        for (const { r, w } of overlapping(before))
          for (const later of overlapping(after))
            if (before !== after) yield { before, after, shift, r, w, later };
}

interface Resizing {
  readonly before: number;
  readonly after: number;
  readonly shift: number;
  readonly r: number;
  readonly w: number;
  readonly later: { readonly r: number; readonly w: number };
}

function* overlapping(n: number): Generator<{ readonly r: number; readonly w: number }> {
  for (let r = 1; r <= n; r++) for (let w = n - r + 1; w <= n; w++) yield { r, w };
}

/** Layout after layout, each with the R and W that requests have by it. */
function stagesOf(each: Resizing): (readonly [Placement, number, number])[] {
  const { before, after, shift, r, w, later } = each;
  const nodes = Array.from({ length: 8 }, (_, i) => `n${i}`);
  const others = [...nodes.slice(shift), ...nodes.slice(0, shift)];
  const joint = (moved: boolean): Layout => ({
    preferenceList: () => nodes,
    next: { preferenceList: () => others, hasMoved: () => moved },
  });
  const spread = spreadOf(before, after);
  const [most, mostW] = [Math.max(r, later.r), Math.max(w, later.w)];
  return [
    [placementOf({ preferenceList: () => nodes }, 0, before), r, w],
    [placementOf(joint(false), 0, spread), most, mostW],
    [placementOf(joint(true), 0, spread), most, mostW],
    [placementOf({ preferenceList: () => others }, 0, after), later.r, later.w],
  ];
}

describe('while N changes', () => {
  const view = { removed: new Set<string>(), reachability: () => 'alive' as const };
  const acksOf = (placement: Placement, w: number): string[][] => {
    const plan = putPlan({ placement, quorum: w, strict: true }, view, 'n0');
    const nobody = { standIns: [], outstanding: [], untried: [], missing: [] };
    return subsetsOf(replicasOf(placement)).filter(
      (acked) => verdict({ ...plan, acked, ...nobody }).kind === 'met',
    );
  };
  const readsOf = (placement: Placement, r: number): string[][] =>
    getsOf(placement, getPlan({ placement, quorum: r, strict: true }, view, 'n0').needed);

  test('a get meets every put of its own layout and of those beside it', () => {
    for (const each of resizedCases(3)) {
      const stages = stagesOf(each);
      stages.forEach(([get, r], i) => {
        for (const [put, , w] of stages.slice(Math.max(0, i - 1), i + 2))
          for (const acked of acksOf(put, w))
            for (const answered of readsOf(get, r))
              if (!answered.some((node) => acked.includes(node)))
                throw new Error(JSON.stringify({ each, i, acked, answered }));
      });
    }
  });

  test('each owner to come has all that was put before, with whatever R it is read by then', () => {
    for (const each of resizedCases(3)) {
      const { before, after, w, later } = each;
      const placement = stagesOf(each)[1]![0];
      const counts = [{ n: spreadOf(before, after), w: Math.min(w, later.w) }];
      const { primaries, incoming } = placement;
      for (const acked of subsetsOf(primaries).filter((some) => some.length >= w)) {
        const holders = incoming.filter((node) => {
          const [quota] = quotasOf(() => placement, counts, { node, removals: view });
          const { sources, needed } = quota!;
          return (
            acked.includes(node) ||
            subsetsOf(sources)
              .filter((asked) => asked.length === Math.max(0, needed))
              .every((asked) => asked.some((source) => acked.includes(source)))
          );
        });
        expect(holders).toEqual(incoming);
      }
    }
  });
});

describe('what was put before the move began', () => {
  test('is with W of the new owners, when targets have what |O| - W + 1 of the old had', () => {
    for (const each of cases(4))
      for (const holders of holdersAfter(each, each.from.length - each.w + 1))
        expect(holders.length).toBeGreaterThanOrEqual(each.w);
  });

  test('is met by every get of the new owners, also where these are more or fewer than before', () => {
    for (const each of cases(4)) {
      const { n, r, from } = each;
      for (let fewer = 1; fewer < n; fewer++) {
        const few = from.slice(0, n - fewer);
        for (const [before, after] of [
          [few, each.to],
          [each.to, few],
        ] as const) {
          if (each.w > before.length) continue;
          const sources = before.length - each.w + 1;
          for (const holders of holdersAfter({ ...each, from: before, to: after }, sources))
            expect(r + holders.length).toBeGreaterThan(after.length);
        }
      }
    }
  });

  test('is missed with one source less', () => {
    for (const each of cases(4)) {
      if (each.to.every((node) => each.from.includes(node))) continue;
      const sources = each.from.length - each.w;
      const all = [...holdersAfter(each, sources)];
      expect(all.some((holders) => holders.length < each.w)).toBe(true);
    }
  });
});

/** Strict ones that are promised to meet, a put from before a move and a get after it, but miss. */
function missedWith(counted: typeof quorumFor): string[] {
  const unseen: string[] = [];
  for (const each of cases(4)) {
    const { n, r, w, from, to } = each;
    for (let own = 1; own <= n; own++) {
      const quorum = counted(own, w, true);
      const holders = [...holdersAfter({ ...each, w: quorum }, from.length - w + 1)];
      const fewest = Math.min(...holders.map(({ length }) => length));
      for (let asked = n - own + 1; asked <= n; asked++)
        if (counted(asked, r, true) + fewest <= to.length)
          unseen.push(JSON.stringify({ each, own, asked }));
    }
  }
  return unseen;
}

describe('requests with quorums of their own', () => {
  test('a strict get meets every put with R + W > N, whatever both say', () => {
    expect(missedWith(quorumFor)).toEqual([]);
  });

  test('it would not, if a strict put counted on fewer than its bucket does', () => {
    expect(missedWith((asked) => asked).length).toBeGreaterThan(0);
  });

  test('who is not strict is taken at its word; nobody is taken down from more', () => {
    expect(quorumFor(1, 2, false)).toBe(1);
    expect(quorumFor(1, 2, true)).toBe(2);
    expect(quorumFor(3, 2, true)).toBe(3);
  });
});

const believing = (removed: readonly string[]) => ({
  removed: new Set(removed),
  reachability: () => 'alive' as const,
});

/** `known`: who was removed, as far as the coordinator and those it asks know. */
function putsBy(placement: Placement, { w }: Case, known: readonly string[]): string[][] {
  const wanted = { placement, quorum: w, strict: true };
  const { primaries, incoming } = putPlan(wanted, believing(known), 'nobody');
  const some = putsOf({ ...placement, primaries, incoming }, w);
  return some.filter((acked) => !acked.some((node) => known.includes(node)));
}

/** Of who has, in the end, what was put at `acked` before: those of the new owners that count. */
function holdersFor(
  { n, w }: Case,
  placement: Placement,
  {
    acked,
    removed,
    targets,
  }: {
    readonly acked: readonly string[];
    readonly removed: readonly string[];
    readonly targets: readonly string[];
  },
): string[] {
  const removals = believing(removed);
  return placement.incoming.filter((node) => {
    if (removed.includes(node)) return false;
    if (acked.includes(node)) return true;
    if (!targets.includes(node)) return false;
    const quotas = quotasOf(() => placement, [{ n, w }], { node, removals });
    return quotas.every(({ sources, needed }) => {
      const left = sources.filter((source) => !removed.includes(source));
      const asked = subsetsOf(left).filter((s) => s.length === Math.min(needed, left.length));
      return asked.every((some) => some.some((source) => acked.includes(source)));
    });
  });
}

type Rule = (placement: Placement, removed: readonly string[]) => readonly string[] | undefined;

const naive: Rule = ({ primaries, incoming }, removed) =>
  incoming.filter((node) => !primaries.includes(node) && !removed.includes(node));

function missedBy(
  each: Case,
  put: { readonly at: Placement; readonly known: readonly string[] },
  get: { readonly at: Placement; readonly known: readonly string[] },
): boolean {
  const readers = get.at.readers.filter((node) => !get.known.includes(node));
  const gets = getsOf({ ...get.at, readers }, each.r);
  return putsBy(put.at, each, put.known).some((acked) =>
    gets.some((answered) => !answered.some((node) => acked.includes(node))),
  );
}

/** Puts from before the move that somebody has who is left, and a get of the new owners has not. */
function lostBy(rule: Rule): string[] {
  const lost: string[] = [];
  for (const each of cases(3)) {
    const [, placement] = placementsOf(each);
    if (placement!.incoming.length === 0) continue;
    const nodes = [...new Set([...each.from, ...each.to])];
    for (const removed of subsetsOf(nodes)) {
      const targets = rule(placement!, removed);
      if (targets === undefined) continue;
      const left = placement!.incoming.filter((node) => !removed.includes(node));
      for (const acked of subsetsOf(each.from).filter(({ length }) => length >= each.w)) {
        if (acked.every((node) => removed.includes(node))) continue;
        const holders = holdersFor(each, placement!, { acked, removed, targets });
        const gets = subsetsOf(left).filter(({ length }) => length === each.r);
        const isMissed = gets.some((some) => !some.some((node) => holders.includes(node)));
        if (isMissed || holders.length === 0)
          lost.push(JSON.stringify({ each, removed, acked, holders }));
      }
    }
  }
  return lost;
}

describe('owners that are gone for good', () => {
  test('one or two, in every state of a move: gets meet puts, whoever of both knows of it', () => {
    let seen = 0;
    for (const each of cases(3)) {
      const placements = placementsOf(each);
      const nodes = [...new Set([...each.from, ...each.to])];
      for (const removed of subsetsOf(nodes).filter(({ length }) => length === 1 || length === 2)) {
        placements.forEach((get, i) => {
          for (const put of placements.slice(Math.max(0, i - 1), i + 2)) {
            for (const [putKnows, getKnows] of [
              [[], removed],
              [removed, []],
              [removed, removed],
            ] as const) {
              seen++;
              if (missedBy(each, { at: put, known: putKnows }, { at: get, known: getKnows }))
                throw new Error(JSON.stringify({ each, removed, put, get, putKnows, getKnows }));
            }
          }
        });
      }
    }
    expect(seen).toBeGreaterThan(5_000);
  });

  test('what was put before the move is with the new owners that are left, and met by every get', () => {
    expect(lostBy((placement, removed) => targetsOf(placement, believing(removed)))).toEqual([]);
  });

  test('it would not be if those that are gone were just not waited for', () => {
    expect(lostBy(naive).length).toBeGreaterThan(0);
  });
});

test('a put by the new owners alone is missed by a get of who has not heard that the partition has moved', () => {
  for (const each of cases(3)) {
    const [, unmoved, , after] = placementsOf(each);
    const areApart = !each.to.some((node) => each.from.includes(node));
    if (areApart) expect(missed(after!, unmoved!, each)).toBeDefined();
    // All but R - 1 of the owners before have heard of it: no get finds R who have not.
    const deaf = each.from.slice(0, each.r - 1);
    expect(getsOf({ ...unmoved!, readers: deaf }, each.r)).toEqual([]);
  }
});

test('a move whose sides change roles: the same are written, and the same are read', () => {
  for (const each of cases(4)) {
    const back = { ...each, from: each.to, to: each.from };
    const [, unmoved, moved] = placementsOf(each);
    const [, backUnmoved, backMoved] = placementsOf(back);
    for (const [before, after] of [
      [unmoved!, backMoved!],
      [moved!, backUnmoved!],
    ] as const) {
      expect(replicasOf(after).toSorted()).toEqual(replicasOf(before).toSorted());
      expect([...after.readers].sort()).toEqual([...before.readers].sort());
      const puts = putsOf(before, each.w).map((some) => some.toSorted().join());
      const sorted = putsOf(after, each.w).map((some) => some.toSorted().join());
      expect(new Set(sorted)).toEqual(new Set(puts));
    }
  }
});
