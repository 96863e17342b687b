/**
 * What a survivor of a lost majority says to what others make of it (`actors/rules/recovery.ts`):
 * whether it has something against it, and its word, which is on its disk before anybody sees it.
 */
import { blankAcceptor } from '../../actors/consensus/acceptor.js';
import { type Vote, voteOf } from '../../actors/consensus/voter.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { isRecoveryOf, lostOf } from '../../actors/rules/recovery.js';
import { sameConfiguration } from '../../actors/rules/steps.js';
import { MalformedError, UnavailableError } from '../errors.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import type { VoteQuestion } from '../wire/protocol/chain.js';
import type { Chain } from './chain.js';
import type { PeerWatch } from './peer-watch.js';
import type { Voting } from './voting.js';

export interface AgreementOptions {
  readonly self: NodeId;
  readonly chain: Chain;
  readonly voting: Voting;
  readonly watch: Pick<PeerWatch, 'reachability'>;
  readonly nameOf: (node: NodeId) => string;
}

export class Agreement {
  /** In this life. */
  private agreedTo: Configuration | undefined;

  constructor(private readonly options: AgreementOptions) {
    options.chain.onLearned((now) => this.learned(now));
  }

  /**
   * `done` is called with what is on disk by then. Throws `MalformedError` when that is no recovery
   * of what is known here, and `UnavailableError` with what this node has against it.
   */
  vote(question: VoteQuestion, done: (vote: Vote<Uint8Array>) => void): void {
    const { chain } = this.options;
    const { known, table } = chain;
    if (known === undefined) return done({ kind: 'behind' });
    const isHere = question.instance === known.number;
    const wanted = isHere && question.kind === 'accept' ? this.checked(known, question.value) : undefined;
    const { agreed } = table.kept;
    const acceptor = agreed.instance === known.number ? agreed.acceptor : blankAcceptor;
    const voter = { instance: known.number, acceptor, votesFrom: 0 };
    const cast = voteOf(voter, question.instance, question);
    if (!isHere) return done(cast.vote);
    if (table.isStuck) throw new UnavailableError('the disk is full: it takes no word');
    if (cast.vote.kind === 'accepted') this.agreedTo = wanted;
    table.keep({ agreed: { instance: known.number, acceptor: cast.acceptor } }, () =>
      done(cast.vote),
    );
  }

  /** What stands against taking them for gone for good; undefined: nothing. */
  objection(lost: readonly NodeId[]): string | undefined {
    const { watch, nameOf } = this.options;
    const heard = lost.filter((id) => watch.reachability(id) !== 'down').map(nameOf);
    if (heard.length === 0) return undefined;
    return `${heard.join(', ')} ${heard.length === 1 ? 'is' : 'are'} alive, or ${heard.length === 1 ? 'was' : 'were'} a moment ago`;
  }

  private checked(known: Configuration, value: Uint8Array): Configuration {
    const wanted = decodeConfiguration(value);
    if (!isRecoveryOf(known, wanted))
      throw new MalformedError('what is proposed is no recovery of the configuration');
    const survivors = membersOf(wanted);
    if (!survivors.includes(this.options.self))
      throw new UnavailableError('it is one of those that would be lost, and lives');
    const objection = this.objection(lostOf(known, survivors));
    if (objection !== undefined) throw new UnavailableError(objection);
    return wanted;
  }

  /**
   * Whose disk was old may have forgotten votes of the era before. In the one that it has itself
   * agreed to it has given none.
   */
  private learned(now: Configuration): void {
    const { voting } = this.options;
    if (this.agreedTo === undefined || !sameConfiguration(now, this.agreedTo)) return;
    if (voting.votesNowhere) voting.voteFrom(now.number);
  }
}
