/**
 * Longer than one request lives: parts of big values are tried again through the loss of a node or
 * of nats-server, for the value would have to start anew.
 */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { QuorateError } from '../errors.js';
import type { Clock } from '../seams/clock.js';

export class Patience {
  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Until it succeeds, fails with what does not pass, or has failed for too long. What is tried
   * must be one write however often it is done. Throws the reason of the signal once that is given.
   */
  async with<T>(attempt: () => Promise<T>): Promise<T> {
    const { partPatienceMs, partRestMsMin, partRestMsMax } = clientLimits;
    const untilMs = this.clock.monotonicMs() + partPatienceMs;
    for (let restMs: number = partRestMsMin; ; restMs = Math.min(partRestMsMax, 2 * restMs)) {
      this.signal?.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        if (!mayPass(error) || this.clock.monotonicMs() + restMs >= untilMs) throw error;
      }
      await this.rest(restMs);
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimeout(resolve, ms);
    });
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof QuorateError && [421, 429, 503, 504].includes(error.code);
}
