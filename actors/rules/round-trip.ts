/**
 * How long answers take lately, and from when on silence means something: the estimate of TCP's
 * retransmission timer (Jacobson 1988, RFC 6298). Whoever gives up on others by a fixed time calls
 * them dead as soon as all are busy, and what is then done twice keeps them busy.
 */
export interface RoundTrip {
  readonly smoothedMs: number;
  /** Mean distance from it. */
  readonly deviationMs: number;
}

export const unknownRoundTrip: RoundTrip = { smoothedMs: 0, deviationMs: 0 };

const gain = 1 / 8;
const deviationGain = 1 / 4;
const deviations = 4;

export function afterAnswer(known: RoundTrip, tookMs: number): RoundTrip {
  if (known === unknownRoundTrip) return { smoothedMs: tookMs, deviationMs: tookMs / 2 };
  const distanceMs = Math.abs(tookMs - known.smoothedMs);
  return {
    smoothedMs: known.smoothedMs + gain * (tookMs - known.smoothedMs),
    deviationMs: known.deviationMs + deviationGain * (distanceMs - known.deviationMs),
  };
}

/** An answer that takes longer is unusual; 0 while nothing is known. */
export function patienceMs({ smoothedMs, deviationMs }: RoundTrip): number {
  return smoothedMs + deviations * deviationMs;
}
