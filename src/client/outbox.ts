/**
 * From requests to frames. Requests are collected until the turn of the event loop ends, then leave
 * as one frame per lane: coordinator, set of primaries, and equal terms. While a frame is under way
 * what comes waits and leaves together when it is answered, so frames grow with the load instead of
 * falling apart into ever smaller ones as replies trickle in (a round costs its nodes about as much
 * as a hundred rows do). A second frame leaves beside it only when it is a large one of gets, or
 * when the first takes much longer than frames did lately: one slow row shall not hold up a lane.
 * Puts also wait for frames of puts of other lanes, and then leave with theirs: nodes that get
 * their rounds at the same time write and sync them together. Parts of big values, each a message
 * of its own, neither wait nor are waited for.
 *
 * A node that refuses with 429 is taken at its word: its lane pauses, longer with each refusal,
 * what was refused waits at the front of it, and then goes on frame by frame. So a node that is
 * behind sets the pace of its clients.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { partitionOf } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import type { ToldClocks } from '../bus/told-clocks.js';
import type { Clock } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import type { Subjects } from '../wire/subjects.js';
import { CopiedPuts } from './copied-puts.js';
import type { Flights, FrameFlight } from './flights.js';
import { cutRows, encodeOwnRows, encodeRows } from './frame-rows.js';
import { OwnRead } from './own-read.js';
import type { Request } from './request.js';
import type { Lane, LaneBounds, RouteTable } from './route-table.js';

export interface OutboxOptions {
  readonly subjects: Subjects;
  readonly framesPerLaneMax: number;
  readonly frameBytesMax: number;
}

const nothing = new Uint8Array(0);

/** A frame is overdue after so many times the smoothed round trip of its lane. */
const overdueAfterRoundTrips = 3;
/** Lanes are alike when neither takes more than so many times as long as the other. */
const alikeRoundTrips = 3;
/** Weight of the newest round trip. */
const roundTripGain = 1 / 8;

export class Outbox {
  /** Lanes to look at when the turn ends. */
  private listed: Lane[] = [];
  /** No connection, no ring yet, or nobody answers. */
  private parked: Request[] = [];
  /** The time of this turn of the event loop; read once. */
  private turnMs: number | undefined;
  private paused = false;
  private pausedLanes: Lane[] = [];
  /** Puts that wait until those of others are answered. */
  private readonly waiting = new Set<Lane>();
  /** Lanes with a frame of puts under way. */
  private readonly putting = new Set<Lane>();
  private readonly laneBounds: LaneBounds;
  private readonly copied = new CopiedPuts();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly routes: RouteTable,
    private readonly flights: Flights,
    private readonly clocks: ToldClocks,
    private readonly options: OutboxOptions,
  ) {
    this.laneBounds = { rowsMax: limits.frameRequestsMax, framesMax: options.framesPerLaneMax };
  }

  nowMs(): number {
    if (this.turnMs === undefined) {
      this.turnMs = this.clock.monotonicMs();
      this.clock.endOfTurn(this.flush);
    }
    return this.turnMs;
  }

  add(request: Request): void {
    if (request.isOver) return;
    this.copied.meet(request, this.nowMs());
    const lane = this.paused ? undefined : this.laneOf(request);
    if (lane === undefined) {
      this.parked.push(request);
      return;
    }
    lane.queue.push(request);
    this.list(lane);
  }

  /** It was sent by routes that are no good: until there are others. */
  park(request: Request): void {
    request.sends--;
    if (!request.isOver) this.parked.push(request);
  }

  private laneOf(request: Request): Lane | undefined {
    const { partitions } = this.routes;
    if (partitions === 0) return undefined;
    if (request.partition < 0) {
      const { key, terms } = request;
      request.partition = partitionOf({ bucket: terms.bucket, key }, partitions);
    }
    return this.routes.laneOf(request, this.laneBounds);
  }

  /** While the connection is down nothing leaves. */
  pause(): void {
    this.paused = true;
  }

  /** Routes have changed, or the connection is back: what was parked is looked at again. */
  resume(): void {
    this.paused = false;
    this.unpark();
  }

  unpark(): void {
    if (this.paused) return;
    const { parked } = this;
    this.parked = [];
    for (const request of parked) this.add(request);
  }

  /** Asks a node whether it is there, with an empty frame: whatever it answers, it is. */
  probe(node: NodeId, nowMs: number): void {
    const subject = this.options.subjects.frame(node);
    this.flights.send({ kind: 'probe', node, sentAtMs: nowMs }, { subject, payload: nothing });
  }

  /** The frame is answered or given up. */
  frameOver(flight: FrameFlight): void {
    const { lane } = flight;
    lane.framesInFlight--;
    this.list(lane);
    if (!this.putting.has(lane)) return;
    if (lane.framesInFlight === 0) this.putting.delete(lane);
    for (const other of this.waiting) this.list(other);
    this.waiting.clear();
  }

  /** The node can't take these yet; they are the first to go when it is asked again. */
  holdBack(lane: Lane, rows: readonly Request[], nowMs: number): void {
    for (const request of rows) request.sends--;
    lane.queue = [...rows, ...lane.queue];
    lane.window = 1;
    // Frames that left together are refused together; they count once.
    if (nowMs < lane.pausedUntilMs) return;
    const longestMs = Math.min(
      clientLimits.pauseMsMax,
      clientLimits.pauseMsMin * 2 ** lane.refusals++,
    );
    lane.pausedUntilMs = nowMs + longestMs / 2 + this.random.below(Math.ceil(longestMs / 2));
    this.pausedLanes.push(lane);
  }

  /** The node takes what the lane sends. */
  wentWell({ lane, sentAtMs }: FrameFlight, nowMs: number): void {
    lane.refusals = 0;
    lane.window = Math.min(this.options.framesPerLaneMax, lane.window + 1);
    lane.roundTripMs += roundTripGain * (nowMs - sentAtMs - lane.roundTripMs);
  }

  /** Lanes whose pause is over go on, and those whose frame is overdue. */
  tick(nowMs: number): void {
    this.routes.dropIdleLanes();
    for (const lane of this.routes.lanes()) if (lane.queue.length > 0) this.list(lane);
    if (this.pausedLanes.length === 0) return;
    const over = this.pausedLanes.filter((lane) => lane.pausedUntilMs <= nowMs);
    this.pausedLanes = this.pausedLanes.filter((lane) => lane.pausedUntilMs > nowMs);
    for (const lane of over) this.list(lane);
  }

  /** What waits for a place in the node's lanes goes elsewhere. */
  empty(node: NodeId): void {
    for (const lane of this.routes.lanes()) {
      if (lane.node !== node || lane.queue.length === 0) continue;
      const waiting = lane.queue;
      lane.queue = [];
      for (const request of waiting) this.add(request);
    }
  }

  /** Takes out what is past its deadline; `parked`: there was nobody to send it to. */
  takeExpired(nowMs: number): { readonly request: Request; readonly parked: boolean }[] {
    const expired: { request: Request; parked: boolean }[] = [];
    const keep = (parked: boolean) => (request: Request) => {
      if (request.deadlineMs > nowMs) return true;
      expired.push({ request, parked });
      return false;
    };
    if (this.parked.length > 0) this.parked = this.parked.filter(keep(true));
    for (const lane of this.routes.lanes())
      if (lane.queue.length > 0) lane.queue = lane.queue.filter(keep(false));
    return expired;
  }

  private list(lane: Lane): void {
    if (lane.listed) return;
    lane.listed = true;
    this.listed.push(lane);
    this.nowMs();
  }

  private readonly flush = (): void => {
    this.turnMs = undefined;
    const nowMs = this.clock.monotonicMs();
    const lanes = this.listed;
    this.listed = [];
    // All are chosen before the first one leaves, or the others would wait for it.
    const leaving = lanes.filter((lane) => this.leaves(lane, nowMs));
    for (const lane of leaving)
      while (lane.queue.length > 0 && mayLeave(lane, nowMs)) this.sendFrame(lane, nowMs);
  };

  private leaves(lane: Lane, nowMs: number): boolean {
    lane.listed = false;
    if (nowMs < lane.pausedUntilMs) return false;
    const { kind, large } = lane.terms;
    if (kind === 'get' || large === true || !this.mustWait(lane, nowMs)) return true;
    this.waiting.add(lane);
    return false;
  }

  /**
   * What is overdue holds up nobody; what is slow only its like: a bucket with W = 3, a node with
   * a slow disk.
   */
  private mustWait(lane: Lane, nowMs: number): boolean {
    for (const other of this.putting)
      if (nowMs <= overdueAtMs(other) && areAlike(other.roundTripMs, lane.roundTripMs)) return true;
    return false;
  }

  private sendFrame(lane: Lane, nowMs: number): void {
    const { subjects, frameBytesMax } = this.options;
    const cut = cutRows(lane.queue, { rowsMax: lane.rowsMax, bytesMax: frameBytesMax });
    const rows = cut.filter((request) => !request.isOver);
    if (rows.length === 0) return;
    let deadlineMs = Number.POSITIVE_INFINITY;
    let lastDeadlineMs = 0;
    for (const request of rows) {
      request.sends++;
      deadlineMs = Math.min(deadlineMs, request.deadlineMs);
      lastDeadlineMs = Math.max(lastDeadlineMs, request.deadlineMs);
    }
    lane.framesInFlight++;
    lane.sentAtMs = nowMs;
    const { node, terms, confirmers } = lane;
    if (terms.kind === 'put' && terms.large !== true) this.putting.add(lane);
    const { configuration } = this.routes;
    const frame = { kind: 'frame', sentAtMs: nowMs, lane, rows, deadlineMs } as const;
    if (confirmers === undefined) {
      const timeoutMs = nodeTimeoutMs(lastDeadlineMs - nowMs);
      const until = this.clocks.momentAt(node, nowMs + timeoutMs, nowMs);
      const deadline = { sentMs: nowMs, lastMs: lastDeadlineMs, timeoutMs, until, configuration };
      const payload = encodeRows(terms, rows, deadline);
      const subject = subjects.frame(node);
      terms.trace?.sent(node, payload.length);
      this.flights.send({ ...frame, node, read: undefined }, { subject, payload });
      return;
    }
    const read = new OwnRead(rows, 1 + confirmers.length);
    const { whole, digests } = encodeOwnRows(terms, rows, { configuration, side: lane.side });
    for (const asked of [node, ...confirmers]) {
      const payload = asked === node ? whole : digests;
      const subject = subjects.frame(asked);
      this.flights.send({ ...frame, node: asked, read }, { subject, payload });
    }
  }
}

function mayLeave(lane: Lane, nowMs: number): boolean {
  if (lane.framesInFlight === 0) return true;
  if (lane.framesInFlight >= lane.window) return false;
  if (lane.terms.large === true) return true;
  return lane.queue.length >= clientLimits.rowsBesideMin || nowMs > overdueAtMs(lane);
}

function areAlike(aMs: number, bMs: number): boolean {
  return aMs <= alikeRoundTrips * bMs && bMs <= alikeRoundTrips * aMs;
}

function overdueAtMs(lane: Lane): number {
  return lane.sentAtMs + overdueAfterRoundTrips * lane.roundTripMs;
}

/**
 * The node gives up a little earlier, so that its word, which knows the outcome, is here in time.
 */
function nodeTimeoutMs(leftMs: number): number {
  const { headStartMsMax, headStartShare } = clientLimits;
  return Math.max(1, Math.floor(leftMs - Math.min(headStartMsMax, leftMs / headStartShare)));
}
