/**
 * What a survivor of a lost majority says to what others make of it (`actors/rules/recovery.ts`):
 * whether it has something against it, and its word, which is on its disk before anybody sees it.
 */
import { type Vote, voteOf } from '../../actors/consensus/voter.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { isRecoveryOf, lostOf } from '../../actors/rules/recovery.js';
import { sameConfiguration } from '../../actors/rules/steps.js';
import { MalformedError, UnavailableError } from '../errors.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import type { Surveyed, VoteQuestion } from '../wire/protocol/chain.js';
import { agreedAt } from './agreed.js';
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
    const acceptor = agreedAt(known, table.kept.agreed);
    const before = acceptor.accepted && decodeConfiguration(acceptor.accepted.value);
    const wanted =
      isHere && question.kind === 'accept'
        ? this.checked(question.value, known, before)
        : undefined;
    const voter = { instance: known.number, acceptor, votesFrom: 0 };
    const cast = voteOf(voter, question.instance, question);
    if (!isHere) return done(cast.vote);
    table.checkRoom();
    if (cast.vote.kind === 'accepted') this.agreedTo = wanted;
    table.keep({ agreed: { instance: known.number, acceptor: cast.acceptor } }, () =>
      done(cast.vote),
    );
  }

  /** What others are told who ask who is there; undefined: no configuration is known here. */
  word(): Surveyed | undefined {
    const { self, chain, voting, watch } = this.options;
    const { known, bytes, table } = chain;
    if (known === undefined || bytes === undefined) return undefined;
    return {
      configuration: bytes,
      agreed: agreedAt(known, table.kept.agreed).accepted?.value,
      votes: voting.votes,
      heard: membersOf(known).filter((id) => id !== self && watch.reachability(id) !== 'down'),
    };
  }

  /** What stands against taking them for gone for good; undefined: nothing. */
  objection(lost: readonly NodeId[]): string | undefined {
    const { watch, nameOf } = this.options;
    const heard = lost.filter((id) => watch.reachability(id) !== 'down').map(nameOf);
    if (heard.length === 0) return undefined;
    return `${heard.join(', ')} ${heard.length === 1 ? 'is' : 'are'} alive, or ${heard.length === 1 ? 'was' : 'were'} a moment ago`;
  }

  /** `before`: what it agreed to, and may have come about without those who are lost now. */
  private checked(
    value: Uint8Array,
    known: Configuration,
    before: Configuration | undefined,
  ): Configuration {
    const wanted = decodeConfiguration(value);
    const base = [known, before].find((one) => one !== undefined && isRecoveryOf(one, wanted));
    if (base === undefined)
      throw new MalformedError('what is proposed is no recovery of the configuration');
    const survivors = membersOf(wanted);
    if (!survivors.includes(this.options.self))
      throw new UnavailableError('it is one of those that would be lost, and lives');
    const objection = this.objection(lostOf(base, survivors));
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
