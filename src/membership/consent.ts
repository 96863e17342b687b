/**
 * Whether members may be taken for gone for good (`actors/rules/removal.ts`): asked of all others
 * before a configuration says so, because each of them may hear what this node does not. Whoever
 * hears one has something against it.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { removalObjection } from '../../actors/rules/removal.js';
import { majorityOf, votersOf } from '../../actors/rules/voters.js';
import type { CallId, IncomingCall, PeerAnswer, Peers } from '../bus/peers.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { removalAgreedBody, removalBody } from '../wire/protocol/gossip.js';
import type { Chain } from './chain.js';
import type { PeerWatch } from './peer-watch.js';
import type { Roster } from './roster.js';
import type { Voting } from './voting.js';

export interface ConsentOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly watch: PeerWatch;
  readonly chain: Chain;
  readonly voting: Voting;
}

export class Consent {
  constructor(private readonly options: ConsentOptions) {}

  /** Another node asks for it. */
  answer(call: IncomingCall<'gossip'>, target: NodeId): void {
    const objection = this.objection(target);
    if (objection !== undefined) return call.refuse(409, objection);
    this.goOnWithout(target);
    call.ok(removalAgreedBody);
  }

  /** What this node has against it; undefined: nothing. */
  objection(target: NodeId): string | undefined {
    const { roster, watch, chain } = this.options;
    const { known } = chain;
    const isSelf = target === roster.self.id;
    return removalObjection({
      target,
      members: known === undefined ? [] : [...membersOf(known), ...known.removed],
      voters: known === undefined ? [] : votersOf(known),
      removed: known?.removed ?? [],
      reachability: isSelf ? undefined : watch.reachability(target),
    });
  }

  /**
   * Resolves when a majority of those that vote has nothing against any of them. Throws
   * `UnavailableError` with what somebody has against one, or who does not answer.
   */
  async to(targets: readonly NodeId[]): Promise<void> {
    for (const target of targets) {
      const own = this.objection(target);
      if (own !== undefined) throw new UnavailableError(own);
    }
    await Promise.all(targets.map((target) => this.toOne(target)));
  }

  private async toOne(target: NodeId): Promise<void> {
    const { roster } = this.options;
    const voters = votersOf(this.known);
    const others = membersOf(this.known).filter((id) => id !== target && id !== roster.self.id);
    const heard = await this.askAll(others, target);
    for (const [node, answer] of heard)
      if (answer.kind === 'refused')
        throw new UnavailableError(`${this.nameOf(node)} says: ${answer.message}`);
    const agreed = [...heard].filter(([, { kind }]) => kind === 'ok').map(([node]) => node);
    const willing = [roster.self.id, ...agreed].filter((id) => voters.includes(id));
    const needed = majorityOf(voters);
    if (willing.length >= needed) return this.goOnWithout(target);
    const silent = others.filter((id) => !agreed.includes(id)).map((id) => this.nameOf(id));
    throw new UnavailableError(
      `${willing.length} of the ${voters.length} members that vote can be asked, ${needed} are needed; ${silent.join(', ')} ${silent.length === 1 ? 'does' : 'do'} not answer`,
    );
  }

  /** Its word is not waited for, so that the others can choose what follows. */
  private goOnWithout(target: NodeId): void {
    const { watch, voting } = this.options;
    voting.goneForGood(target, () => watch.reachability(target) === 'down');
  }

  /** The answers that came in time. */
  private async askAll(nodes: readonly NodeId[], target: NodeId): Promise<Map<NodeId, PeerAnswer>> {
    const { peers, clock } = this.options;
    const answers = new Map<NodeId, PeerAnswer>();
    const calls: CallId[] = [];
    await new Promise<void>((resolve) => {
      if (nodes.length === 0) return resolve();
      const deadline = clock.setTimeout(resolve, chainLimits.consentAnswerMsMax);
      for (const node of nodes) {
        const call = peers.call(node, 'gossip', removalBody(target), (answer) => {
          answers.set(node, answer);
          if (answers.size < nodes.length) return;
          clock.clearTimeout(deadline);
          resolve();
        });
        calls.push(call);
      }
    });
    for (const call of calls) peers.giveUp(call);
    return answers;
  }

  /** There is one where somebody may be removed. */
  private get known(): Configuration {
    return this.options.chain.known!;
  }

  private nameOf(node: NodeId): string {
    return this.options.roster.get(node)?.name ?? node;
  }
}
