/**
 * Has other voters enrol the life this node is in, and enrols theirs (`actors/consensus/lives.ts`).
 * Each is asked first which life it has enrolled last: where this disk does not know of that one,
 * it is an old one.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { isMember } from '../../actors/rules/configuration.js';
import {
  enrol,
  type Enrolling,
  heldWith,
  knowsOf,
  type LifeName,
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
import { chainBody, type EnrolmentQuestion, lifeBody, lifeOf } from '../wire/protocol/chain.js';
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

  /** Another asks. Throws `OverloadedError` and `UnavailableError`. */
  answer(call: IncomingCall<'chain'>, asked: EnrolmentQuestion): void {
    const { table } = this.options.chain;
    table.checkRoom();
    const { enrolled } = table.kept;
    const before = enrolled.get(call.from);
    const last = asked.kind === 'enrol' ? enrol(before, asked) : before;
    const changes =
      last === before || last === undefined
        ? {}
        : { enrolled: this.withRoom(new Map(enrolled).set(call.from, last)) };
    // What it has not told yet it may forget.
    table.keep(changes, () => call.ok(lifeBody(last)));
  }

  private ask(node: NodeId): void {
    if (this.asked.has(node)) return;
    this.asked.add(node);
    this.call(node, { kind: 'enrolled' }, (last) => this.hear(node, last));
  }

  private hear(node: NodeId, after: LifeName | undefined): void {
    const { voting, chain } = this.options;
    const { table } = chain;
    const { lives, held } = table.kept;
    const life = lives.at(-1)!;
    if (after === life) {
      this.asked.delete(node);
      voting.enrolledBy(node);
    } else if (after !== undefined && !knowsOf({ lives, held }, after)) {
      this.asked.delete(node);
      this.forgot(after);
    } else {
      const all = this.withRoom(heldWith(held, { node, life, after, max: livesMax }));
      table.keep({ held: all }, () => this.askToEnrol(node, { life, after }));
    }
  }

  private askToEnrol(node: NodeId, enrolling: Enrolling): void {
    this.call(node, { kind: 'enrol', ...enrolling }, (last) => {
      this.asked.delete(node);
      // Otherwise it has enrolled another one meanwhile, and is asked again.
      if (last === enrolling.life) this.options.voting.enrolledBy(node);
    });
  }

  private call(
    node: NodeId,
    question: EnrolmentQuestion,
    answered: (last: LifeName | undefined) => void,
  ): void {
    const { peers, clock } = this.options;
    const call = peers.call(node, 'chain', chainBody(question), (answer) => {
      clock.clearTimeout(deadline);
      const said = answer.kind === 'ok' ? understood(() => lifeOf(answer.body)) : undefined;
      if (said === undefined) this.asked.delete(node);
      else answered(said.life);
    });
    const deadline = clock.setTimeout(() => {
      this.asked.delete(node);
      peers.giveUp(call);
    }, chainLimits.fetchMsMax);
  }

  /** In one write: the others enrol it from then on, though it votes nowhere. */
  private forgot(life: LifeName): void {
    const { table } = this.options.chain;
    const lives = remembering(table.kept.lives, life, livesMax);
    table.keep({ lives, votesFrom: votesNowhere }, () => this.review());
  }

  /** Of who is no member any more nobody will ask for anything. Throws `OverloadedError`. */
  private withRoom<T>(byNode: Map<NodeId, T>): Map<NodeId, T> {
    const { known } = this.options.chain;
    for (const id of [...byNode.keys()].slice(0, -1)) {
      if (byNode.size <= limits.membersMax) return byNode;
      if (known !== undefined && !isMember(known, id)) byNode.delete(id);
    }
    if (byNode.size > limits.membersMax)
      throw new OverloadedError('this node has enrolled as many as there may be');
    return byNode;
  }
}
