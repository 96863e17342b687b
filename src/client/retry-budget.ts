/**
 * How often a refused request is tried again. Besides the bound per request there is one for the
 * client as a whole: a token bucket that successes fill (as gRPC's retry throttling, gRFC A6), so
 * retries stay a small share of the load and a sick cluster is not hammered. Going on to the next
 * node because one is gone costs nothing, and rests where several were met that did not answer.
 */
import { clientLimits } from '../../actors/rules/limits/client.js';
import type { Random } from '../seams/random.js';

export interface RetryOptions {
  /** Tries after the first; 0: none. */
  readonly retriesMax: number;
  /** Before the first retry; doubled with each. A random half of it is left out. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** Retries the client can make without any success in between. */
  readonly tokensMax: number;
  /** Retries earned by one success. */
  readonly tokensPerSuccess: number;
}

export const retryOptionsDefault: RetryOptions = {
  retriesMax: clientLimits.retriesMax,
  backoffMs: clientLimits.retryBackoffMsMin,
  backoffMsMax: clientLimits.retryBackoffMsMax,
  tokensMax: clientLimits.retryTokensMax,
  tokensPerSuccess: 0.1,
};

export class RetryBudget {
  private tokens: number;

  constructor(
    private readonly options: RetryOptions,
    private readonly random: Random,
  ) {
    this.tokens = options.tokensMax;
  }

  succeeded(count: number): void {
    const { tokensMax, tokensPerSuccess } = this.options;
    this.tokens = Math.min(tokensMax, this.tokens + count * tokensPerSuccess);
  }

  /** Takes a token and says after how many ms to try again; undefined: no more. */
  backoffMs(retriesSoFar: number): number | undefined {
    if (retriesSoFar >= this.options.retriesMax || this.tokens < 1) return undefined;
    this.tokens--;
    return this.restMs(retriesSoFar);
  }

  /** How long to rest before going on once more, after so many rests. Takes no token. */
  restMs(restsSoFar: number): number {
    const { backoffMs, backoffMsMax } = this.options;
    const longest = Math.min(backoffMsMax, backoffMs * 2 ** restsSoFar);
    return longest / 2 + this.random.below(Math.ceil(longest / 2));
  }
}
