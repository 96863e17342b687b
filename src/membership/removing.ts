/**
 * Declares a member gone for good because an operator says so (`actors/rules/removal.ts`). First
 * the others are asked whether they have anything against it: whoever hears it has. Then the next
 * configuration, which goes on without it, is proposed to the voters; of two operators who would
 * remove each other's nodes one at most has it chosen.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { majorityOf, removalObjection } from '../../actors/rules/removal.js';
import { begin, type Objection, released, removal } from '../../actors/rules/steps.js';
import { votersOf } from '../../actors/rules/voters.js';
import type { CallId, IncomingCall, PeerAnswer, Peers } from '../bus/peers.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { removalAgreedBody, removalBody } from '../wire/protocol/gossip.js';
import type { Chain } from './chain.js';
import type { ChainExchange } from './chain-exchange.js';
import type { PeerWatch } from './peer-watch.js';
import type { Proposing } from './proposing.js';
import type { Roster } from './roster.js';
import type { Voting } from './voting.js';

/** By name. The others have not answered: until they know as well, nothing is forgotten. */
export interface Removal {
  readonly confirmed: readonly string[];
  readonly missing: readonly string[];
}

export interface RemovingOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly watch: PeerWatch;
  readonly chain: Chain;
  readonly chainExchange: ChainExchange;
  readonly proposing: Proposing;
  readonly voting: Voting;
}

export class Removing {
  constructor(private readonly options: RemovingOptions) {}

  /**
   * Throws `UnavailableError`: outcome `none`, nobody was removed; `unknown`, it may become known
   * to all yet.
   */
  async remove(target: NodeId): Promise<Removal> {
    const { roster, chain, chainExchange, proposing } = this.options;
    const own = this.objection(target);
    if (own !== undefined) throw new UnavailableError(`not removed: ${own}`);
    if (!this.known.removed.includes(target)) {
      await this.agree(target);
      try {
        await proposing.propose((from) => without(from, target));
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        throw new UnavailableError(`not removed: ${error.message}`, error.outcome);
      }
    }
    const others = membersOf(chain.known!).filter((id) => id !== roster.self.id && id !== target);
    const confirmed = await chainExchange.spread(others);
    const names = (ids: readonly NodeId[]): string[] => ids.map((id) => this.nameOf(id)).sort();
    return {
      confirmed: names([roster.self.id, ...confirmed]),
      missing: names(others.filter((id) => !confirmed.includes(id))),
    };
  }

  answer(call: IncomingCall<'gossip'>, target: NodeId): void {
    const objection = this.objection(target);
    if (objection !== undefined) return call.refuse(409, objection);
    this.goOnWithout(target);
    call.ok(removalAgreedBody);
  }

  private async agree(target: NodeId): Promise<void> {
    const { roster } = this.options;
    const voters = votersOf(this.known);
    const others = membersOf(this.known).filter((id) => id !== target && id !== roster.self.id);
    const heard = await this.askAll(others, target);
    for (const [node, answer] of heard)
      if (answer.kind === 'refused')
        throw new UnavailableError(`not removed: ${this.nameOf(node)} says: ${answer.message}`);
    const agreed = [...heard].filter(([, { kind }]) => kind === 'ok').map(([node]) => node);
    const willing = [roster.self.id, ...agreed].filter((id) => voters.includes(id));
    const needed = majorityOf(voters);
    if (willing.length >= needed) return this.goOnWithout(target);
    const silent = others.filter((id) => !agreed.includes(id)).map((id) => this.nameOf(id));
    throw new UnavailableError(
      `not removed: ${willing.length} of the ${voters.length} members that vote can be asked, ${needed} are needed; ${silent.join(', ')} ${silent.length === 1 ? 'does' : 'do'} not answer`,
    );
  }

  /** Its word is not waited for, so that the others can choose what follows. */
  private goOnWithout(target: NodeId): void {
    const { watch, voting } = this.options;
    voting.goneForGood(target, () => watch.reachability(target) === 'down');
  }

  private objection(target: NodeId): string | undefined {
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

  /** The answers that came in time. */
  private async askAll(nodes: readonly NodeId[], target: NodeId): Promise<Map<NodeId, PeerAnswer>> {
    const { peers, clock } = this.options;
    const answers = new Map<NodeId, PeerAnswer>();
    const calls: CallId[] = [];
    await new Promise<void>((resolve) => {
      if (nodes.length === 0) return resolve();
      const deadline = clock.setTimeout(resolve, limits.removalMsMax);
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

/** Whoever owned nothing any more is let go; a move that is under way goes on. */
function without(from: Configuration, target: NodeId): Configuration | Objection {
  if (from.leaving.includes(target)) return released(from, [target]);
  if (from.move !== undefined) return removal(from, [target]);
  const members = from.members.filter(({ id }) => id !== target);
  return begin(from, { members, ring: from.ring, removed: [target] });
}
