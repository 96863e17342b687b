/**
 * What was published and waits for an answer: frames, probes of nodes that do not answer, and questions for the ring.
 * All answers come to one wildcard subscription, told apart by a number at the end of the reply subject.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { Underway } from '../bus/underway.js';
import type { Bus, BusMessage, BusSubscription } from '../seams/bus.js';
import type { OwnRead } from './own-read.js';
import type { Request } from './request.js';
import type { Lane } from './route-table.js';

interface FlightBase {
  readonly id: number;
  readonly sentAtMs: number;
}

export interface FrameFlight extends FlightBase {
  readonly kind: 'frame';
  readonly node: NodeId;
  readonly lane: Lane;
  readonly rows: readonly Request[];
  /** The earliest of its rows. */
  deadlineMs: number;
  /** Shared by the flights to each of the nodes that are asked. */
  readonly read: OwnRead | undefined;
}

export interface ProbeFlight extends FlightBase {
  readonly kind: 'probe';
  readonly node: NodeId;
}

export interface RingFlight extends FlightBase {
  readonly kind: 'ring';
}

export type Flight = FrameFlight | ProbeFlight | RingFlight;

/** Without the distributive form, `Omit` would lose what the kinds do not share. */
type Departure<F> = F extends Flight ? Omit<F, 'id'> : never;

export class Flights {
  private readonly underway = new Underway<Flight>();
  private readonly inbox: string;
  private readonly subscription: BusSubscription;
  private lastId = 0;

  constructor(
    private readonly bus: Bus,
    private readonly onAnswer: (flight: Flight, message: BusMessage) => void,
  ) {
    this.inbox = `${bus.inbox()}.`;
    this.subscription = bus.subscribe(`${this.inbox}*`, (message) => this.answered(message));
  }

  send(flight: Departure<Flight>, message: { subject: string; payload: Uint8Array }): void {
    const id = ++this.lastId;
    this.underway.begin({ ...flight, id });
    if (flight.kind === 'frame') flight.read?.flights.push(id);
    this.bus.publish(message.subject, message.payload, { reply: `${this.inbox}${id}` });
  }

  /** True unless it was over already. An own read is over as a whole. */
  end(flight: Flight): boolean {
    const read = flight.kind === 'frame' ? flight.read : undefined;
    if (read === undefined) return this.underway.end(flight);
    if (read.over) return false;
    read.over = true;
    for (const id of read.flights) this.take(id);
    return true;
  }

  /** A snapshot, oldest first, so that the loop over it may end and start flights. */
  all(): Flight[] {
    return this.underway.all();
  }

  has(kind: Flight['kind']): boolean {
    return this.underway.find((flight) => flight.kind === kind) !== undefined;
  }

  close(): void {
    this.underway.endAll();
    this.subscription.unsubscribe();
  }

  private answered(message: BusMessage): void {
    const flight = this.take(Number(message.subject.slice(this.inbox.length)));
    if (flight !== undefined) this.onAnswer(flight, message);
  }

  private take(id: number): Flight | undefined {
    return this.underway.take((flight) => flight.id === id);
  }
}
