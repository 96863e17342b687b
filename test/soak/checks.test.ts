import { describe, expect, test } from '@jest/globals';
import { violationsOf, type ClockTrouble } from './checks/checks.js';
import { clientErrors } from './checks/client-errors.js';
import { figuresText } from './checks/figures.js';
import type { Hold } from './checks/held.js';
import { areAllAlike, notReplicated, unsettledChanges } from './checks/settled.js';
import {
  operationsIn,
  type ChangeRecord,
  type FinalRecord,
  type OperationRecord,
  type Outage,
  type ReplicaRecord,
  type Workload,
  type WriteName,
} from './records.js';
import { holdsOf } from './troubles.js';

/** Operations of one key, one after the other, 100 ms apart and 10 ms long unless told. */
function story(
  workload: Workload,
  operations: readonly (Partial<OperationRecord> & Pick<OperationRecord, 'kind'>)[],
): OperationRecord[] {
  return operations.map((operation, i) => ({
    workload,
    key: 'k',
    client: 'c1',
    startMs: 100 * i,
    endMs: 100 * i + 10,
    outcome: 'done',
    ...operation,
  }));
}

function shows(workload: Workload, ...shown: WriteName[]): FinalRecord[] {
  return [{ workload, key: 'k', shown }];
}

function rules(
  operations: readonly OperationRecord[],
  finals: readonly FinalRecord[],
  clocks: readonly ClockTrouble[] = [],
  holds: readonly Hold[] = [],
): string[] {
  return violationsOf(operations, finals, { clocks, holds }).map(({ rule }) => rule);
}

const put = (
  name: WriteName,
  more: Partial<OperationRecord> = {},
): Partial<OperationRecord> & Pick<OperationRecord, 'kind'> => ({ kind: 'put', name, ...more });

type Told = Partial<OperationRecord> & Pick<OperationRecord, 'kind'>;

const read = (shown: WriteName[], more: Partial<OperationRecord> = {}): Told => ({
  kind: 'get',
  strict: true,
  shown,
  ...more,
});

const get = (...shown: WriteName[]): Told => ({ kind: 'get', shown });

const at = (startMs: number, shown: WriteName[]): Told =>
  read(shown, { startMs, endMs: startMs + 5 });

describe('lost', () => {
  test('an acknowledged put that nothing later explains', () => {
    const told = story('blind', [put('a.1'), put('a.2')]);
    expect(rules(told, shows('blind', 'a.2'))).toEqual([]);
    expect(rules(told, shows('blind', 'a.1'))).toEqual(['lost']);
    expect(rules(told, shows('blind'))).toEqual(['lost']);
  });

  test('a later put whose outcome is unknown may have replaced it, if that one shows', () => {
    const told = story('blind', [put('a.1'), put('a.2', { outcome: 'unknown' })]);
    expect(rules(told, shows('blind', 'a.2'))).toEqual([]);
    expect(rules(told, shows('blind', 'a.1'))).toEqual([]);
    expect(rules(told, shows('blind'))).toEqual(['lost']);
  });

  test('an older put of unknown outcome that shows alone has replaced what was acknowledged', () => {
    const told = story('blind', [put('a.1', { outcome: 'unknown' }), put('a.2')]);
    expect(rules(told, shows('blind', 'a.1'))).toEqual(['lost']);
  });

  test('an element of a set', () => {
    const told = story('set', [put('a.1'), put('b.1'), put('b.2', { outcome: 'unknown' })]);
    expect(rules(told, shows('set', 'a.1', 'b.1'))).toEqual([]);
    expect(rules(told, shows('set', 'b.1', 'b.2'))).toEqual(['lost']);
  });

  test('where the last writer wins, what was written while a clock was wrong may be hidden as long', () => {
    const told = story('lww', [put('a.1'), put('a.2')]);
    expect(rules(told, shows('lww', 'a.1'))).toEqual(['lost']);
    expect(rules(told, shows('lww', 'a.1'), [{ startMs: 0, endMs: 50, offsetMs: 60 }])).toEqual([]);
    expect(rules(told, shows('lww', 'a.1'), [{ startMs: 0, endMs: 50, offsetMs: 20 }])).toEqual([
      'lost',
    ]);
  });

  test('a key that can not be read in the end is one', () => {
    const final: FinalRecord = { workload: 'blind', key: 'k', shown: [], error: '503' };
    expect(rules(story('blind', [put('a.1')]), [final])).toEqual(['unreadable']);
  });
});

test('none-shown: what was refused with none, whether in between or in the end', () => {
  const told = story('blind', [put('a.1'), put('a.2', { outcome: 'none' })]);
  expect(rules(told, shows('blind', 'a.2'))).toEqual(['none-shown']);
  const between = story('blind', [
    put('a.1', { outcome: 'none' }),
    { kind: 'get', shown: ['a.1'] },
    put('a.2'),
  ]);
  expect(rules(between, shows('blind', 'a.2'))).toEqual(['none-shown']);
});

test('resurrected: what an acknowledged delete had seen', () => {
  const gone = { kind: 'delete', name: 'a.2', replaces: ['a.1'], strict: true } as const;
  const told = story('delete', [put('a.1'), gone]);
  expect(rules(told, shows('delete'))).toEqual([]);
  expect(rules(told, shows('delete', 'a.1'))).toEqual(['resurrected']);
  expect(rules(story('delete', [put('a.1'), gone, read(['a.1'])]), shows('delete'))).toEqual([
    'resurrected',
  ]);
  const unknown = story('delete', [put('a.1'), { ...gone, outcome: 'unknown' }, read(['a.1'])]);
  expect(rules(unknown, shows('delete', 'a.1'))).toEqual([]);
});

describe('what was not found when it was replaced (seen=partly)', () => {
  const partly = { seenPartly: true };
  const goesOn = { goesOn: true };

  test('resurrected: it may show, until a put of the same author that goes on has found all', () => {
    const told = [put('a.1'), put('a.2', { replaces: ['a.1'], ...goesOn, ...partly })];
    expect(rules(story('session', told), shows('session', 'a.1', 'a.2'))).toEqual([]);
    const more = put('a.3', { replaces: ['a.2'], ...goesOn });
    const ended = story('session', [...told, more]);
    expect(rules(ended, shows('session', 'a.3'))).toEqual([]);
    expect(rules(ended, shows('session', 'a.1'))).toContain('resurrected');
    expect(rules(ended, shows('session', 'a.2'))).toContain('resurrected');
    const again = story('session', [...told, { ...more, ...partly }]);
    expect(rules(again, shows('session', 'a.1', 'a.3'))).toEqual([]);
  });

  test('resurrected: through as many such puts as there are', () => {
    const told = [1, 2, 3, 4].map((i) =>
      put(`a.${i + 1}`, { replaces: [`a.${i}`], ...goesOn, ...(i < 4 ? partly : {}) }),
    );
    const ended = story('session', [put('a.1'), ...told]);
    expect(rules(ended, shows('session', 'a.5'))).toEqual([]);
    expect(rules(ended, shows('session', 'a.1', 'a.5'))).toContain('resurrected');
  });

  test('resurrected: no further than a put whose own receipt said that all was found', () => {
    const told = story('session', [
      put('a.1'),
      put('a.2', { replaces: ['a.1'], ...goesOn }),
      put('a.3', { replaces: ['a.2'], ...goesOn, ...partly }),
    ]);
    expect(rules(told, shows('session', 'a.1', 'a.3'))).toContain('resurrected');
    expect(rules(told, shows('session', 'a.2', 'a.3'))).toEqual([]);
  });

  test('resurrected: not by who has looked: what a get shows stands for no more than that', () => {
    const told = story('session', [
      put('a.1'),
      put('a.2', { replaces: ['a.1'], ...goesOn, ...partly }),
      put('a.3', { replaces: ['a.2'] }),
    ]);
    expect(rules(told, shows('session', 'a.1', 'a.3'))).toEqual([]);
    expect(rules(told, shows('session', 'a.2', 'a.3'))).toContain('resurrected');
  });

  test('resurrected: so it is with deletes, and in strict reads', () => {
    const gone = { kind: 'delete', name: 'a.2', replaces: ['a.1'], strict: true } as const;
    const told = [put('a.1', { strict: true }), { ...gone, ...partly }, read(['a.1'])];
    expect(rules(story('delete', told), shows('delete', 'a.1'))).toEqual([]);
  });
});

test('resurrected: a strict read, whatever has replaced the value since', () => {
  const told = story('delete', [
    put('a.1'),
    put('a.2', { replaces: ['a.1'], strict: true }),
    read(['a.1']),
    put('a.3', { replaces: ['a.1'], strict: true }),
  ]);
  expect(rules(told, shows('delete', 'a.3'))).toEqual(['resurrected']);
});

test('stale-strict-read: it shows less than was acknowledged before it began', () => {
  expect(rules(story('strict', [put('a.1'), put('a.2'), read(['a.2'])]), [])).toEqual([]);
  expect(rules(story('strict', [put('a.1'), put('a.2'), read(['a.1'])]), [])).toEqual([
    'stale-strict-read',
  ]);
  expect(rules(story('strict', [put('a.1'), read([])]), [])).toEqual(['stale-strict-read']);
  const overlapping = read(['a.1'], { startMs: 105 });
  expect(rules(story('strict', [put('a.1'), put('a.2'), overlapping]), [])).toEqual([]);
});

const heldBy = (...words: string[]): object[] => holdsOf({ atMs: 0, forMs: 1, words });

describe('a put that does not say until when, and was not acknowledged while something held messages', () => {
  const given: Partial<OperationRecord> = { outcome: 'unknown', isUndated: true };
  const late = (more: Partial<OperationRecord> = given): OperationRecord[] =>
    story('strict', [put('a.1'), put('a.2', more), put('a.3'), read(['a.3']), read(['a.2'])]);
  const stood: Hold = { startMs: 50, endMs: 350 };

  test('may be done when that goes on, in front of what its author wrote since', () => {
    expect(rules(late(), shows('strict', 'a.2'), [], [stood])).toEqual([]);
    expect(rules(late(), shows('strict', 'a.2'), [], [{ ...stood, client: 'c1' }])).toEqual([]);
  });

  test.each([
    ['nothing held messages', given, []],
    ['it was over before', given, [{ startMs: 50, endMs: 90 }]],
    ['it held those of another client', given, [{ ...stood, client: 'c2' }]],
    ['it said until when', { outcome: 'unknown' }, [stood]],
    ['it was refused', { outcome: 'none', isUndated: true }, [stood]],
  ] as const)('but not where %s', (_, more, holds) => {
    const found = rules(late(more), shows('strict', 'a.2'), [], holds);
    expect(found).toEqual(expect.arrayContaining(['lost', 'stale-strict-read']));
  });

  test('servers that stand still and links of clients hold messages', () => {
    expect(heldBy('stop', 's1')).toEqual([{}]);
    expect(heldBy('mute', 'c2', 's1')).toEqual([{ client: 'c2' }]);
    expect(heldBy('slow', 's1', 'c2', '64')).toEqual([{ client: 'c2' }]);
    for (const words of ['stop n1', 'kill s1', 'cut s1 s2', 'clock n1 400'])
      expect(heldBy(...words.split(' '))).toEqual([]);
  });
});

describe('own-values-piled-up', () => {
  const goesOn = { goesOn: true };
  const base = [put('a.1'), put('b.1'), put('a.2', { replaces: ['a.1'], ...goesOn })];

  test('in the end: a value beside the one that replaced it', () => {
    const told = story('session', base);
    expect(rules(told, shows('session', 'a.2', 'b.1'))).toEqual([]);
    expect(rules(told, shows('session', 'a.2', 'a.1', 'b.1'))).toEqual([
      'resurrected',
      'own-values-piled-up',
    ]);
  });

  test('in any answer, whoever reads and however few are asked', () => {
    const end = shows('session', 'a.2', 'b.1');
    expect(rules(story('session', [...base, get('a.2', 'b.1')]), end)).toEqual([]);
    expect(rules(story('session', [...base, get('a.2', 'a.1')]), end)).toEqual([
      'own-values-piled-up',
    ]);
  });

  test('what was not found may stay beside it, until the author has gone on and all was found', () => {
    const partly = put('a.2', { replaces: ['a.1'], ...goesOn, seenPartly: true });
    const more = put('a.3', { replaces: ['a.2'], ...goesOn });
    const told = [put('a.1'), partly, get('a.1', 'a.2'), more];
    expect(rules(story('session', told), shows('session', 'a.3'))).toEqual([]);
    expect(rules(story('session', [...told, get('a.1', 'a.3')]), shows('session', 'a.3'))).toEqual([
      'own-values-piled-up',
    ]);
    // A read of nodes that the last put has not reached.
    expect(rules(story('session', [...told, get('a.1', 'a.2')]), shows('session', 'a.3'))).toEqual(
      [],
    );
  });

  test('two that something beside them has replaced', () => {
    const both = put('b.2', { replaces: ['a.1', 'a.2'] });
    const partly = put('a.2', { replaces: ['a.1'], ...goesOn, seenPartly: true });
    const told = [put('a.1'), partly, both];
    const end = shows('session', 'b.2');
    expect(rules(story('session', [...told, get('a.1', 'a.2')]), end)).toEqual([]);
    expect(rules(story('session', [...told, get('a.1', 'a.2', 'b.2')]), end)).toEqual([
      'own-values-piled-up',
    ]);
  });

  test('a value beside one that has replaced what had replaced it', () => {
    const more = [
      put('a.3', { replaces: ['a.2'], ...goesOn }),
      put('a.4', { replaces: ['a.3'], ...goesOn }),
    ];
    const told = story('session', [...base, ...more, get('a.1', 'a.4')]);
    expect(rules(told, shows('session', 'a.4', 'b.1'))).toEqual(['own-values-piled-up']);
    // What is not known to have found all does not vouch for what was before it.
    for (const unsure of [{ seenPartly: true }, { outcome: 'unknown' as const }]) {
      const between = put('a.2', { replaces: ['a.1'], ...goesOn, ...unsure });
      const looked = put('a.3', { replaces: ['a.2'] });
      const honest = [put('a.1'), between, looked, more[1]!, get('a.1', 'a.4')];
      expect(rules(story('session', honest), shows('session', 'a.4'))).toEqual([]);
    }
  });

  test('a second node did it too, and did not find the older one: a read of that node shows both, and none in the end', () => {
    const twice = put('a.2', { replaces: ['a.1'], ...goesOn, copySeenPartly: true });
    const told = story('session', [put('a.1'), twice, get('a.1', 'a.2')]);
    expect(rules(told, shows('session', 'a.2'))).toEqual([]);
    expect(rules(told, shows('session', 'a.1', 'a.2'))).toEqual([
      'resurrected',
      'own-values-piled-up',
    ]);
  });

  test('what another node answered is written down apart, before or after the write itself', () => {
    const lines = [{ copySeenPartly: 'a.1' }, put('a.1'), put('a.2'), { copySeenPartly: 'a.2' }];
    const text = [...lines, put('a.3')].map((line) => `${JSON.stringify(line)}\n`).join('');
    const copied = operationsIn(text).map(({ copySeenPartly }) => copySeenPartly);
    expect(copied).toEqual([true, true, undefined]);
  });

  test('who looked, and was not shown an older value, has replaced what it was shown', () => {
    const looked = [
      put('a.1'),
      put('a.2', { outcome: 'unknown', replaces: ['a.1'], ...goesOn }),
      get(),
      put('a.3', { replaces: [] }),
    ];
    expect(rules(story('session', looked), shows('session', 'a.1', 'a.3'))).toEqual([]);
    const shown = [...looked.slice(0, 2), get('a.1'), put('a.3', { replaces: ['a.1'] })];
    expect(rules(story('session', shown), shows('session', 'a.1', 'a.3'))).toEqual([
      'resurrected',
      'own-values-piled-up',
    ]);
  });

  test('values of unknown outcome are no part of it', () => {
    const told = story('session', [
      put('a.1', { outcome: 'unknown' }),
      get('a.1'),
      put('a.2', { replaces: ['a.1'] }),
      get('a.1', 'a.2'),
    ]);
    expect(rules(told, shows('session', 'a.2'))).toEqual([]);
  });

  test('refused-for-siblings', () => {
    const refused = story('session', [put('a.1', { outcome: 'none', error: '409 siblings' })]);
    expect(rules(refused, shows('session'))).toEqual(['refused-for-siblings']);
  });
});

test('lifetimes: shown long after the end, or gone long before', () => {
  const value = put('a.1', { ttlMs: 5_000 });
  expect(rules(story('ttl', [value, at(1_000, ['a.1']), at(9_000, [])]), [])).toEqual([]);
  expect(rules(story('ttl', [value, at(9_000, ['a.1'])]), [])).toEqual(['expired-shown']);
  expect(rules(story('ttl', [value, at(1_000, [])]), [])).toEqual(['expired-early']);
});

test('several-winners: a bucket of last writers shows one value', () => {
  const told = story('lww', [put('a.1'), put('b.1')]);
  expect(rules(told, shows('lww', 'a.1', 'b.1'))).toEqual(['several-winners']);
});

const awayMax = { strict: 1, sloppy: 2 };
const away = (host: string, startMs: number, endMs: number): Outage => {
  return { hosts: host.split(' '), startMs, endMs };
};

const retried = (more: Partial<OperationRecord> = {}): OperationRecord[] =>
  story('strict', [
    {
      kind: 'get',
      strict: true,
      wasRetried: true,
      outcome: 'unknown',
      error: '503 no quorum',
      startMs: 20_000,
      endMs: 35_000,
      ...more,
    },
  ]);
const clientErrorsIn = (operations: OperationRecord[], ...outages: Outage[]): string[] =>
  clientErrors(operations, { outages, awayMax }).map(({ rule }) => rule);

const heldAt = (node: string, ...shown: WriteName[]): ReplicaRecord => {
  return { workload: 'blind', key: 'k', node, shown };
};
const notReplicatedIn = (replicas: readonly ReplicaRecord[], ...shown: WriteName[]): string[] =>
  notReplicated(shows('blind', ...shown), replicas).map(({ rule }) => rule);

const changed = (words: string, more: Partial<ChangeRecord>): ChangeRecord => {
  const record = { words: words.split(' '), askedMs: 1_000, asked: 1, outcome: 'done' } as const;
  return { ...record, ...more };
};

describe('client-errors', () => {
  test('an error, though a quorum was there, or all but one were', () => {
    expect(clientErrorsIn(retried())).toEqual(['client-errors']);
    expect(clientErrorsIn(retried(), away('n1', 0, Infinity))).toEqual(['client-errors']);
    expect(clientErrorsIn(retried(), away('n1', 0, 90_000), away('n1', 5, 9_000))).toEqual([
      'client-errors',
    ]);
    expect(clientErrorsIn(retried({ kind: 'put', name: 'a.1', outcome: 'none' }))).toEqual([
      'client-errors',
    ]);
  });

  test('none: it was done, or nobody tried again, or the request itself was wrong', () => {
    expect(clientErrorsIn(retried({ outcome: 'done' }))).toEqual([]);
    expect(clientErrorsIn(retried({ wasRetried: false }))).toEqual([]);
    expect(clientErrorsIn(retried({ error: '409 siblings' }))).toEqual([]);
  });

  test("two of a key's three primaries may have been away", () => {
    const both = [away('n1', 0, 30_000), away('n2', 21_000, 40_000)];
    expect(clientErrorsIn(retried(), ...both)).toEqual([]);
    // It had ten seconds after that, in which every node was heard again.
    const late = retried({ endMs: 44_000 });
    expect(clientErrorsIn(late, ...both)).toEqual(['client-errors']);
    expect(clientErrorsIn(retried({ strict: false }), ...both)).toEqual(['client-errors']);
    const three = [...both, away('n3', 0, 60_000)];
    expect(clientErrorsIn(retried({ strict: false }), ...three)).toEqual([]);
  });

  test('a server, and a link, are more than a quorum can do without', () => {
    expect(clientErrorsIn(retried(), away('s1', 19_000, 36_000))).toEqual([]);
    expect(clientErrorsIn(retried(), away('s1 n2', 19_000, 36_000))).toEqual([]);
    expect(clientErrorsIn(retried(), away('s1', 1_000, 9_000))).toEqual(['client-errors']);
  });
});

describe('not-replicated', () => {
  test('an owner lacks what a read shows, or still has what is gone', () => {
    const all = [heldAt('n1', 'a.2'), heldAt('n2', 'a.2'), heldAt('n3', 'a.2')];
    expect(notReplicatedIn(all, 'a.2')).toEqual([]);
    expect(notReplicatedIn([...all.slice(1), heldAt('n1')], 'a.2')).toEqual(['not-replicated']);
    expect(notReplicatedIn([...all.slice(1), heldAt('n1', 'a.1')], 'a.2')).toEqual([
      'not-replicated',
    ]);
    expect(notReplicatedIn(all)).toEqual(['not-replicated']);
  });

  test('an owner does not say, or nobody was asked', () => {
    const silent = { ...heldAt('n1'), error: '503 not a primary of the key' };
    expect(notReplicatedIn([silent, heldAt('n2', 'a.1')], 'a.1')).toEqual(['not-replicated']);
    expect(notReplicatedIn([], 'a.1')).toEqual(['not-replicated']);
  });

  test('owners are alike when each shows the same of every key', () => {
    expect(areAllAlike([heldAt('n1', 'a.1', 'b.1'), heldAt('n2', 'b.1', 'a.1')])).toBe(true);
    expect(areAllAlike([heldAt('n1', 'a.1', 'b.1'), heldAt('n2', 'b.1')])).toBe(false);
    expect(areAllAlike([{ ...heldAt('n1'), error: 'no answer' }])).toBe(false);
  });
});

describe('changes of the membership', () => {
  test('unsettled: one that never ends', () => {
    const done = changed('join n4', { endedMs: 9_000 });
    expect(unsettledChanges([done, changed('weight n1 2', { outcome: 'cancelled' })])).toEqual([]);
    const stuck = changed('leave n2', { outcome: 'unfinished', refusal: '1 of 3 members' });
    const [violation, ...others] = unsettledChanges([done, stuck]);
    expect(others).toEqual([]);
    expect(violation).toMatchObject({
      rule: 'unsettled',
      what: 'leave n2: never begun, asked for 1 times; last refused: 1 of 3 members',
    });
  });

  test('figures tell how many of each kind there were and how long they took, and errors', () => {
    const changes = [
      changed('join n4', { endedMs: 9_000 }),
      changed('join n5', { endedMs: 3_500, refusal: 'a move is under way' }),
      changed('join n6', { outcome: 'unfinished' }),
      changed('leave n2', { outcome: 'cancelled', endedMs: 2_000 }),
    ];
    const told = story('blind', [
      put('a.1', { wasRetried: true }),
      put('a.2', { wasRetried: true, outcome: 'unknown', error: '503 no quorum' }),
      put('a.3', { outcome: 'unknown', error: 'TIMEOUT' }),
    ]);
    const text = figuresText(told, [], changes, { outages: [], awayMax });
    expect(text).toMatch(/^join .*2 done, 0 cancelled, 1 unfinished.*p50 2\.5 s, longest 8\.0 s/m);
    expect(text).toMatch(/^leave .*0 done, 1 cancelled/m);
    expect(text).toMatch(/tries again: 2 requests, 1 errors, 0 more/);
    expect(text).toMatch(/all clients: 1 × 503, 1 × no answer/);
  });
});
