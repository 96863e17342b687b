/**
 * Declares a member gone for good because an operator says so (`actors/rules/removal.ts`). First
 * all founders that are left are asked whether they have anything against it, then each of those
 * that answered has it on its disk, and this node last: a mark can't be taken back, so two
 * operators who would remove each other's nodes must not both begin.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { majorityOf, removalObjection } from '../../actors/rules/removal.js';
import type { CallId, IncomingCall, PeerAnswer, Peers } from '../bus/peers.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { removalAgreedBody, removalBody, type RemovalStep } from '../wire/protocol/gossip.js';
import type { Life } from './life.js';
import type { PeerWatch } from './peer-watch.js';
import type { Roster } from './roster.js';

/** By name. The others have not answered: until they know as well, nothing is forgotten. */
export interface Removal {
  readonly confirmed: readonly string[];
  readonly missing: readonly string[];
}

export interface RemovingOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly life: Life;
  readonly watch: PeerWatch;
  /** Makes what the roster says durable, then calls back. */
  readonly save: (done: () => void) => void;
}

export class Removing {
  constructor(private readonly options: RemovingOptions) {}

  /**
   * Throws `UnavailableError`: outcome `none`, nobody was removed; `unknown`, it may become known
   * to all yet.
   */
  async remove(target: NodeId): Promise<Removal> {
    const { roster } = this.options;
    const founders = this.founders();
    const own = this.objection(target);
    if (own !== undefined) throw new UnavailableError(`not removed: ${own}`);
    const others = founders.filter(
      (id) => id !== target && id !== roster.self.id && roster.get(id)?.removed !== true,
    );
    const needed = majorityOf(founders);
    const heard = await this.askAll(others, { step: 'question', target });
    for (const [node, answer] of heard)
      if (answer.kind === 'refused')
        throw new UnavailableError(`not removed: ${this.nameOf(node)} says: ${answer.message}`);
    const willing = agreed(heard);
    if (willing.length + 1 < needed) throw new UnavailableError(this.tooFew(others, willing));
    const confirmed = agreed(await this.askAll(willing, { step: 'order', target }));
    const names = (ids: readonly NodeId[]): string[] => ids.map((id) => this.nameOf(id)).sort();
    const rest = others.filter((id) => !confirmed.includes(id));
    if (confirmed.length + 1 < needed)
      throw new UnavailableError(
        `only ${names(confirmed).join(', ') || 'this node'} confirmed the removal, which may become known to all or not: ask again`,
        'unknown',
      );
    await new Promise<void>((resolve) => this.mark(target, resolve));
    return { confirmed: names([roster.self.id, ...confirmed]), missing: names(rest) };
  }

  answer(call: IncomingCall<'gossip'>, { step, target }: RemovalStep): void {
    const objection = this.objection(target);
    if (objection !== undefined) return call.refuse(409, objection);
    if (step === 'question') return call.ok(removalAgreedBody);
    this.mark(target, () => call.ok(removalAgreedBody));
  }

  private mark(target: NodeId, done: () => void): void {
    this.options.roster.remove(target);
    this.options.save(done);
  }

  private objection(target: NodeId): string | undefined {
    const { roster, watch } = this.options;
    const isSelf = target === roster.self.id;
    return removalObjection({
      target,
      founders: this.founders(),
      removed: roster.removed(),
      reachability: isSelf ? undefined : watch.reachability(target),
    });
  }

  /** The answers that came in time. */
  private async askAll(
    nodes: readonly NodeId[],
    step: RemovalStep,
  ): Promise<Map<NodeId, PeerAnswer>> {
    const { peers, clock } = this.options;
    const answers = new Map<NodeId, PeerAnswer>();
    const calls: CallId[] = [];
    await new Promise<void>((resolve) => {
      if (nodes.length === 0) return resolve();
      const deadline = clock.setTimeout(resolve, limits.removalMsMax);
      for (const node of nodes) {
        const call = peers.call(node, 'gossip', removalBody(step), (answer) => {
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

  private tooFew(others: readonly NodeId[], willing: readonly NodeId[]): string {
    const silent = others.filter((id) => !willing.includes(id)).map((id) => this.nameOf(id));
    const founders = this.founders();
    const [total, needed] = [founders.length, majorityOf(founders)];
    return `not removed: ${willing.length + 1} of the ${total} members that founded the cluster can be asked, ${needed} are needed; ${silent.join(', ')} ${silent.length === 1 ? 'does' : 'do'} not answer`;
  }

  /** None while no cluster is founded. */
  private founders(): readonly NodeId[] {
    return this.options.life.vote.founders;
  }

  private nameOf(node: NodeId): string {
    return this.options.roster.get(node)?.name ?? node;
  }
}

function agreed(answers: ReadonlyMap<NodeId, PeerAnswer>): NodeId[] {
  return [...answers].filter(([, { kind }]) => kind === 'ok').map(([node]) => node);
}
