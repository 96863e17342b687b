/**
 * How this node votes on the configuration that follows the one it knows. Its vote is on its disk
 * before anybody sees it.
 *
 * A node whose disk is an old one may have voted and not know of it. So it votes only when enough
 * others have enrolled the life it is in (`enrolment.ts`), or an operator has said that they are
 * gone for good; who was found to have an old disk does not vote until the others have shown it in
 * which instances it can't have voted (`reassurance.ts`).
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { blankAcceptor } from '../../actors/consensus/acceptor.js';
import { type Vote, voteOf, type VoteCast, votesNowhere } from '../../actors/consensus/voter.js';
import type { Question } from '../../actors/consensus/acceptor.js';
import { isEnrolled } from '../../actors/consensus/lives.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { mayFollow } from '../../actors/rules/steps.js';
import { votersOf } from '../../actors/rules/voters.js';
import { MalformedError } from '../errors.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import { agreedAt } from './agreed.js';
import type { Chain } from './chain.js';

export interface VotingOptions {
  readonly self: NodeId;
  readonly chain: Chain;
}

export class Voting {
  /** They have enrolled this life. */
  private readonly enrolled = new Set<NodeId>();
  /** An operator said so, and this node had nothing against it; at most the members there are. */
  private readonly gone = new Map<NodeId, () => boolean>();

  constructor(private readonly options: VotingOptions) {}

  /**
   * `done` is called with what is on disk by then. Throws `MalformedError` when that can't follow,
   * and `UnavailableError` or `OverloadedError` when
   * the disk takes nothing.
   */
  vote(
    asked: Question<Uint8Array> & { readonly instance: ConfigurationNumber },
    done: (vote: Vote<Uint8Array>) => void,
  ): void {
    const { chain } = this.options;
    const { known } = chain;
    if (known === undefined) return done({ kind: 'behind' });
    if (asked.instance === known.number && asked.kind === 'accept') check(known, asked.value);
    const { acceptor, vote } = this.cast(known, asked);
    if (vote.kind === 'superseded' || vote.kind === 'behind' || vote.kind === 'abstaining')
      return done(vote);
    const { table } = chain;
    table.checkRoom();
    const votes = { instance: known.number, acceptor };
    table.keep({ votes }, () => done(vote));
  }

  /** Those without whose word this node does not vote. */
  unheard(): NodeId[] {
    const { self, chain } = this.options;
    const voters = chain.known === undefined ? [] : votersOf(chain.known);
    if (!voters.includes(self)) return [];
    const isGone = (id: NodeId): boolean => this.gone.get(id)?.() === true;
    const { enrolled } = this;
    if (isEnrolled({ voters, self }, (id) => enrolled.has(id) || isGone(id))) return [];
    return voters.filter((id) => id !== self && !enrolled.has(id));
  }

  enrolledBy(node: NodeId): void {
    this.enrolled.add(node);
  }

  /**
   * What was chosen with its vote and that of a life this node has forgotten nobody will ever tell,
   * so it may be chosen anew. `isStill`: nobody hears it.
   */
  goneForGood(node: NodeId, isStill: () => boolean): void {
    this.gone.set(node, isStill);
  }

  /** It is known to have an old disk, and not yet from where on it may vote. */
  get votesNowhere(): boolean {
    return this.options.chain.table.kept.votesFrom === votesNowhere;
  }

  /** It was found to have an old disk, and may have voted on what follows what it knows. */
  get abstains(): boolean {
    const { known, table } = this.options.chain;
    return known !== undefined && table.kept.votesFrom > known.number;
  }

  /** It has forgotten no vote from that instance on. */
  voteFrom(votesFrom: ConfigurationNumber): void {
    this.options.chain.table.keep({ votesFrom });
  }

  /**
   * On what follows the configuration that is known: no while it has agreed to go on without some
   * that are lost, as what these chose with its vote would be undone.
   */
  get votes(): boolean {
    const { known } = this.options.chain;
    return known !== undefined && !this.abstains && !this.hasAgreed(known);
  }

  private hasAgreed(known: Configuration): boolean {
    return agreedAt(known, this.options.chain.table.kept.agreed).accepted !== undefined;
  }

  private cast(
    known: Configuration,
    { instance, ...question }: Question<Uint8Array> & { readonly instance: ConfigurationNumber },
  ): VoteCast<Uint8Array> {
    const { votes, votesFrom: kept } = this.options.chain.table.kept;
    const acceptor = votes.instance === known.number ? votes.acceptor : blankAcceptor;
    const isSilent = this.unheard().length > 0 || this.hasAgreed(known);
    const votesFrom = isSilent ? votesNowhere : kept;
    return voteOf({ instance: known.number, acceptor, votesFrom }, instance, question);
  }
}

/** No proposer that goes by the rules proposes anything else. */
function check(known: Configuration, value: Uint8Array): void {
  if (!mayFollow(known, decodeConfiguration(value)))
    throw new MalformedError('what is proposed does not follow from the configuration');
}
