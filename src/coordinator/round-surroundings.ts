/** What every round of one coordinator shares. */
import { goesByAnother, type PeerAnswer, type Peers } from '../bus/peers.js';
import type { ClusterView } from '../membership/cluster-view.js';
import type { Clock } from '../seams/clock.js';
import type { Inspection } from '../seams/inspection.js';
import type { Histogram } from '../seams/metrics.js';
import type { Tracing } from '../seams/tracing.js';
import type { Hints, Store } from '../store/store.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { afterAnswer, patienceMs, unknownRoundTrip } from '../../actors/rules/round-trip.js';
import type { Admission } from './admission.js';
import type { Change } from './coordinator.js';
import type { RoundInstruments } from './round-instruments.js';
import type { RoundsUnderway } from './rounds-underway.js';

/** What rounds and look-ups need of it. */
export type RoundStore = Pick<
  Store,
  'nodeId' | 'durability' | 'read' | 'readAll' | 'refusal' | 'mint' | 'merge' | 'owe' | 'settled'
> & { readonly hints: Pick<Hints, 'settle'> };

export interface RoundSurroundings {
  readonly store: RoundStore;
  readonly view: Pick<ClusterView, 'configuration' | 'placement'>;
  readonly peers: Pick<Peers, 'call' | 'giveUp'>;
  readonly clock: Clock;
  readonly inspection: Pick<Inspection, 'actorOptions'>;
  readonly tracing: Tracing;
  readonly rounds: Pick<RoundsUnderway, 'begin' | 'end' | 'wakeBy'>;
  readonly admission: Admission;
  readonly instruments: RoundInstruments;
  /** From states sent to their ack, lately and over all replicas. */
  readonly acks: Acks;
  readonly changed: (change: Change) => void;
  /** A node has answered that it goes by another configuration. */
  readonly differs: (node: NodeId) => void;
}

/** How long replicas take to hold what they are sent. */
export class Acks {
  private roundTrip = unknownRoundTrip;

  constructor(private readonly times: Histogram) {}

  took(ms: number): void {
    this.times.observe(ms);
    this.roundTrip = afterAnswer(this.roundTrip, ms);
  }

  /**
   * From when on a replica counts as silent: at least `limits.slowPutReplicaMs`, more while all are
   * slow.
   */
  get slowAfterMs(): number {
    return Math.max(limits.slowPutReplicaMs, patienceMs(this.roundTrip));
  }

  /** From when on the rest of a round that was answered counts as silent. */
  get settleWithinMs(): number {
    return Math.max(limits.settleMsMax, 2 * patienceMs(this.roundTrip));
  }
}

/** A "no" of a peer, as the machines' events say it. */
export function lossOf(
  node: NodeId,
  answer: Exclude<PeerAnswer, { kind: 'ok' }>,
): {
  readonly type: 'replica.outOfReach' | 'replica.refused' | 'replica.differs';
  readonly node: NodeId;
  readonly why: string;
} {
  if (answer.kind === 'noResponders')
    return { type: 'replica.outOfReach', node, why: 'is not there' };
  const type = goesByAnother(answer) ? 'replica.differs' : 'replica.refused';
  return { type, node, why: `refused: ${answer.message}` };
}
