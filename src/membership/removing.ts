/**
 * Declares a member gone for good because an operator says so. First the others are asked whether
 * they have anything against it (`consent.ts`). Then the next configuration, which goes on without
 * it, is proposed to the voters; of two operators who would remove each other's nodes one at most
 * has it chosen.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { begin, type Objection, released, removal } from '../../actors/rules/steps.js';
import { UnavailableError } from '../errors.js';
import type { Chain } from './chain.js';
import type { ChainExchange } from './chain-exchange.js';
import type { Consent } from './consent.js';
import type { Proposing } from './proposing.js';
import type { Roster } from './roster.js';

/** By name. The others have not answered: until they know as well, nothing is forgotten. */
export interface Removal {
  /** Of the configuration that goes on without it. */
  readonly number: ConfigurationNumber;
  readonly confirmed: readonly string[];
  readonly missing: readonly string[];
}

export interface RemovingOptions {
  readonly roster: Roster;
  readonly chain: Chain;
  readonly chainExchange: ChainExchange;
  readonly consent: Consent;
  readonly proposing: Proposing;
}

export class Removing {
  constructor(private readonly options: RemovingOptions) {}

  /**
   * Throws `UnavailableError`: outcome `none`, nobody was removed; `unknown`, it may become known
   * to all yet.
   */
  async remove(target: NodeId): Promise<Removal> {
    const { roster, chain, chainExchange } = this.options;
    try {
      await this.withoutIt(target);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      throw new UnavailableError(`not removed: ${error.message}`, error.outcome);
    }
    const { number } = chain.known!;
    const others = membersOf(chain.known!).filter((id) => id !== roster.self.id && id !== target);
    const confirmed = await chainExchange.spread(others);
    const names = (ids: readonly NodeId[]): string[] => ids.map((id) => this.nameOf(id)).sort();
    return {
      number,
      confirmed: names([roster.self.id, ...confirmed]),
      missing: names(others.filter((id) => !confirmed.includes(id))),
    };
  }

  private async withoutIt(target: NodeId): Promise<void> {
    const { chain, consent, proposing } = this.options;
    const own = consent.objection(target);
    if (own !== undefined) throw new UnavailableError(own);
    if (chain.known!.removed.includes(target)) return;
    await consent.to([target]);
    await proposing.propose((from) => without(from, target));
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
