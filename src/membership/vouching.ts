/** Configurations that others tell, until enough of them have for this node to go by them. */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, isMember, membersOf } from '../../actors/rules/configuration.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { sameConfiguration } from '../../actors/rules/steps.js';
import { isVouchedFor, type Told } from '../../actors/rules/vouching.js';
import type { Clock } from '../seams/clock.js';
import type { Chain } from './chain.js';
import type { PeerWatch } from './peer-watch.js';

export interface VouchingOptions {
  readonly clock: Clock;
  readonly chain: Chain;
  readonly watch: PeerWatch;
}

export class Vouching {
  private told: readonly Told[] = [];

  constructor(private readonly options: VouchingOptions) {}

  /** `done`: as of `Chain.learn`; never called for one that nobody else vouches for yet. */
  hear(from: NodeId, configuration: Configuration, done?: () => void): void {
    const { clock, chain } = this.options;
    const { heard } = chain;
    if (!chain.isLater(configuration)) return chain.learn(configuration, done);
    const nowMs = clock.monotonicMs();
    const before = this.told.find((told) => sameConfiguration(told.configuration, configuration));
    const told = before ?? { configuration, by: new Set(), sinceMs: nowMs };
    const by = this.counts(from) ? new Set([...told.by, from]) : told.by;
    const now = { ...told, by };
    if (isVouchedFor(heard, now, { others: this.others(heard), nowMs })) {
      this.told = [];
      return chain.learn(configuration, done);
    }
    const others = this.told.filter((other) => other !== before && this.isFresh(other, nowMs));
    this.told = [...others, now].slice(-chainLimits.vouchedMax);
  }

  /** Of anybody else it is remembered that it was told, and not by whom. */
  private counts(node: NodeId): boolean {
    const { known, heard } = this.options.chain;
    return [known, heard].some((one) => one !== undefined && isMember(one, node));
  }

  private isFresh({ configuration, sinceMs }: Told, nowMs: number): boolean {
    const { chain } = this.options;
    return chain.isLater(configuration) && nowMs - sinceMs < 2 * chainLimits.vouchedMsMax;
  }

  private others(known: Configuration | undefined): NodeId[] {
    const { chain, watch } = this.options;
    if (known === undefined) return [];
    const others = membersOf(known).filter((id) => id !== chain.self);
    return others.filter((id) => watch.reachability(id) === 'alive');
  }
}
