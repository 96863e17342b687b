/**
 * When a peer may be called down: its silence towards this node, and a second source that does not
 * depend on it.
 *
 * Sources are kept as a set, so nobody counts twice (the idea of memberlist's suspicion.go). NATS
 * is one: it answers "no responders" when nothing subscribes to the peer's subjects.
 */
import type { NodeId } from './actor.js';
import { limits } from './limits.js';
import { gossipLimits } from './limits/gossip.js';

export interface Suspicion {
  /** This node has not heard from it in time. */
  readonly silent: boolean;
  /**
   * When NATS said last that the peer is not there, monotonic; undefined: not lately, or it was
   * heard since.
   */
  readonly absentAtMs: number | undefined;
  /** Nodes that have not heard from it in time either. */
  readonly witnesses: ReadonlySet<NodeId>;
}

export const trusted: Suspicion = {
  silent: false,
  absentAtMs: undefined,
  witnesses: new Set(),
};

export function isConfirmed({ silent, absentAtMs, witnesses }: Suspicion): boolean {
  return silent && (absentAtMs !== undefined || witnesses.size > 0);
}

export function withWitness(suspicion: Suspicion, witness: NodeId): Suspicion {
  if (suspicion.witnesses.has(witness)) return suspicion;
  return { ...suspicion, witnesses: new Set([...suspicion.witnesses, witness]) };
}

export function withoutWitness(suspicion: Suspicion, witness: NodeId): Suspicion {
  if (!suspicion.witnesses.has(witness)) return suspicion;
  const witnesses = new Set([...suspicion.witnesses].filter((id) => id !== witness));
  return { ...suspicion, witnesses };
}

/**
 * Whether news tell of all members. Then heartbeats get around, and of who lives something is heard
 * all the time. In a larger cluster they don't: peers are asked, each in its turn or when somebody
 * doubts it, and only what they say themselves is a sign of life.
 */
export function tellsOfAll(nodes: number): boolean {
  return nodes <= gossipLimits.newsVitalsMax + 2;
}

/**
 * How long a peer may be silent. Where heartbeats get around, gossip goes to `gossipFanout` peers a
 * beat, so news of one need log(nodes) / log(1 + fanout) beats to reach everyone; each beyond the
 * first is waited for. Else, from when it was asked.
 */
export function silenceMsMax(nodes: number): number {
  return silenceOfMs(tellsOfAll(nodes) ? hops(nodes) : 1);
}

/**
 * How much longer than `probeMsMax` one is waited for that was asked, while nobody else misses it.
 * The more members there are, the more ask it in a moment in which it is slow, and the quicker they
 * would make each other believe that it is down. And a node that does badly itself may be the one
 * that is slow (Lifeguard's local health).
 */
export function patienceMs(nodes: number, strikes: number): number {
  const further = tellsOfAll(nodes) ? 0 : hops(nodes) - 1;
  return limits.probeMsMax * (further + strikes);
}

/** In how many beats news are with all, where whoever is told tells others. */
export function hops(nodes: number): number {
  return Math.ceil(Math.log(Math.max(nodes, 2)) / Math.log(1 + limits.gossipFanout) - 1e-9);
}

/**
 * How long a peer that lives may say nothing to this node itself: it tells `gossipFanout` others a
 * beat, each in its turn. For each beat beyond the first one more is waited for.
 */
export function directSilenceMsMax(nodes: number): number {
  const beats = Math.ceil(Math.max(nodes - 1, 1) / limits.gossipFanout);
  return silenceOfMs(beats);
}

/** Each beat beyond the first is waited for. */
function silenceOfMs(beats: number): number {
  return limits.silenceMsMax + (beats - 1) * limits.gossipIntervalMs;
}
