/** How a node votes: by what is on its disk, and by who has enrolled the life it is in. */
import { expect, test } from '@jest/globals';
import type { Question } from '../../actors/consensus/acceptor.js';
import type { Vote } from '../../actors/consensus/voter.js';
import { begin, foundingConfiguration } from '../../actors/rules/steps.js';
import { votesNowhere } from '../../actors/consensus/voter.js';
import { abstentionText } from '../../src/membership/abstention.js';
import { Chain } from '../../src/membership/chain.js';
import { Voting } from '../../src/membership/voting.js';
import type { Table, TableBatch, Tables } from '../../src/seams/table.js';
import { idOf, placesOf, taken } from '../support/configurations.js';

const partitions = 4;
const founded = foundingConfiguration(placesOf(1, 2, 3), partitions);
const to = { members: placesOf(1, 2), ring: 1, removed: [] } as const;
const next = taken(begin(founded, to));

/** A disk that has written nothing before it is told to. */
class SlowTables implements Tables {
  private readonly waiting: (() => void)[] = [];
  private readonly values = new Map<string, Buffer>();

  open(name: string): Table {
    const { values } = this;
    const nothing: never[] = [];
    const get = (key: string): Buffer | undefined => values.get(key);
    return { name, get, range: () => nothing, keys: () => nothing, count: () => values.size };
  }

  commit(write: (batch: TableBatch) => void, done: () => void): void {
    const written = new Map<string, Buffer>();
    write({
      put: (_, key, value) => void written.set(key, value),
      remove: () => undefined,
    });
    this.waiting.push(() => {
      for (const [key, value] of written) this.values.set(key, value);
      done();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What was to be written by now is on disk. */
  write(): void {
    for (let wait = this.waiting.shift(); wait !== undefined; wait = this.waiting.shift()) wait();
  }
}

function voter(enrolledBy: readonly number[] = [2, 3], founders = founded) {
  const tables = new SlowTables();
  const self = idOf(1);
  const options = { tables, self, partitions, mayBeOwn: () => true, isFounder: () => true };
  const chain = new Chain(options);
  chain.load();
  chain.learn(founders);
  tables.write();
  const voting = new Voting({ self, chain });
  for (const other of enrolledBy) voting.enrolledBy(idOf(other));
  const said: Vote<Uint8Array>[] = [];
  const ask = (instance: number, question: Question<Uint8Array>): Vote<Uint8Array> | undefined => {
    const before = said.length;
    voting.vote({ ...question, instance }, (vote) => said.push(vote));
    tables.write();
    return said[before];
  };
  return { tables, chain, voting, said, ask };
}

const prepare = (round: number) => {
  return { kind: 'prepare', ballot: { round, proposer: idOf(2) } } as const;
};

test('a promise is on disk before anybody sees it', () => {
  const { tables, voting, said } = voter();
  voting.vote({ ...prepare(1), instance: 1 }, (vote) => said.push(vote));
  expect(said).toEqual([]);
  tables.write();
  expect(said).toEqual([{ kind: 'promised', accepted: undefined }]);
});

test('until what follows is on its disk it goes by the votes it has cast', () => {
  const { tables, chain, voting, said, ask } = voter();
  expect(ask(1, prepare(5))).toMatchObject({ kind: 'promised' });
  chain.learn(next);
  voting.vote({ ...prepare(3), instance: 1 }, (vote) => said.push(vote));
  expect(chain.known).toBe(founded);
  tables.write();
  expect(said.at(-1)).toEqual({ kind: 'outvoted', ballot: prepare(5).ballot });
  expect(chain.known).toBe(next);
  expect(ask(1, prepare(6))).toEqual({ kind: 'superseded' });
  // Of the next instance nothing was asked yet.
  expect(ask(2, prepare(1))).toMatchObject({ kind: 'promised' });
});

test('of three voters it votes once both others have enrolled its life; who is gone for good need not', () => {
  expect(voter([]).ask(1, prepare(1))).toEqual({ kind: 'abstaining' });
  const { voting, ask } = voter([2]);
  expect(voter([3, 2]).voting.unheard()).toEqual([]);
  expect(voting.unheard()).toEqual([idOf(3)]);
  expect(ask(1, prepare(1))).toEqual({ kind: 'abstaining' });
  let isDown = true;
  voting.goneForGood(idOf(3), () => isDown);
  expect(voting.unheard()).toEqual([]);
  expect(ask(1, prepare(1))).toMatchObject({ kind: 'promised' });
  isDown = false;
  expect(ask(1, prepare(2))).toEqual({ kind: 'abstaining' });
});

test('one whose disk was put back counts as able to vote from the instance on in which it votes', () => {
  const { tables, chain, voting, ask } = voter();
  const text = (): string | undefined => abstentionText(idOf(1), { chain, voting });
  expect(voting.votes).toBe(true);
  expect(text()).toBeUndefined();
  for (const votesFrom of [votesNowhere, 2]) {
    voting.voteFrom(votesFrom);
    tables.write();
    expect(ask(1, prepare(1))).toEqual({ kind: 'abstaining' });
    expect(voting.votes).toBe(false);
    expect(text()).toMatch(
      /put back from a copy, so it can't vote on the next change .* spare 0 of the 2 others .* instead of 1$/,
    );
  }
  chain.learn(next);
  tables.write();
  expect(ask(2, prepare(1))).toMatchObject({ kind: 'promised' });
  expect(voting.votes).toBe(true);
  expect(text()).toBeUndefined();
});

test('of two such a one keeps the cluster from any change, and says what an operator can do', () => {
  const { tables, chain, voting } = voter([2], foundingConfiguration(placesOf(1, 2), partitions));
  voting.voteFrom(2);
  tables.write();
  expect(abstentionText(idOf(1), { chain, voting })).toMatch(
    /can change nothing: quorate recover lets it vote again$/,
  );
});
