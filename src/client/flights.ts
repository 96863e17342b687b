/**
 * What was published and waits for an answer: frames, probes of nodes that do not answer, and
 * questions for the ring. All answers come to one wildcard subscription, told apart by a number at
 * the end of the reply subject. Behind it are characters that nobody can guess: applications that
 * share an account may hear where answers went, and have a node answer them where the next one is
 * expected.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { Underway } from '../bus/underway.js';
import type { Bus, BusMessage, BusSubscription } from '../seams/bus.js';
import type { Random } from '../seams/random.js';
import type { OwnRead } from './own-read.js';
import type { Request } from './request.js';
import type { Lane } from './route-table.js';

interface FlightBase {
  readonly id: number;
  /** The end of its reply subject. */
  readonly token: string;
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
type Departure<F> = F extends Flight ? Omit<F, 'id' | 'token'> : never;

const tokenBytes = 9;

export class Flights {
  private readonly underway = new Underway<Flight>();
  private readonly inbox: string;
  private readonly subscription: BusSubscription;
  private lastId = 0;

  constructor(
    private readonly bus: Bus,
    private readonly random: Random,
    private readonly onAnswer: (flight: Flight, message: BusMessage) => void,
  ) {
    this.inbox = `${bus.inbox()}.`;
    this.subscription = bus.subscribe(`${this.inbox}*`, (message) => this.answered(message));
  }

  send(flight: Departure<Flight>, message: { subject: string; payload: Uint8Array }): void {
    const id = ++this.lastId;
    const token = `${id}-${this.random.bytes(tokenBytes).toString('base64url')}`;
    this.underway.begin({ ...flight, id, token });
    if (flight.kind === 'frame') flight.read?.flights.push(id);
    this.bus.publish(message.subject, message.payload, { reply: `${this.inbox}${token}` });
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
    const token = message.subject.slice(this.inbox.length);
    const flight = this.underway.take((candidate) => candidate.token === token);
    if (flight !== undefined) this.onAnswer(flight, message);
  }

  private take(id: number): Flight | undefined {
    return this.underway.take((flight) => flight.id === id);
  }
}
