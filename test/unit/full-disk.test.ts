/** What a node keeps of the chain while its disk is full, or slow: no list grows meanwhile. */
import { beforeEach, expect, test } from '@jest/globals';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { begin, cancelled, foundingConfiguration } from '../../actors/rules/steps.js';
import type { IncomingCall, Peers } from '../../src/bus/peers.js';
import { OverloadedError, UnavailableError } from '../../src/errors.js';
import { Chain } from '../../src/membership/chain.js';
import { ChainExchange } from '../../src/membership/chain-exchange.js';
import { Enrolment } from '../../src/membership/enrolment.js';
import { Vouching } from '../../src/membership/vouching.js';
import { Voting } from '../../src/membership/voting.js';
import type { PeerWatch } from '../../src/membership/peer-watch.js';
import type { Random } from '../../src/seams/random.js';
import type { Table, TableBatch, Tables } from '../../src/seams/table.js';
import { encodeConfiguration } from '../../src/wire/configuration-codec.js';
import { chainBody, type ChainQuestion } from '../../src/wire/protocol/chain.js';
import { idOf, placesOf, taken } from '../support/configurations.js';
import { ManualClock } from '../support/manual-clock.js';

const self = idOf(1);
const partitions = 4;
const founded = foundingConfiguration(placesOf(1, 2, 3), partitions);
const moving = taken(begin(founded, { members: placesOf(1, 2), ring: 1, removed: [] }));
const ballot = { round: 1, proposer: idOf(2) };

/** Writes end when they are told to, well or not. */
class StuckTables implements Tables {
  private readonly values = new Map<string, Buffer>();
  private readonly waiting: ((error?: Error) => void)[] = [];

  open(name: string): Table {
    const { values } = this;
    const nothing: never[] = [];
    const get = (key: string): Buffer | undefined => values.get(key);
    return { name, get, range: () => nothing, keys: () => nothing, count: () => values.size };
  }

  commit(write: (batch: TableBatch) => void, done: (error?: Error) => void): void {
    const written = new Map<string, Buffer>();
    write({ put: (_, key, value) => void written.set(key, value), remove: () => undefined });
    this.waiting.push((error) => {
      if (error === undefined) for (const [key, value] of written) this.values.set(key, value);
      done(error);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  end(error?: Error): void {
    this.waiting.shift()?.(error);
  }

  /** All that waits. */
  write(): void {
    while (this.waiting.length > 0) this.end();
  }
}

const full = new Error('no space left on device');

let tables: StuckTables;
let chain: Chain;
let answered: number;
let receive: (call: IncomingCall<'chain'>) => void;
let ask: (question: ChainQuestion) => void;

function ok(): void {
  answered++;
}

beforeEach(() => {
  tables = new StuckTables();
  const clock = new ManualClock();
  chain = new Chain({ tables, self, partitions, mayBeOwn: () => true, isFounder: () => true });
  chain.load();
  chain.learn(founded);
  const voting = new Voting({ self, chain });
  const peers = {
    self,
    handle: (_: string, handler: typeof receive) => void (receive = handler),
    call: () => 0,
  } as Partial<Peers> as Peers;
  const random = { below: () => 1 } as Partial<Random> as Random;
  const watch = { reachability: () => 'alive' } as Partial<PeerWatch> as PeerWatch;
  const enrolment = new Enrolment({ peers, clock, random, chain, voting });
  const vouching = new Vouching({ clock, chain, watch });
  new ChainExchange({ peers, clock, chain, voting, enrolment, vouching }).start();
  tables.write();
  for (const other of [2, 3]) voting.enrolledBy(idOf(other));
  answered = 0;
  ask = (question) => {
    const call = { from: idOf(2), body: chainBody(question), ok };
    receive(call as Partial<IncomingCall<'chain'>> as IncomingCall<'chain'>);
  };
});

const questions: readonly ChainQuestion[] = [
  { kind: 'chosen', configuration: encodeConfiguration(moving) },
  { kind: 'enrolled' },
  { kind: 'enrol', life: 7, after: undefined },
  { kind: 'prepare', instance: founded.number, ballot },
];

test.each(questions)(
  'while the disk is full, $kind is refused, and taken once it has room',
  (one) => {
    chain.table.keep({ votesFrom: 1 });
    tables.end(full);
    for (let i = 0; i < 3; i++) expect(() => ask(one)).toThrow(UnavailableError);
    chain.table.write();
    tables.write();
    expect(answered).toBe(0);
    ask(one);
    tables.write();
    expect(answered).toBe(1);
  },
);

test.each(questions)('while the disk writes, so many times is $kind taken and no more', (one) => {
  chain.table.keep({ votesFrom: 1 });
  for (let i = 0; i < chainLimits.unwrittenMax; i++) ask(one);
  expect(() => ask(one)).toThrow(OverloadedError);
  tables.write();
  expect(answered).toBe(chainLimits.unwrittenMax);
  ask(one);
  tables.write();
  expect(answered).toBe(chainLimits.unwrittenMax + 1);
});

test('those who waited when it got full are told once it has room, however many, and in order', () => {
  const told: number[] = [];
  const waiting = 200_000;
  for (let i = 0; i < waiting; i++) chain.table.keep({}, () => told.push(i));
  // The first write is of the first one alone.
  tables.end();
  tables.end(full);
  chain.table.keep({}, () => told.push(waiting));
  tables.end(full);
  expect(told).toEqual([0]);
  chain.table.write();
  tables.write();
  expect(told).toHaveLength(waiting + 1);
  expect(told.every((number, i) => number === i)).toBe(true);
});

test('of what it hears meanwhile it acts upon the last one alone, once that is on disk', () => {
  const learned: number[] = [];
  chain.onLearned(({ number }) => learned.push(number));
  chain.learn(moving);
  tables.end(full);
  const back = taken(cancelled(moving));
  chain.learn(back);
  tables.end(full);
  expect(chain.heard).toBe(back);
  expect(learned).toEqual([]);
  chain.table.write();
  tables.write();
  expect(learned).toEqual([back.number]);
  expect(chain.known).toBe(back);
});
