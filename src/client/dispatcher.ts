/**
 * The way of a request through the client: taken, sent, tried again, answered exactly once.
 *
 * It goes on to the next node when its coordinator is gone or silent, also when it was on its way
 * there already, and rests between once several were: the operation id makes a put that arrives
 * twice one write. Refusals that may pass (503, 504) are tried again within the retry budget; 429
 * sets the pace instead. Nothing outlives its deadline.
 */
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { ToldClocks } from '../bus/told-clocks.js';
import type { Outcome } from '../errors.js';
import type { Bus, BusMessage } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import { Subjects } from '../wire/subjects.js';
import { Flights, type Flight, type FrameFlight } from './flights.js';
import { handleReply, type FrameHandlers, type RowFailure } from './frame-rows.js';
import { NodeStates } from './node-states.js';
import type { OwnRead } from './own-read.js';
import { Outbox } from './outbox.js';
import { Pending, type PendingBounds } from './pending.js';
import type { Request } from './request.js';
import { RetryBudget, type RetryOptions } from './retry-budget.js';
import { RingKeeper } from './ring-keeper.js';
import { RouteTable } from './route-table.js';
import { Silence } from './silence.js';

export interface DispatcherOptions {
  readonly prefix: string;
  readonly retry: RetryOptions;
  readonly bounds: PendingBounds;
  readonly framesPerLaneMax: number;
}

const gone: RowFailure = {
  code: 503,
  outcome: 'none',
  message: `${clientLimits.sendsMax} tries met nodes that are gone or do not answer`,
};

export class Dispatcher {
  private readonly states = new NodeStates();
  private readonly clocks = new ToldClocks();
  private readonly routes = new RouteTable(this.states);
  private readonly pending: Pending;
  private readonly budget: RetryBudget;
  private readonly flights: Flights;
  private readonly outbox: Outbox;
  private readonly ring: RingKeeper;
  private readonly silence: Silence;
  private delayed: { readonly atMs: number; readonly request: Request }[] = [];
  private ticking = false;
  private tickedAtMs = 0;

  constructor(
    bus: Bus,
    private readonly clock: Clock,
    random: Random,
    private readonly options: DispatcherOptions,
  ) {
    const { prefix, framesPerLaneMax, retry, bounds } = options;
    const subjects = new Subjects(prefix);
    this.pending = new Pending(bounds);
    this.budget = new RetryBudget(retry, random);
    const { routes, states, clocks } = this;
    const flights = new Flights(bus, random, (flight, message) => this.answered(flight, message));
    const frameBytesMax = Math.min(limits.messageBytesMax, bus.payloadBytesMax);
    const outboxOptions = { subjects, framesPerLaneMax, frameBytesMax };
    this.flights = flights;
    this.outbox = new Outbox(clock, random, routes, flights, clocks, outboxOptions);
    const onRing = (): void => this.outbox.unpark();
    this.ring = new RingKeeper({ subjects, flights, routes, states, clocks, onRing });
    const { outbox, ring } = this;
    const giveUp = (flight: FrameFlight): void => this.giveUp(flight);
    this.silence = new Silence({ states, routes, flights, outbox, ring, giveUp });
    bus.onStatus((status) => {
      if (status === 'connected') this.connected();
      else this.outbox.pause();
    });
    this.ring.tick(clock.monotonicMs());
  }

  submit(request: Request): void {
    if (!this.pending.admit(request)) return;
    request.deadlineMs = this.outbox.nowMs() + request.terms.timeoutMs;
    this.outbox.add(request);
    if (this.ticking) return;
    this.ticking = true;
    this.tickedAtMs = this.outbox.nowMs();
    this.clock.setTimeout(this.tick, clientLimits.tickMs);
  }

  isResolvedByService(bucket: string): boolean {
    return this.routes.isResolvedByService(bucket);
  }

  /** Takes nothing more; resolves when every request is over, at the latest at its deadline. */
  async close(): Promise<void> {
    await this.pending.close();
    this.flights.close();
  }

  private answered(flight: Flight, message: BusMessage): void {
    const nowMs = this.outbox.nowMs();
    if (flight.kind === 'ring') {
      this.ring.answered(message, this.clock.monotonicMs());
      return;
    }
    if (message.noResponders) this.silence.noResponders(flight, nowMs);
    else this.silence.answered(flight, nowMs);
    if (flight.kind === 'probe') return;
    if (flight.read !== undefined) {
      this.toldOf(flight, flight.read, message);
      return;
    }
    this.outbox.frameOver(flight);
    flight.lane.terms.trace?.answered(flight.node, message);
    if (message.noResponders) this.goOn(flight, { outcome: 'none', failure: gone });
    else
      this.replied(flight, nowMs, (handlers) => handleReply(message.data, flight.rows, handlers));
  }

  /**
   * One primary's word on an own read; the last one ends it. When there is none, a coordinator
   * will know better.
   */
  private toldOf(flight: FrameFlight, read: OwnRead, message: BusMessage): void {
    const told = message.noResponders ? 'nothing' : read.take(message.data);
    if (told === 'part') return;
    if (told === 'nothing') {
      this.ring.want();
      this.giveUp(flight);
      return;
    }
    this.flights.end(flight);
    this.outbox.frameOver(flight);
    this.replied(flight, this.outbox.nowMs(), (handlers) =>
      read.finish(handlers, (request) => this.askCoordinator(request)),
    );
  }

  private askCoordinator(request: Request): void {
    request.coordinate();
    this.outbox.add(request);
  }

  private replied(
    flight: FrameFlight,
    nowMs: number,
    handle: (handlers: FrameHandlers) => void,
  ): void {
    const { lane, rows } = flight;
    let done = 0;
    let tooLarge = 0;
    const heldBack: Request[] = [];
    try {
      handle({
        onDone: (request, result) => {
          done++;
          this.pending.end(request, result);
        },
        onFailure: (request, failure) => {
          const course = request.refused(failure, flight.read !== undefined);
          if (course === 'heldBack') {
            if (!request.isOver) heldBack.push(request);
          } else if (course === 'alone' || course === 'coordinated') {
            if (course === 'alone') tooLarge++;
            this.outbox.add(request);
          } else if (course === 'rerouted') this.reroute(request);
          else this.failed(request, failure, { again: course === 'again', nowMs });
        },
        // The time of the turn is from before the answer came.
        onClock: (moment) => this.clocks.told(flight.node, moment, this.clock.monotonicMs()),
        // It may have been told too little of its time; now it has more.
        onUnread: (refusal) => this.goOn(flight, { outcome: 'none', failure: refusal }),
      });
    } catch (error) {
      const message = `the reply of node ${lane.node} is not understood: ${String(error)}`;
      const failure = { code: 503, outcome: 'unknown', message } as const;
      for (const row of rows) {
        row.tried(failure.outcome);
        this.failed(row, failure, { again: true, nowMs });
      }
    }
    this.budget.succeeded(done);
    if (heldBack.length > 0) this.outbox.holdBack(lane, heldBack, nowMs);
    else this.outbox.wentWell(flight, nowMs);
    // Replies have a bound too: so many rows fitted; when a full frame fits, one more is tried.
    if (tooLarge > 0) lane.rowsMax = Math.max(1, rows.length - tooLarge);
    else if (rows.length === lane.rowsMax)
      lane.rowsMax = Math.min(limits.frameRequestsMax, lane.rowsMax + 1);
  }

  /** The next ring, which is asked for now and then, says where it goes. */
  private reroute(request: Request): void {
    this.ring.want();
    this.outbox.park(request);
  }

  /** `again`: if budget and deadline allow it. */
  private failed(
    request: Request,
    failure: RowFailure,
    { again, nowMs }: { readonly again: boolean; readonly nowMs: number },
  ): void {
    if (request.isOver) return;
    if (failure.code === 503) this.ring.want();
    const backoffMs = again ? this.budget.backoffMs(request.retries) : undefined;
    if (backoffMs === undefined || nowMs + backoffMs >= request.deadlineMs) {
      this.pending.fail(request, failure);
      return;
    }
    request.retries++;
    this.delayed.push({ atMs: nowMs + backoffMs, request });
  }

  private giveUp(flight: FrameFlight): void {
    if (!this.flights.end(flight)) return;
    this.outbox.frameOver(flight);
    this.goOn(flight, { outcome: 'unknown', failure: gone });
  }

  /** `failure`: of who has gone on too often. */
  private goOn(
    { rows, read }: FrameFlight,
    options: { readonly outcome: Outcome; readonly failure: RowFailure },
  ): void {
    for (const request of rows) {
      if (request.isOver) continue;
      if (read !== undefined) request.coordinate();
      request.tried(options.outcome);
      if (request.sends >= clientLimits.sendsMax) this.pending.fail(request, options.failure);
      else this.sendAgain(request);
    }
  }

  private sendAgain(request: Request): void {
    const restsSoFar = request.sends - clientLimits.sendsAtOnceMax;
    if (restsSoFar < 0) {
      this.outbox.add(request);
      return;
    }
    const atMs = this.outbox.nowMs() + this.budget.restMs(restsSoFar);
    if (atMs < request.deadlineMs) this.delayed.push({ atMs, request });
    else this.outbox.add(request);
  }

  /**
   * What was in flight when the connection broke may have got through or not, and its answer too.
   */
  private connected(): void {
    this.ring.want();
    this.outbox.resume();
    for (const flight of this.flights.all()) if (flight.kind === 'frame') this.giveUp(flight);
  }

  private readonly tick = (): void => {
    const nowMs = this.outbox.nowMs();
    this.expire(nowMs);
    // After a pause of this process the answers may lie unread; they come before the next tick.
    if (nowMs - this.tickedAtMs < 2 * clientLimits.tickMs) this.silence.watch(nowMs);
    this.tickedAtMs = nowMs;
    this.retryDelayed(nowMs);
    this.outbox.tick(nowMs);
    this.ring.tick(nowMs);
    for (const node of this.states.due(nowMs)) this.outbox.probe(node, nowMs);
    this.ticking = this.pending.count > 0;
    if (this.ticking) this.clock.setTimeout(this.tick, clientLimits.tickMs);
  };

  private expire(nowMs: number): void {
    for (const { request, parked } of this.outbox.takeExpired(nowMs)) {
      const why = parked ? this.parkedBecause(request) : 'no answer to the frames before it';
      this.pending.expire(request, { sent: false, why });
    }
    for (const flight of this.flights.all()) {
      if (flight.kind !== 'frame' || flight.deadlineMs > nowMs) continue;
      flight.deadlineMs = Number.POSITIVE_INFINITY;
      for (const request of flight.rows) {
        if (request.isOver) continue;
        if (request.deadlineMs <= nowMs)
          this.pending.expire(request, { sent: true, why: 'no answer' });
        else flight.deadlineMs = Math.min(flight.deadlineMs, request.deadlineMs);
      }
      if (flight.deadlineMs === Number.POSITIVE_INFINITY && this.flights.end(flight))
        this.outbox.frameOver(flight);
    }
  }

  private parkedBecause({ rerouted }: Request): string {
    if (rerouted !== undefined) return rerouted;
    if (this.routes.partitions > 0) return 'no node of the cluster answered';
    return `no founded cluster answered on ${this.options.prefix}.ring`;
  }

  private retryDelayed(nowMs: number): void {
    if (this.delayed.length === 0) return;
    const due = this.delayed.filter(({ atMs }) => atMs <= nowMs);
    this.delayed = this.delayed.filter(({ atMs }) => atMs > nowMs);
    for (const { request } of due) this.outbox.add(request);
  }
}
