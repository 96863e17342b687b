import { describe, expect, test } from '@jest/globals';
import { array, assert, boolean, constantFrom, integer, property, record } from 'fast-check';
import { tally, verdict, type Ballot } from '../../actors/rules/quorum.js';

const primaries = ['p0', 'p1', 'p2'];
const fallbacks = ['f0', 'f1'];
const standings = ['acked', 'outstanding', 'untried', 'missing', 'absent'] as const;
type Standing = (typeof standings)[number];

function ballotOf(standing: Readonly<Record<string, Standing>>, needed: number, strict: boolean) {
  const those = (wanted: Standing): string[] =>
    Object.keys(standing).filter((node) => standing[node] === wanted);
  const missing = those('missing').map((node) => ({ node, why: 'is down' }));
  const [acked, outstanding, untried] = [those('acked'), those('outstanding'), those('untried')];
  return { needed, strict, primaries, acked, outstanding, untried, missing };
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
          const got = verdict(ballotOf(standing, needed, strict)).kind;
          if (got !== expected(standing, needed, strict))
            throw new Error(`${JSON.stringify({ standing, needed, strict })}: ${got}`);
        }
      }
    }
    expect(seen).toBe(4 ** 3 * 5 ** 2 * 5 * 2);
  });

  test('a node on several lists, or several times on one, counts once', () => {
    const base: Ballot = {
      needed: 2,
      strict: false,
      primaries,
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
        let decided = verdict(ballotOf(standing, needed, strict)).kind;
        for (const { node, yes } of answers) {
          if (standing[node] === 'acked' || standing[node] === 'missing') continue;
          standing[node] = yes ? 'acked' : 'missing';
          const now = verdict(ballotOf(standing, needed, strict)).kind;
          if (decided !== 'pending') expect(now).toBe(decided);
          decided = now;
        }
      },
    );
    assert(holds, { seed: 5, numRuns: 2000 });
  });

  test('a failure says how many were needed, answered and within reach, and who is missing why', () => {
    const ballot = ballotOf({ p0: 'acked', p1: 'missing', p2: 'missing' }, 2, true);
    expect(verdict(ballot)).toEqual({
      kind: 'failed',
      reason: '2 primaries needed, 1 answered, 1 within reach (p1 is down, p2 is down)',
    });
  });

  test('receipt: fallbacks are told apart, and under strict they do not count', () => {
    const standing = { p0: 'acked', p1: 'outstanding', f0: 'acked', f1: 'acked' } as const;
    expect(tally(ballotOf(standing, 2, false))).toEqual({ primaries: 1, fallbacks: 2, counted: 3 });
    expect(tally(ballotOf(standing, 2, true))).toEqual({ primaries: 1, fallbacks: 2, counted: 1 });
  });
});
