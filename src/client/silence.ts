/**
 * Which nodes answer, as what they were sent shows it, and what becomes of what a node was sent
 * that does not: it goes on to others. First a question that costs nobody anything (a probe), then
 * the next node. How long is waited follows from how long answers take: who is slow is slow beside
 * the others.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { afterAnswer, patienceMs, unknownRoundTrip } from '../../actors/rules/round-trip.js';
import type { Flights, FrameFlight, ProbeFlight } from './flights.js';
import type { NodeState, NodeStates } from './node-states.js';
import type { Outbox } from './outbox.js';
import type { RingKeeper } from './ring-keeper.js';
import type { RouteTable } from './route-table.js';

export interface SilenceParts {
  readonly states: NodeStates;
  readonly routes: RouteTable;
  readonly flights: Flights;
  readonly outbox: Outbox;
  readonly ring: RingKeeper;
  /** Its requests go on to other nodes. */
  readonly giveUp: (flight: FrameFlight) => void;
}

/** A node that answers at all has so many times the patience. */
const stuckAfterPatience = 4;

export class Silence {
  /** Of frames, to all nodes. */
  private roundTrip = unknownRoundTrip;

  constructor(private readonly parts: SilenceParts) {}

  answered(flight: FrameFlight | ProbeFlight, nowMs: number): void {
    this.parts.states.heard(flight.node, nowMs);
    this.learned(flight.node, 'answers', nowMs);
    if (flight.kind === 'frame')
      this.roundTrip = afterAnswer(this.roundTrip, nowMs - flight.sentAtMs);
  }

  noResponders(flight: FrameFlight | ProbeFlight, nowMs: number): void {
    this.learned(flight.node, 'gone', nowMs);
    this.abandon(flight.node, flight.id);
  }

  /** Every tick. */
  watch(nowMs: number): void {
    const patience = patienceMs(this.roundTrip);
    const { flights } = this.parts;
    for (const flight of flights.all()) {
      const outMs = nowMs - flight.sentAtMs;
      if (flight.kind === 'ring') {
        if (outMs >= clientLimits.ringLostAfterMs) flights.end(flight);
      } else if (flight.kind === 'probe') this.watchProbe(flight, patience, nowMs);
      else this.watchFrame(flight, patience, nowMs);
    }
  }

  private watchProbe(probe: ProbeFlight, patience: number, nowMs: number): void {
    if (nowMs - probe.sentAtMs < Math.max(clientLimits.silentAfterMs, patience)) return;
    this.parts.flights.end(probe);
    if (!this.parts.states.heardSince(probe.node, probe.sentAtMs)) this.silent(probe.node, nowMs);
  }

  private watchFrame(frame: FrameFlight, patience: number, nowMs: number): void {
    const { states, outbox, giveUp } = this.parts;
    const { node } = frame;
    const outMs = nowMs - frame.sentAtMs;
    const askAfterMs = Math.max(clientLimits.probeAfterMs, patience);
    if (frame.read !== undefined) {
      if (outMs < Math.max(limits.slowGetReplicaMs, patience)) return;
      giveUp(frame);
    } else if (outMs < askAfterMs) {
      return;
    } else if (outMs >= Math.max(clientLimits.stuckAfterMs, stuckAfterPatience * patience)) {
      this.silent(node, nowMs);
      return;
    }
    if (states.mayAsk(node, nowMs, askAfterMs)) outbox.probe(node, nowMs);
  }

  private silent(node: NodeId, nowMs: number): void {
    if (this.parts.states.of(node) !== 'answers') return;
    this.learned(node, 'silent', nowMs);
    this.abandon(node, Number.POSITIVE_INFINITY);
  }

  private learned(node: NodeId, state: NodeState, nowMs: number): void {
    const { states, routes, outbox, ring } = this.parts;
    if (!states.set(node, state, nowMs)) return;
    routes.invalidate();
    if (state === 'answers') {
      outbox.unpark();
      this.takeBack();
    } else ring.want();
  }

  /**
   * While nobody answered, frames went to nodes that do not; whoever answers now takes what they
   * hold.
   */
  private takeBack(): void {
    const { flights, states, giveUp } = this.parts;
    for (const flight of flights.all())
      if (flight.kind === 'frame' && states.of(flight.node) !== 'answers') giveUp(flight);
  }

  /**
   * Sends on what a node that does not answer was sent before the flight that showed it; later ones
   * will be told themselves. What waits for a place in its lanes goes elsewhere too.
   */
  private abandon(node: NodeId, untilId: number): void {
    const { flights, outbox, giveUp } = this.parts;
    for (const flight of flights.all())
      if (flight.kind === 'frame' && flight.node === node && flight.id < untilId) giveUp(flight);
    outbox.empty(node);
  }
}
