/** Waiting longer after each failure, never in step with others. */

export interface Backoff {
  /** Failures in a row, 1 for the first. */
  readonly attempt: number;
  readonly msMin: number;
  readonly msMax: number;
  /** In [0, 1), from the node's randomness. */
  readonly jitter: number;
}

/** Doubles from `msMin` to `msMax`; of that, half is certain and half is jitter. */
export function backoffMs(backoff: Backoff): number {
  const doubled = backoff.msMin * 2 ** Math.min(backoff.attempt - 1, 30);
  const ceiling = Math.min(doubled, backoff.msMax);
  return ceiling / 2 + (ceiling / 2) * backoff.jitter;
}
