/** How a node has the next configuration chosen: which words count for what it asks now. */
import { expect, test } from '@jest/globals';
import { begin, type Destination, foundingConfiguration, moved } from '../../actors/rules/steps.js';
import type { PeerAnswer, Peers } from '../../src/bus/peers.js';
import { Chain } from '../../src/membership/chain.js';
import { Proposing } from '../../src/membership/proposing.js';
import { Voting } from '../../src/membership/voting.js';
import type { Vouching } from '../../src/membership/vouching.js';
import type { Inspection } from '../../src/seams/inspection.js';
import type { Random } from '../../src/seams/random.js';
import type { Table, TableBatch, Tables } from '../../src/seams/table.js';
import { type SentVote, voteBody } from '../../src/wire/protocol/chain.js';
import { idOf, placeOf, placesOf, taken } from '../support/configurations.js';
import { ManualClock } from '../support/manual-clock.js';

const partitions = 4;
const founded = foundingConfiguration(placesOf(1, 2, 3), partitions);
const to = {
  members: [...placesOf(1, 2), placeOf(3, { weight: 2 })],
  ring: 1,
  removed: [],
} as const;
const other = { members: placesOf(1, 2, 3, 4), ring: 1, removed: [] } as const;

/** Commits end one by one, when they are told to. */
class SlowTables implements Tables {
  private readonly waiting: (() => void)[] = [];

  open(name: string): Table {
    const nothing: never[] = [];
    return {
      name,
      get: () => undefined,
      range: () => nothing,
      keys: () => nothing,
      count: () => 0,
    };
  }

  commit(write: (batch: TableBatch) => void, done: () => void): void {
    write({ put: () => undefined, remove: () => undefined });
    this.waiting.push(done);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  writeOne(): void {
    this.waiting.shift()?.();
  }
}

class AskedPeers {
  readonly self = idOf(1);
  private readonly open = new Map<
    number,
    { readonly to: string; readonly onAnswer: (answer: PeerAnswer) => void }
  >();
  private lastId = 0;

  call(
    node: string,
    _verb: string,
    _body: unknown,
    onAnswer: (answer: PeerAnswer) => void,
  ): number {
    this.open.set(++this.lastId, { to: node, onAnswer });
    return this.lastId;
  }

  giveUp(id: number): void {
    this.open.delete(id);
  }

  says(number: number, vote: SentVote): void {
    for (const [id, { to: node, onAnswer }] of this.open) {
      if (node !== idOf(number)) continue;
      this.open.delete(id);
      return onAnswer({ kind: 'ok', body: voteBody(vote) });
    }
    throw new Error(`n${number} is not asked`);
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** Node 1, whose life was enrolled by these. */
function node(enrolledBy: readonly number[]) {
  const clock = new ManualClock();
  const tables = new SlowTables();
  const peers = new AskedPeers();
  const { self } = peers;
  const chain = new Chain({
    tables,
    self,
    partitions,
    mayBeOwn: () => true,
    isFounder: () => true,
  });
  chain.load();
  chain.learn(founded);
  tables.writeOne();
  const voting = new Voting({ self, chain });
  for (const other of enrolledBy) voting.enrolledBy(idOf(other));
  const proposing = new Proposing({
    peers: peers as unknown as Peers,
    clock,
    random: { below: () => 0 } as unknown as Random,
    inspection: { attach: () => undefined, detach: () => undefined } as unknown as Inspection,
    chain,
    voting,
    vouching: { hear: (_, told) => chain.learn(told) } as Partial<Vouching> as Vouching,
    nameOf: (node) => node,
    fetchFrom: () => undefined,
  });
  return { clock, tables, peers, chain, voting, proposing };
}

test('a vote of this node in an earlier instance, which its disk was slow with, is none in the next', async () => {
  const { clock, tables, peers, chain, voting, proposing } = node([2, 3]);
  let outcome = 'open';
  proposing
    .propose((from) => (from.move === undefined ? begin(from, to) : moved(from, [0])))
    .then(
      () => (outcome = 'chosen'),
      () => (outcome = 'failed'),
    );
  await turns();
  clock.advance(0);
  tables.writeOne();
  peers.says(2, { kind: 'promised', accepted: undefined });
  // It is about to accept what it proposes itself, and learns what follows 1 before it has.
  chain.learn(taken(begin(founded, other)));
  clock.advance(0);
  tables.writeOne();
  await turns();
  expect(chain.known?.number).toBe(2);
  // In the next instance it comes to the same question, under the same ballot.
  peers.says(2, { kind: 'promised', accepted: undefined });
  peers.says(3, { kind: 'promised', accepted: undefined });
  // Meanwhile it has promised n3 to take nothing of what it proposes itself.
  const ballot = { round: 1, proposer: idOf(3) };
  voting.vote({ kind: 'prepare', instance: 2, ballot }, () => undefined);
  clock.advance(0);
  for (let i = 0; i < 5; i++) tables.writeOne();
  peers.says(2, { kind: 'accepted' });
  await turns();
  for (let i = 0; i < 5; i++) tables.writeOne();
  await turns();
  expect({ outcome, number: chain.known?.number }).toEqual({ outcome: 'open', number: 2 });
  proposing.stop();
});

/** What is said when two have started anew and the third does not answer. */
async function failureOf(wanted: Destination, enrolledBy: readonly number[]): Promise<string> {
  const { clock, peers, proposing } = node(enrolledBy);
  let failure = '';
  void proposing
    .propose((from) => begin(from, wanted))
    .then(undefined, (error: Error) => (failure = error.message));
  await turns();
  clock.advance(0);
  peers.says(2, { kind: 'abstaining' });
  while (clock.fireNext()) await turns();
  return failure;
}

test('too few vote, since somebody is gone who would have to enrol this life: says what to do', async () => {
  const [n2, n3] = [idOf(2), idOf(3)];
  const said = await failureOf(to, [2]);
  expect(said).toContain(`${n3} did not answer`);
  expect(said).toMatch(`if ${n3} is gone for good, remove it first: quorate remove ${n3}`);
  expect(said).not.toContain(`quorate remove ${n2}`);
});

test('no removal helps where this node votes, nor where it is what is wanted', async () => {
  expect(await failureOf(to, [2, 3])).not.toContain('quorate remove');
  const without = { members: placesOf(1, 2), ring: 1, removed: [idOf(3)] } as const;
  expect(await failureOf(without, [2])).not.toContain('quorate remove');
});
