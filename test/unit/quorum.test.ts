import { describe, expect, test } from '@jest/globals';
import {
  array,
  assert,
  boolean,
  constantFrom,
  integer,
  property,
  record,
  shuffledSubarray,
  subarray,
} from 'fast-check';
import { placementOf, type Placement } from '../../actors/rules/placement.js';
import { tally, verdict, type Poll, type StandIn } from '../../actors/rules/quorum.js';

const primaries = ['p0', 'p1', 'p2'];
const fallbacks = ['f0', 'f1'];
const standings = ['acked', 'outstanding', 'untried', 'missing', 'absent'] as const;
type Standing = (typeof standings)[number];

function pollOf(standing: Readonly<Record<string, Standing>>, needed: number, strict: boolean) {
  const those = (wanted: Standing): string[] =>
    Object.keys(standing).filter((node) => standing[node] === wanted);
  const missing = those('missing').map((node) => ({ node, why: 'is down' }));
  const [acked, outstanding, untried] = [those('acked'), those('outstanding'), those('untried')];
  const still = { incoming: [], standIns: [] };
  return { needed, strict, primaries, ...still, acked, outstanding, untried, missing };
}

/** Written from the definition: sets of nodes, and nothing shared with the rule. */
function expected(standing: Readonly<Record<string, Standing>>, needed: number, strict: boolean) {
  let yes = 0;
  let perhaps = 0;
  for (const [node, now] of Object.entries(standing)) {
    if (strict && node.startsWith('f')) continue;
    if (now === 'acked') yes++;
    if (now === 'outstanding' || now === 'untried') perhaps++;
  }
  if (yes >= needed) return 'met';
  return yes + perhaps >= needed ? 'pending' : 'failed';
}

function* everyStanding(nodes: readonly string[]): Generator<Record<string, Standing>> {
  const [node, ...rest] = nodes;
  if (node === undefined) {
    yield {};
    return;
  }
  for (const others of everyStanding(rest)) {
    for (const standing of standings) {
      // Primaries are asked or given up on, never untried.
      if (standing === 'untried' && node.startsWith('p')) continue;
      yield { ...others, [node]: standing };
    }
  }
}

describe('verdict', () => {
  test('N=3 with two fallbacks: every standing of every node, needed 1 to 5, strict and not', () => {
    let seen = 0;
    for (const standing of everyStanding([...primaries, ...fallbacks])) {
      for (const needed of [1, 2, 3, 4, 5]) {
        for (const strict of [false, true]) {
          seen++;
          const got = verdict(pollOf(standing, needed, strict)).kind;
          if (got !== expected(standing, needed, strict))
            throw new Error(`${JSON.stringify({ standing, needed, strict })}: ${got}`);
        }
      }
    }
    expect(seen).toBe(4 ** 3 * 5 ** 2 * 5 * 2);
  });

  test('a node on several lists, or several times on one, counts once', () => {
    const base: Poll = {
      needed: 2,
      strict: false,
      primaries,
      incoming: [],
      standIns: [],
      acked: ['p0', 'p0', 'p0'],
      outstanding: ['p0'],
      untried: ['p0', 'p0'],
      missing: [],
    };
    expect(verdict(base).kind).toBe('failed');
    expect(tally(base)).toEqual({ primaries: 1, fallbacks: 0, counted: 1 });
    expect(verdict({ ...base, outstanding: ['p1', 'p1'] }).kind).toBe('pending');
  });

  test('answers only ever move it from pending to met or failed', () => {
    const node = constantFrom(...primaries, ...fallbacks);
    const answer = record({ node, yes: boolean() });
    const holds = property(
      array(answer, { maxLength: 12 }),
      integer({ min: 1, max: 5 }),
      boolean(),
      (answers, needed, strict) => {
        const standing: Record<string, Standing> = {};
        for (const primary of primaries) standing[primary] = 'outstanding';
        for (const fallback of fallbacks) standing[fallback] = 'untried';
        let decided = verdict(pollOf(standing, needed, strict)).kind;
        for (const { node, yes } of answers) {
          if (standing[node] === 'acked' || standing[node] === 'missing') continue;
          standing[node] = yes ? 'acked' : 'missing';
          const now = verdict(pollOf(standing, needed, strict)).kind;
          if (decided !== 'pending') expect(now).toBe(decided);
          decided = now;
        }
      },
    );
    assert(holds, { seed: 5, numRuns: 2000 });
  });

  test('a failure says how many were needed, answered and within reach, and who is missing why', () => {
    const poll = pollOf({ p0: 'acked', p1: 'missing', p2: 'missing' }, 2, true);
    expect(verdict(poll)).toEqual({
      kind: 'failed',
      reason: '2 primaries needed, 1 answered, 1 within reach (p1 is down, p2 is down)',
    });
  });

  test('receipt: fallbacks are told apart, and under strict they do not count', () => {
    const standing = { p0: 'acked', p1: 'outstanding', f0: 'acked', f1: 'acked' } as const;
    expect(tally(pollOf(standing, 2, false))).toEqual({ primaries: 1, fallbacks: 2, counted: 3 });
    expect(tally(pollOf(standing, 2, true))).toEqual({ primaries: 1, fallbacks: 2, counted: 1 });
  });
});

/** Who counts on one side: its owners, and under sloppy who stands in for one of them. */
function side(poll: Poll, those: readonly string[]): 'met' | 'pending' | 'failed' {
  const isOwed = ({ node, owedTo }: StandIn, of: string): boolean =>
    node === of && those.includes(owedTo);
  const counts = (node: string): boolean =>
    those.includes(node) ||
    (!poll.strict && poll.standIns.some((standIn) => isOwed(standIn, node)));
  const yes = new Set(poll.acked.filter(counts));
  const perhaps = new Set([...yes, ...poll.outstanding.filter(counts)]);
  for (const node of poll.untried) if (!poll.strict || those.includes(node)) perhaps.add(node);
  if (yes.size >= poll.needed) return 'met';
  return perhaps.size >= poll.needed ? 'pending' : 'failed';
}

/** From all at the old owners to all at the new ones, stage by stage. */
function stages(from: readonly string[], to: readonly string[], n: number): Placement[] {
  const stable = (list: readonly string[]): Placement =>
    placementOf({ preferenceList: () => list }, 0, n);
  const moving = (moved: boolean): Placement => {
    const next = { preferenceList: () => to, hasMoved: () => moved };
    return placementOf({ preferenceList: () => from, next }, 0, n);
  };
  return [stable(from), moving(false), moving(true), stable(to)];
}

function isQuorum(
  placement: Pick<Placement, 'primaries' | 'incoming'>,
  acked: readonly string[],
  needed: number,
): boolean {
  const nobodyElse = { outstanding: [], untried: [], missing: [], standIns: [] };
  return verdict({ ...placement, acked, needed, strict: true, ...nobodyElse }).kind === 'met';
}

function* subsetsOf(nodes: readonly string[]): Generator<string[]> {
  for (let bits = 0; bits < 2 ** nodes.length; bits++)
    yield nodes.filter((_, i) => (bits >> i) % 2 === 1);
}

describe('a partition moves', () => {
  const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const owners = shuffledSubarray(all, { minLength: 1, maxLength: 4 });
  const nodes = subarray(all);
  const standIns = array(record({ node: constantFrom(...all), owedTo: constantFrom(...all) }), {
    maxLength: 6,
  });
  const needed = integer({ min: 1, max: 4 });
  const standing = record({ acked: nodes, outstanding: nodes, untried: nodes });

  test('met if both sides are met, failed if one of them is, else open', () => {
    const holds = property(
      ...([owners, owners, standing, standIns, needed, boolean()] as const),
      (primaries, incoming, said, standIns, needed, strict) => {
        const poll = { primaries, incoming, ...said, standIns, needed, strict, missing: [] };
        const sides = [side(poll, primaries), side(poll, incoming)];
        const { kind } = verdict(poll);
        expect(kind === 'met').toBe(sides.every((side) => side === 'met'));
        expect(kind === 'failed').toBe(sides.includes('failed'));
      },
    );
    assert(holds, { seed: 1, numRuns: 2000 });
  });

  test('of a partition that does not move, who stands in for whom is of no matter', () => {
    const holds = property(
      ...([owners, standing, standIns, needed, boolean()] as const),
      (primaries, said, standIns, needed, strict) => {
        const still = { primaries, incoming: [], ...said, standIns: [], needed, strict };
        const poll = { ...still, missing: [] };
        expect(verdict({ ...poll, standIns })).toEqual(verdict(poll));
        expect(tally({ ...poll, standIns })).toEqual(tally(poll));
      },
    );
    assert(holds, { seed: 2, numRuns: 2000 });
  });

  test('it says which owners are out of reach', () => {
    const move = { primaries: ['a', 'b', 'c'], incoming: ['b', 'c', 'd'], standIns: [] };
    const said = { acked: ['a', 'b'], outstanding: [], untried: [] };
    const missing = [
      { node: 'c', why: 'is down' },
      { node: 'd', why: 'is full' },
    ];
    expect(verdict({ ...move, ...said, missing, needed: 2, strict: false })).toEqual({
      kind: 'failed',
      reason:
        'owners after the move: 2 nodes needed, 1 answered, 1 within reach (c is down, d is full)',
    });
  });

  test('a fallback counts on the sides of the one it stands in for; the receipt tells the smaller count', () => {
    const move = { primaries: ['a', 'b', 'c'], incoming: ['b', 'c', 'd'] };
    const said = { acked: ['b', 'f'], outstanding: [], untried: [], missing: [] };
    const counted = (owedTo: string): readonly [string, number] => {
      const poll = { ...move, ...said, standIns: [{ node: 'f', owedTo }] };
      const sloppy = { ...poll, needed: 2, strict: false };
      return [verdict(sloppy).kind, tally(sloppy).counted];
    };
    expect(counted('c')).toEqual(['met', 2]);
    expect(counted('a')).toEqual(['failed', 1]);
    expect(counted('d')).toEqual(['failed', 1]);
    const poll = { ...move, ...said, standIns: [{ node: 'f', owedTo: 'c' }], needed: 1 };
    expect(tally({ ...poll, strict: false })).toEqual({
      primaries: 1,
      fallbacks: 1,
      counted: 2,
    });
    expect(tally({ ...poll, strict: true }).counted).toBe(1);
  });

  test('strict, R+W>N: a get meets every put, though one of them is a stage behind', () => {
    const holds = property(
      shuffledSubarray(all, { minLength: 3 }),
      shuffledSubarray(all, { minLength: 3 }),
      integer({ min: 1, max: 3 }),
      integer({ min: 1, max: 3 }),
      (from, to, w, more) => {
        const n = 3;
        const r = Math.min(n, n + 1 - w + (more - 1));
        const life = stages(from, to, n);
        for (const [at, put] of life.entries())
          for (const get of life.slice(Math.max(0, at - 1), at + 2)) {
            const read = { primaries: get.readers, incoming: [] };
            const reads = [...subsetsOf(get.readers)].filter((acked) => isQuorum(read, acked, r));
            const written = [...new Set([...put.primaries, ...put.incoming])];
            for (const acked of subsetsOf(written)) {
              if (!isQuorum(put, acked, w)) continue;
              for (const asked of reads)
                if (!asked.some((node) => acked.includes(node)))
                  throw new Error(JSON.stringify({ put, acked, get, asked }));
            }
          }
      },
    );
    assert(holds, { seed: 4, numRuns: 100 });
  });

  test('two stages apart they need not: nobody may be further behind than one', () => {
    const [before, , moved, after] = stages(['a', 'b', 'c'], ['d', 'e', 'f'], 3);
    expect(isQuorum(before!, ['a', 'b'], 2)).toBe(true);
    for (const { readers } of [moved!, after!]) expect(readers).toEqual(['d', 'e', 'f']);
  });
});
