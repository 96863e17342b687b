import { describe, expect, test } from '@jest/globals';
import type { Configuration } from '../../../actors/rules/configuration.js';
import { encode, type WireValue } from '../../../src/wire/message-pack.js';
import { ChainOracle } from './chain-oracle.js';
import { ChainWatch } from './chain-watch.js';
import { begun, cancelled, finished, founded, idOf, moved, place } from './made-up.js';
import { stepBetween } from './step-rules.js';
import { Violations } from './violations.js';

const first = founded('n1 n2 n3');
const second = begun(first, 'n1 n2 n3 n4');
const other = begun(first, 'n1 n2 n3 n5');
const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(idOf) as [string, string, string];

const ballot = (round: number) => ({ round, node: n1 });

class Told {
  private readonly violations = new Violations(() => 0);
  readonly chain = new ChainOracle(this.violations, () => this.nowUs++);
  private nowUs = 0;

  get broken(): string[] {
    return this.violations.list.map(({ rule }) => rule);
  }

  learned(node: string, ...configurations: readonly Configuration[]): this {
    for (const configuration of configurations) this.chain.learned(node, configuration);
    return this;
  }

  accept(voters: readonly string[], round: number, configuration: Configuration): this {
    for (const voter of voters) this.chain.accept(voter, 1, { round, node: n1 }, configuration);
    return this;
  }
}

describe('steps', () => {
  const nearly = moved(second, [0]);
  const all = moved(second, [0, 1]);
  const without = begun(first, 'n1 n2 n4', 'n3');
  const others = begun(first, 'n4 n5 n6', 'n1 n2 n3');
  const leaving = finished(moved(begun(first, 'n1 n2'), [0, 1]));
  const rights: readonly (readonly [string, Configuration, Configuration])[] = [
    ['begin', first, second],
    ['begin', first, without],
    ['moved', second, nearly],
    ['finish', all, finished(all)],
    ['cancelled', nearly, cancelled(nearly)],
    ['cancelled', moved(without, [0]), cancelled(moved(without, [0]))],
    ['released', leaving, { ...leaving, number: leaving.number + 1, leaving: [] }],
  ];

  test.each(rights)('%s', (step, before, after) => {
    expect(stepBetween(before, after)).toBe(step);
  });

  const wrongs: readonly (readonly [string, Configuration, Configuration])[] = [
    ['a number too many', first, { ...second, number: 3, layout: 3 }],
    ['a layout that stays as a move begins', first, { ...second, layout: 1 }],
    ['a move while another is under way', second, begun(second, 'n1 n2')],
    ['what has moved has not any more', all, moved(all, [0])],
    ['an end before all has moved', nearly, finished(nearly)],
    [
      'an end that lets nobody leave',
      moved(begun(first, 'n1 n2'), [0, 1]),
      { ...leaving, leaving: [] },
    ],
    ['other members without a move', first, { ...first, number: 2, members: [place('n1')] }],
    ['a member that stays was removed', first, begun(first, 'n1 n2 n3', 'n3')],
    ['a stranger was removed', first, begun(first, 'n1 n2', 'n9')],
    ['back to those that are all gone', moved(others, [0]), cancelled(moved(others, [0]))],
    ['somebody else leaves', first, { ...first, number: 2, leaving: [n3] }],
  ];

  test.each(wrongs)('%s', (_, before, after) => {
    expect(stepBetween(before, after)).toBeUndefined();
    const told = new Told().learned(n1, before, after);
    told.chain.checkEnd();
    const isSkipped = after.number > before.number + 1;
    expect(told.broken).toEqual([isSkipped ? 'number-skipped' : 'step-not-allowed']);
  });
});

test('nodes that go through the same configurations, some of them late, are right', () => {
  const third = moved(second, [0]);
  const told = new Told().accept([n2], 1, second).learned(n1, first, second, third);
  told.learned(n2, first, third).learned(n3, second);
  told.chain.checkEnd();
  expect(told.broken).toEqual([]);
  expect(told.chain.newest).toBe(third);
  expect(told.chain.numberOf(n3)).toBe(2);
});

test('two configurations with one number', () => {
  expect(new Told().learned(n1, first, second).learned(n2, first, other).broken).toEqual([
    'two-configurations',
  ]);
});

test('a number that nobody ever had; survivors may leave some out', () => {
  const told = new Told().learned(n1, first, moved(second, [0]));
  told.chain.checkEnd();
  expect(told.broken).toEqual(['number-skipped']);
  const recovered = new Told().learned(n1, first, { ...first, number: 2 ** 20, layout: 2 ** 20 });
  recovered.chain.checkEnd();
  expect(recovered.broken).toEqual([]);
});

test('what was chosen with too few votes', () => {
  const right = new Told().learned(n1, first).accept([n2], 1, second).learned(n1, second);
  expect(right.broken).toEqual([]);
  const wrong = new Told().learned(n1, first).accept([n2], 1, other).learned(n1, second);
  expect(wrong.broken).toEqual(['chosen-by-few']);
});

test('a voter that goes back behind its word, whatever it has been through since', () => {
  const promises = new Told();
  for (const round of [1, 3, 3]) promises.chain.promised(n2, 1, ballot(round));
  promises.chain.promised(n2, 2, ballot(1));
  promises.chain.promised(n3, 1, ballot(1));
  promises.chain.accept(n2, 1, ballot(3), second);
  expect(promises.broken).toEqual([]);
  promises.chain.accept(n2, 1, ballot(2), second);
  expect(promises.broken).toEqual(['vote-taken-back']);
  const accepts = new Told().accept([n2], 2, second);
  accepts.chain.promised(n2, 1, ballot(1));
  expect(accepts.broken).toEqual(['vote-taken-back']);
  const twice = new Told().accept([n2], 2, second).accept([n2], 2, other);
  expect(twice.broken).toEqual(['vote-taken-back']);
});

test('what a voter accepted under a lower ballot binds it no more under a higher one', () => {
  const told = new Told().accept([n2], 3, second);
  told.chain.promised(n2, 1, ballot(5));
  expect(told.accept([n2], 5, other).broken).toEqual([]);
  expect(told.accept([n2], 5, second).broken).toEqual(['vote-taken-back']);
});

test('promises that are told at once are read in any order', () => {
  const violations = new Violations(() => 0);
  let nowUs = 0;
  const chain = new ChainOracle(violations, () => nowUs);
  for (const round of [3, 2]) chain.promised(n2, 1, ballot(round));
  expect(violations.list).toEqual([]);
  nowUs++;
  chain.promised(n2, 1, ballot(2));
  expect(violations.list.map(({ rule }) => rule)).toEqual(['vote-taken-back']);
});

test('a majority for one document and, later, for another', () => {
  const told = new Told().learned(n1, first).accept([n1, n2], 1, second).accept([n3], 2, other);
  expect(told.broken).toEqual([]);
  told.accept([n2], 2, other);
  expect(told.broken).toEqual(['chosen-twice']);
});

test('all of that is learned from the messages of the verb chain, and from disks', () => {
  const told = new Told();
  const watch = new ChainWatch(told.chain);
  const proposed: string[] = [];
  watch.onProposed.push((instance, by) => proposed.push(`${instance} ${by}`));
  const say = (subject: string, message: WireValue): void =>
    watch.hear({ subject, reply: '', payload: encode(message), headers: undefined });
  const ask = (to: string, id: number, body: WireValue): void =>
    say(`_kv.${to}.chain`, [1, n1, id, body]);
  const answer = (by: string, id: number, body: WireValue): void =>
    say(`_kv.${n1}.answers`, [1, by, [id, 0, body]]);
  watch.committed(n1, encode(['something', 'else']));
  watch.committed(n1, bytesOf(first));
  ask(n2, 1, ['prepare', 1, 5, n1]);
  answer(n2, 1, ['promised']);
  ask(n2, 2, ['accept', 1, 5, n1, bytesOf(second)]);
  answer(n2, 2, ['accepted']);
  ask(n2, 3, ['chosen', bytesOf(second)]);
  ask(n3, 4, ['fetch']);
  answer(n3, 4, [bytesOf(moved(second, [1]))]);
  expect(told.broken).toEqual([]);
  expect(proposed).toEqual([`1 ${n1}`]);
  expect([n1, n2, n3].map((node) => told.chain.numberOf(node))).toEqual([2, 0, 3]);
  ask(n2, 5, ['prepare', 1, 4, n1]);
  answer(n2, 5, ['promised', 5, n1, bytesOf(second)]);
  ask(n2, 6, ['prepare', 1, 9, n1]);
  answer(n2, 6, ['superseded', bytesOf(other)]);
  expect(told.broken).toEqual(['vote-taken-back', 'two-configurations']);
});

const ids = (nodes: readonly string[]): Buffer => Buffer.from(nodes.join(''), 'hex');

/** As nodes write it down. */
function bytesOf({ members, move, leaving, removed, ...rest }: Configuration): Buffer {
  const rows = (places: Configuration['members']): WireValue[] =>
    places.map(({ id, name, host, zone, weight }) => [ids([id]), name, host, zone, weight]);
  const bits = Buffer.alloc(1);
  for (const partition of move?.moved ?? []) bits[0]! |= 0x80 >> partition;
  return encode([
    1,
    rest.cluster,
    rest.number,
    rest.layout,
    rest.partitions,
    rest.ring,
    rows(members),
    ids(leaving),
    ids(removed),
    move === undefined ? null : [rows(move.members), move.ring, bits],
    [],
  ]);
}
