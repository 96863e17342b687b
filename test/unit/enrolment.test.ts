/** How the voters of a cluster enrol each other's lives, however often each starts. */
import { expect, test } from '@jest/globals';
import { votesNowhere } from '../../actors/consensus/voter.js';
import { consensusLimits } from '../../actors/rules/limits/consensus.js';
import { foundingConfiguration } from '../../actors/rules/steps.js';
import type { IncomingCall, PeerAnswer, Peers } from '../../src/bus/peers.js';
import { Chain } from '../../src/membership/chain.js';
import { Enrolment } from '../../src/membership/enrolment.js';
import { Voting } from '../../src/membership/voting.js';
import type { Random } from '../../src/seams/random.js';
import type { Table, TableBatch, Tables } from '../../src/seams/table.js';
import type { WireValue } from '../../src/wire/wire-value.js';
import { chainOf } from '../../src/wire/protocol/chain.js';
import { idOf, placesOf } from '../support/configurations.js';
import { ManualClock } from '../support/manual-clock.js';

const partitions = 4;
const founded = foundingConfiguration(placesOf(1, 2, 3), partitions);

class MapTables implements Tables {
  constructor(readonly values = new Map<string, Buffer>()) {}

  open(name: string): Table {
    const { values } = this;
    const nothing: never[] = [];
    const get = (key: string): Buffer | undefined => values.get(key);
    return { name, get, range: () => nothing, keys: () => nothing, count: () => values.size };
  }

  commit(write: (batch: TableBatch) => void, done: () => void): void {
    write({
      put: (_, key, value) => void this.values.set(key, value),
      remove: () => undefined,
    });
    done();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Three voters; who is off is not there. */
class Voters {
  private readonly disks = new Map<number, MapTables>();
  private readonly nodes = new Map<
    number,
    { enrolment: Enrolment; chain: Chain; voting: Voting }
  >();
  private readonly messages: (() => void)[] = [];
  private names = 0;
  /** Loses what this says, of a node that asks. */
  loses: (question: string) => boolean = () => false;

  start(number: number): void {
    const self = idOf(number);
    const tables = new MapTables(this.disks.get(number)?.values);
    this.disks.set(number, tables);
    const options = { tables, self, partitions, mayBeOwn: () => true, isFounder: () => true };
    const chain = new Chain(options);
    chain.load();
    chain.learn(founded);
    const voting = new Voting({ self, chain });
    const peers = { self, call: this.callsOf(self), giveUp: () => undefined } as Partial<Peers>;
    const random = { below: () => ++this.names } as Partial<Random>;
    const enrolment = new Enrolment({
      peers: peers as Peers,
      clock: new ManualClock(),
      random: random as Random,
      chain,
      voting,
    });
    this.nodes.set(number, { enrolment, chain, voting });
    enrolment.start();
    this.deliver();
  }

  stop(number: number): void {
    this.nodes.delete(number);
  }

  /** As with a beat of each. */
  review(): void {
    for (const { enrolment } of this.nodes.values()) enrolment.review();
    this.deliver();
  }

  copyOf(number: number): Map<string, Buffer> {
    return new Map(this.disks.get(number)!.values);
  }

  putBack(number: number, copy: Map<string, Buffer>): void {
    this.stop(number);
    this.disks.set(number, new MapTables(new Map(copy)));
  }

  mayVote(number: number): boolean {
    const { voting, chain } = this.nodes.get(number)!;
    return voting.unheard().length === 0 && chain.table.kept.votesFrom !== votesNowhere;
  }

  private callsOf(self: string): Peers['call'] {
    return (to, _verb, body, onAnswer) => {
      const parts = body as unknown as readonly WireValue[];
      if (!this.loses(String(parts[0])))
        this.messages.push(() => this.asked({ from: self, to, parts }, onAnswer));
      return 0;
    };
  }

  private asked(
    { from, to, parts }: { from: string; to: string; parts: readonly WireValue[] },
    onAnswer: (answer: PeerAnswer) => void,
  ): void {
    const other = [...this.nodes].find(([number]) => idOf(number) === to)?.[1];
    if (other === undefined) return onAnswer({ kind: 'noResponders' });
    const question = chainOf(parts);
    if (question.kind !== 'enrol' && question.kind !== 'enrolled') throw new Error(question.kind);
    const ok = (body: unknown): void => {
      this.messages.push(() => onAnswer({ kind: 'ok', body: body as readonly WireValue[] }));
    };
    const call = { from, body: parts, ok } as Partial<IncomingCall<'chain'>>;
    other.enrolment.answer(call as IncomingCall<'chain'>, question);
  }

  private deliver(): void {
    for (let next = this.messages.shift(); next !== undefined; next = this.messages.shift()) next();
  }
}

function threeThatVote(): Voters {
  const voters = new Voters();
  for (const number of [1, 2, 3]) voters.start(number);
  voters.review();
  expect([1, 2, 3].map((number) => voters.mayVote(number))).toEqual([true, true, true]);
  return voters;
}

const often = consensusLimits.livesMax * 2;

test('two that start more often than names are kept while the third is off vote when it is back', () => {
  const voters = threeThatVote();
  voters.stop(3);
  for (let i = 0; i < often; i++) {
    voters.start(1);
    voters.start(2);
    voters.review();
    expect(voters.mayVote(1)).toBe(false);
  }
  voters.start(3);
  voters.review();
  expect([1, 2, 3].map((number) => voters.mayVote(number))).toEqual([true, true, true]);
});

test('so does one that ended each time before it had asked the other to enrol its life, or heard', () => {
  const voters = threeThatVote();
  voters.loses = (question) => question === 'enrol';
  for (let i = 0; i < often; i++) voters.start(1);
  voters.loses = () => false;
  voters.start(1);
  voters.review();
  expect(voters.mayVote(1)).toBe(true);
});

test('one whose disk was put back does not, though it has started as often as the life it forgot', () => {
  const voters = threeThatVote();
  const copy = voters.copyOf(1);
  voters.start(1);
  voters.review();
  expect(voters.mayVote(1)).toBe(true);
  voters.putBack(1, copy);
  for (let i = 0; i < often; i++) {
    voters.start(1);
    voters.review();
    expect(voters.mayVote(1)).toBe(false);
  }
});
