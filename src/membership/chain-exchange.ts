/**
 * How configurations get about: answers what others ask about them, fetches what is later than the
 * one this node knows, tells its own to who is behind.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { areForked } from '../../actors/rules/era.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { IncomingCall, Peers } from '../bus/peers.js';
import { OtherConfigurationError, UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import { understood } from '../wire/protocol/bodies.js';
import {
  chainBody,
  type ChainQuestion,
  chainOf,
  takenBody,
  fetchedBody,
  fetchedOf,
  voteBody,
  type VoteQuestion,
} from '../wire/protocol/chain.js';
import type { Chain, KnownNumber } from './chain.js';
import type { Enrolment } from './enrolment.js';
import { Pacing } from './pacing.js';
import type { Voting } from './voting.js';
import type { Vouching } from './vouching.js';

export interface ChainExchangeOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly chain: Chain;
  readonly voting: Voting;
  readonly enrolment: Enrolment;
  readonly vouching: Vouching;
}

/** Questions of who is left of a cluster that lost its majority. */
export interface Survivor {
  answer(call: IncomingCall<'chain'>, asked: RecoveryQuestion): void;
}

export type RecoveryQuestion = Extract<ChainQuestion, { readonly kind: 'survey' | 'recover' }>;

export class ChainExchange {
  private readonly fetching: Pacing;
  private readonly telling: Pacing;
  private survivor: Survivor | undefined;

  constructor(private readonly options: ChainExchangeOptions) {
    this.fetching = new Pacing(options.clock);
    this.telling = new Pacing(options.clock);
  }

  surviveAs(survivor: Survivor): void {
    this.survivor = survivor;
  }

  start(): void {
    this.options.peers.handle('chain', (call) => this.receive(call));
  }

  /** Another tells which configuration it knows; undefined: none. */
  heard(from: NodeId, told: KnownNumber | undefined): void {
    const { chain } = this.options;
    if (told === undefined) return;
    if (chain.isLater(told)) this.fetchFrom(from);
    else if (chain.number?.cluster === told.cluster && chain.number.number > told.number)
      this.tell(from);
  }

  /** Asks for the configuration it knows; not again and again. */
  fetchFrom(node: NodeId): void {
    const { peers, clock, chain, vouching } = this.options;
    if (!this.fetching.may(node)) return;
    const call = peers.call(node, 'chain', chainBody({ kind: 'fetch' }), (answer) => {
      clock.clearTimeout(deadline);
      if (answer.kind !== 'ok') return;
      const told = understood(() => decodeConfiguration(fetchedOf(answer.body)));
      if (told === undefined) return;
      // Whoever was thought to be ahead may be the one that is behind.
      const { known } = chain;
      const isBehind = known !== undefined && told.number < known.number;
      if (isBehind && !areForked(known, told)) this.tell(node);
      else vouching.hear(node, told);
    });
    const deadline = clock.setTimeout(() => peers.giveUp(call), chainLimits.fetchMsMax);
  }

  /** The one this node knows. */
  tell(node: NodeId): void {
    const { peers, chain } = this.options;
    const configuration = chain.bytes;
    if (configuration === undefined || !this.telling.may(node)) return;
    peers.tell(node, 'chain', chainBody({ kind: 'chosen', configuration }));
  }

  /** Resolves with those of them that have it on their disks, as far as they say so in time. */
  async spread(nodes: readonly NodeId[]): Promise<NodeId[]> {
    const { peers, clock, chain } = this.options;
    const configuration = chain.bytes;
    if (configuration === undefined || nodes.length === 0) return [];
    const confirmed: NodeId[] = [];
    const body = chainBody({ kind: 'chosen', configuration });
    let open = nodes.length;
    let calls: number[] = [];
    await new Promise<void>((resolve) => {
      const deadline = clock.setTimeout(resolve, chainLimits.spreadMsMax);
      calls = nodes.map((node) =>
        peers.call(node, 'chain', body, (answer) => {
          if (answer.kind === 'ok') confirmed.push(node);
          if (--open > 0) return;
          clock.clearTimeout(deadline);
          resolve();
        }),
      );
    });
    for (const call of calls) peers.giveUp(call);
    return confirmed;
  }

  /** Throws `MalformedError`, and whatever keeps this node from an answer. */
  private receive(call: IncomingCall<'chain'>): void {
    const { chain, vouching } = this.options;
    const asked = chainOf(call.body);
    if (asked.kind === 'fetch') {
      if (chain.bytes === undefined) throw new UnavailableError('no configuration is known here');
      return call.ok(fetchedBody(chain.bytes));
    }
    const isRemoved = chain.known?.removed.includes(call.from) === true;
    if (isRemoved) throw new OtherConfigurationError();
    if (asked.kind === 'enrolled' || asked.kind === 'enrol')
      return this.options.enrolment.answer(call, asked);
    if (asked.kind === 'survey' || asked.kind === 'recover')
      return this.survivor?.answer(call, asked);
    if (asked.kind !== 'chosen') return this.vote(call, asked);
    chain.table.checkRoom();
    const told = decodeConfiguration(asked.configuration);
    vouching.hear(call.from, told, () => call.ok(takenBody));
  }

  private vote(call: IncomingCall<'chain'>, asked: VoteQuestion): void {
    const { chain, voting } = this.options;
    // It outlives the message.
    const question =
      asked.kind === 'accept' ? { ...asked, value: Buffer.from(asked.value) } : asked;
    voting.vote(question, (vote) => {
      if (vote.kind === 'behind') this.fetchFrom(call.from);
      if (vote.kind !== 'superseded') return call.ok(voteBody(vote));
      call.ok(voteBody({ kind: 'superseded', configuration: chain.bytes! }));
    });
  }
}
