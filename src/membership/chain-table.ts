/**
 * What a node has of the chain of configurations on its disk: the last one it knows, and how it
 * voted on what follows that.
 *
 *   configuration   its document (`src/wire/configuration-codec.ts`)
 *   votes           [instance, promised round, proposer, accepted round, proposer, value: bin]; the
 *                   last three are null while nothing was accepted
 *   agreed          the same, on what survivors of a lost majority make of it (`recovering.ts`)
 *   votesFrom       the first instance in which it votes; in those before it may have voted and not
 *                   know of it
 *   lives           the names of its lives, the one it is in last
 *   enrolled        [id, name, …]: of each other voter, the life that was enrolled last
 *   held            [id, names, …]: of each, which lives of this node it may have enrolled last
 *   member          the node was a member by one of the configurations
 *   emptied         the layout by which it leaves, and has said that it holds nothing any more
 *   past            [id, …]: who was named by a configuration and is no more, the last ones
 *   departure       [kind, …]: how its membership ended
 */
import { type Acceptor, blankAcceptor } from '../../actors/consensus/acceptor.js';
import type { LifeName, Lives, LivesHeld } from '../../actors/consensus/lives.js';
import { noBallot } from '../../actors/consensus/ballot.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { sameIds } from '../../actors/rules/founding.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { MalformedError, OverloadedError, UnavailableError } from '../errors.js';
import type { Table, TableBatch, Tables } from '../seams/table.js';
import type { Departure } from './departure.js';
import { isBin, isInt, isList, isText } from '../wire/columns.js';
import { decode, encode, type WireValue } from '../wire/message-pack.js';

export interface Votes {
  /** The configuration that is to be followed. */
  readonly instance: ConfigurationNumber;
  readonly acceptor: Acceptor<Uint8Array>;
}

export interface KeptChain {
  /** As bytes: what it says is its reader's. */
  readonly configuration: Buffer | undefined;
  readonly votes: Votes;
  readonly agreed: Votes;
  readonly votesFrom: ConfigurationNumber;
  readonly lives: Lives;
  readonly enrolled: ReadonlyMap<NodeId, LifeName>;
  readonly held: LivesHeld;
  readonly wasMember: boolean;
  readonly emptied: ConfigurationNumber;
  readonly past: readonly NodeId[];
  readonly departure: Departure | undefined;
}

const noVotes: Votes = { instance: 0, acceptor: blankAcceptor };

const nothingKept: KeptChain = {
  configuration: undefined,
  votes: noVotes,
  agreed: noVotes,
  votesFrom: 0,
  lives: [],
  enrolled: new Map(),
  held: new Map(),
  wasMember: false,
  emptied: 0,
  past: [],
  departure: undefined,
};

const keys = {
  configuration: 'configuration',
  votes: 'votes',
  agreed: 'agreed',
  votesFrom: 'votesFrom',
  lives: 'lives',
  enrolled: 'enrolled',
  held: 'held',
  member: 'member',
  emptied: 'emptied',
  past: 'past',
  departure: 'departure',
} as const;

export class ChainTable {
  private readonly table: Table;
  private next = nothingKept;
  private written = nothingKept;
  private isWriting = false;
  private isOver = false;
  private hasFailed = false;
  /** For what is not on disk yet. */
  private waiting: (() => void)[] = [];
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly tables: Tables) {
    this.table = tables.open('chain');
  }

  /** Throws `MalformedError` on damage: a node that lost its votes could vote again. */
  load(): KeptChain {
    const bytesOf = (key: string): Buffer | undefined => this.table.get(key);
    const votes = bytesOf(keys.votes);
    const agreed = bytesOf(keys.agreed);
    const votesFrom = bytesOf(keys.votesFrom);
    const lives = bytesOf(keys.lives);
    const enrolled = bytesOf(keys.enrolled);
    const held = bytesOf(keys.held);
    const emptied = bytesOf(keys.emptied);
    const past = bytesOf(keys.past);
    const departure = bytesOf(keys.departure);
    this.written = {
      configuration: bytesOf(keys.configuration),
      votes: votes === undefined ? noVotes : votesOf(decode(votes)),
      agreed: agreed === undefined ? noVotes : votesOf(decode(agreed)),
      votesFrom: votesFrom === undefined ? 0 : numberOf(decode(votesFrom)),
      lives: lives === undefined ? [] : livesOf(decode(lives)),
      enrolled: enrolled === undefined ? new Map() : byNodeOf(decode(enrolled), lifeNameOf),
      held: held === undefined ? new Map() : byNodeOf(decode(held), livesOf),
      wasMember: bytesOf(keys.member) !== undefined,
      emptied: emptied === undefined ? 0 : numberOf(decode(emptied)),
      past: past === undefined ? [] : idsOf(decode(past)),
      departure: departure && departureOf(decode(departure)),
    };
    this.next = this.written;
    return this.next;
  }

  /** What is on the disk, or on its way there. */
  get kept(): KeptChain {
    return this.next;
  }

  get onDisk(): KeptChain {
    return this.written;
  }

  /**
   * Before anything is kept because another node asks: who asks gives up sooner than a full disk
   * has room, and asks again. Throws `UnavailableError` and `OverloadedError`.
   */
  checkRoom(): void {
    if (this.hasFailed) throw new UnavailableError('the disk is full: it takes nothing');
    if (this.waiting.length >= chainLimits.unwrittenMax)
      throw new OverloadedError('too much waits for the disk');
  }

  /** Called after each write, before those who wait for it are. */
  onWrite(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * `done` is called once that, or something later, is on disk. A full disk is no error here: what
   * waits is tried again with `write`.
   */
  keep(changes: Partial<KeptChain>, done?: () => void): void {
    this.next = { ...this.next, ...changes };
    if (done !== undefined) this.waiting.push(done);
    this.write();
  }

  /** Nobody goes by what comes on the disk from now on, and nothing more is written. */
  stop(): void {
    this.isOver = true;
  }

  write(): void {
    if (this.isOver || this.isWriting || this.next === this.written) return;
    const { next, written, waiting } = this;
    this.waiting = [];
    this.isWriting = true;
    this.tables.commit(
      (batch) => this.put(batch, next, written),
      (error) => {
        if (this.isOver) return;
        this.isWriting = false;
        this.hasFailed = error !== undefined;
        if (error === undefined) {
          this.written = next;
          for (const listener of this.listeners) listener();
          for (const done of waiting) done();
          this.write();
        } else this.waiting = [...waiting, ...this.waiting];
      },
    );
  }

  private put(batch: TableBatch, next: KeptChain, written: KeptChain): void {
    const { table } = this;
    const { configuration, votes, agreed, votesFrom, lives, enrolled, held } = next;
    const { wasMember, emptied, past, departure } = next;
    if (configuration !== undefined && configuration !== written.configuration)
      batch.put(table, keys.configuration, configuration);
    if (votes !== written.votes) batch.put(table, keys.votes, encode(votesRow(votes)));
    if (agreed !== written.agreed) batch.put(table, keys.agreed, encode(votesRow(agreed)));
    if (votesFrom !== written.votesFrom) batch.put(table, keys.votesFrom, encode(votesFrom));
    if (lives !== written.lives) batch.put(table, keys.lives, encode([...lives]));
    if (enrolled !== written.enrolled)
      batch.put(table, keys.enrolled, encode([...enrolled].flat()));
    if (held !== written.held)
      batch.put(table, keys.held, encode([...held].flatMap(([id, names]) => [id, [...names]])));
    if (wasMember && !written.wasMember) batch.put(table, keys.member, encode(true));
    if (emptied !== written.emptied) batch.put(table, keys.emptied, encode(emptied));
    if (!sameIds(past, written.past)) batch.put(table, keys.past, encode([...past]));
    if (departure !== undefined && departure !== written.departure)
      batch.put(table, keys.departure, encode(departureRow(departure)));
  }
}

function votesRow({ instance, acceptor: { promised, accepted } }: Votes): WireValue {
  const parts = accepted && [accepted.ballot.round, accepted.ballot.proposer, accepted.value];
  return [instance, promised.round, promised.proposer, ...(parts ?? [null, null, null])];
}

function votesOf(row: WireValue): Votes {
  if (!isList(row) || row.length !== 6) throw new MalformedError('not votes');
  const [instance, round, proposer, acceptedRound, acceptedProposer, value] = row;
  if (!isInt(instance)) throw new MalformedError('votes of no instance');
  const promised = ballotOf(round, proposer);
  if (value === null) return { instance, acceptor: { promised, accepted: undefined } };
  if (!isBin(value)) throw new MalformedError('a vote for nothing');
  const accepted = { ballot: ballotOf(acceptedRound, acceptedProposer), value };
  return { instance, acceptor: { promised, accepted } };
}

function ballotOf(round: WireValue | undefined, proposer: WireValue | undefined) {
  if (!isInt(round) || !isText(proposer)) throw new MalformedError('not a ballot');
  return round === 0 ? noBallot : { round, proposer };
}

function livesOf(row: WireValue): Lives {
  if (!isList(row) || !row.every(isInt)) throw new MalformedError('not lives');
  return row;
}

function byNodeOf<T>(row: WireValue, of: (value: WireValue) => T): Map<NodeId, T> {
  if (!isList(row) || row.length % 2 !== 0) throw new MalformedError('not of each node one');
  const byNode = new Map<NodeId, T>();
  for (let i = 0; i < row.length; i += 2) {
    const id = row[i];
    if (!isText(id)) throw new MalformedError('not the id of a node');
    byNode.set(id, of(row[i + 1]!));
  }
  return byNode;
}

function lifeNameOf(value: WireValue): LifeName {
  if (!isInt(value)) throw new MalformedError('not the name of a life');
  return value;
}

function idsOf(row: WireValue): readonly NodeId[] {
  if (!isList(row) || !row.every(isText)) throw new MalformedError('not ids of nodes');
  return row;
}

function departureRow(departure: Departure): WireValue {
  const { kind } = departure;
  return kind === 'lost' ? [kind, departure.from, departure.known] : [kind];
}

function departureOf(row: WireValue): Departure {
  if (isList(row)) {
    const [kind, from, known] = row;
    if (kind === 'left' || kind === 'removed') return { kind };
    if (kind === 'lost' && isInt(from) && isInt(known)) return { kind, from, known };
  }
  throw new MalformedError('no way in which a membership ends');
}

function numberOf(value: WireValue): ConfigurationNumber {
  if (!isInt(value)) throw new MalformedError('not the number of a configuration');
  return value;
}
