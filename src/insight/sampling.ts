/** Which requests are traced though nobody asked; forgotten unless it is said again. */
import { insightLimits } from '../../actors/rules/limits/insight.js';
import type { Clock, TimerId } from '../seams/clock.js';

export interface SamplingWish {
  /** The share of requests that are traced, 0 to 1. */
  readonly rate: number;
  /** Those that took at least so long are kept; 0: none because of that. */
  readonly slowMs: number;
  /** Those that failed are kept. */
  readonly failed: boolean;
}

const nothing: SamplingWish = { rate: 0, slowMs: 0, failed: false };

export class Sampling {
  wish: SamplingWish & { readonly keepsSome: boolean } = { ...nothing, keepsSome: false };
  private timer: TimerId;

  constructor(
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  get isOn(): boolean {
    return this.wish.rate > 0 || this.wish.keepsSome;
  }

  say(wish: SamplingWish): SamplingWish {
    const { rate, slowMs, failed } = wish;
    this.clock.clearTimeout(this.timer);
    this.wish = { rate, slowMs, failed, keepsSome: slowMs > 0 || failed };
    if (this.isOn)
      this.timer = this.clock.setTimeout(() => this.say(nothing), insightLimits.sampleMsMax);
    this.onChange();
    return { rate, slowMs, failed };
  }
}

export function isSlow({ slowMs }: SamplingWish, ms: number): boolean {
  return slowMs > 0 && ms >= slowMs;
}
