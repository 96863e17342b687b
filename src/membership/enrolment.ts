/**
 * Has other voters enrol the life this node is in, and enrols theirs (`actors/consensus/lives.ts`).
 * One that knows of a life that this disk does not know has found out that the disk is an old one.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { isMember } from '../../actors/rules/configuration.js';
import {
  enrol,
  type LifeName,
  type Lives,
  livesWith,
  remembering,
} from '../../actors/consensus/lives.js';
import { votesNowhere } from '../../actors/consensus/voter.js';
import { limits } from '../../actors/rules/limits.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { consensusLimits } from '../../actors/rules/limits/consensus.js';
import type { IncomingCall, Peers } from '../bus/peers.js';
import { OverloadedError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import { understood } from '../wire/protocol/bodies.js';
import { chainBody, enrolmentBody, enrolmentOf } from '../wire/protocol/chain.js';
import type { Chain } from './chain.js';
import type { Voting } from './voting.js';

export interface EnrolmentOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
  readonly chain: Chain;
  readonly voting: Voting;
}

const { livesMax } = consensusLimits;

export class Enrolment {
  private hasBegun = false;
  private readonly asked = new Set<NodeId>();

  constructor(private readonly options: EnrolmentOptions) {
    options.chain.onLearned(() => this.review());
  }

  /** A life begins; nobody is told of it before it is on disk. */
  start(): void {
    const { random, chain } = this.options;
    const lives = livesWith(chain.table.kept.lives, random.below(2 ** 32), livesMax);
    chain.table.keep({ lives }, () => {
      this.hasBegun = true;
      this.review();
    });
  }

  /** With each beat, too. */
  review(): void {
    if (!this.hasBegun) return;
    for (const node of this.options.voting.unheard()) this.ask(node);
  }

  /** Another asks. Throws `OverloadedError`. */
  answer(call: IncomingCall<'chain'>, lives: Lives): void {
    const { table } = this.options.chain;
    const { enrolled } = table.kept;
    const { last, answer } = enrol(enrolled.get(call.from), lives);
    const others = new Map(enrolled).set(call.from, last);
    if (!enrolled.has(call.from) && enrolled.size >= limits.membersMax) this.makeRoom(others);
    table.keep({ enrolled: others }, () => call.ok(enrolmentBody(answer)));
  }

  private ask(node: NodeId): void {
    if (this.asked.has(node)) return;
    const { peers, clock, chain, voting } = this.options;
    const { lives } = chain.table.kept;
    this.asked.add(node);
    const call = peers.call(node, 'chain', chainBody({ kind: 'enrol', lives }), (answer) => {
      this.asked.delete(node);
      clock.clearTimeout(deadline);
      const said = answer.kind === 'ok' ? understood(() => enrolmentOf(answer.body)) : undefined;
      if (said?.kind === 'enrolled') voting.enrolledBy(node);
      else if (said !== undefined) this.forgot(said.life);
    });
    const deadline = clock.setTimeout(() => {
      this.asked.delete(node);
      peers.giveUp(call);
    }, chainLimits.fetchMsMax);
  }

  /** In one write: the others enrol it from then on, though it votes nowhere. */
  private forgot(life: LifeName): void {
    const { table } = this.options.chain;
    const { lives } = table.kept;
    if (lives.includes(life)) return;
    const all = remembering(lives, life, livesMax);
    table.keep({ lives: all, votesFrom: votesNowhere }, () => this.review());
  }

  /** Of who is no member any more nobody will ask for anything. */
  private makeRoom(enrolled: Map<NodeId, LifeName>): void {
    const { known } = this.options.chain;
    for (const id of [...enrolled.keys()].slice(0, -1)) {
      if (enrolled.size <= limits.membersMax) return;
      if (known !== undefined && !isMember(known, id)) enrolled.delete(id);
    }
    if (enrolled.size > limits.membersMax)
      throw new OverloadedError('this node has enrolled as many as there may be');
  }
}
