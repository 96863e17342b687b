import { describe, expect, test } from '@jest/globals';
import { violationsOf, type ClockTrouble } from './checks/checks.js';
import type { FinalRecord, OperationRecord, Workload, WriteName } from './records.js';

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
): string[] {
  return violationsOf(operations, finals, clocks).map(({ rule }) => rule);
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

test('stale-strict-read: it shows less than was acknowledged before it began', () => {
  expect(rules(story('strict', [put('a.1'), put('a.2'), read(['a.2'])]), [])).toEqual([]);
  expect(rules(story('strict', [put('a.1'), put('a.2'), read(['a.1'])]), [])).toEqual([
    'stale-strict-read',
  ]);
  expect(rules(story('strict', [put('a.1'), read([])]), [])).toEqual(['stale-strict-read']);
  const overlapping = read(['a.1'], { startMs: 105 });
  expect(rules(story('strict', [put('a.1'), put('a.2'), overlapping]), [])).toEqual([]);
});

test('own-values-piled-up: two values of one author, both acknowledged', () => {
  const told = story('session', [put('a.1'), put('b.1'), put('a.2', { replaces: ['a.1'] })]);
  expect(rules(told, shows('session', 'a.2', 'b.1'))).toEqual([]);
  expect(rules(told, shows('session', 'a.2', 'a.1', 'b.1'))).toEqual([
    'resurrected',
    'own-values-piled-up',
  ]);
  const refused = story('session', [put('a.1', { outcome: 'none', error: '409 siblings' })]);
  expect(rules(refused, shows('session'))).toEqual(['refused-for-siblings']);
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
