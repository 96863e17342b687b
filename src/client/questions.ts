/**
 * Questions that any node may answer, one message each: asked again, of whoever takes it then,
 * while nobody answers or who does is in trouble. Whatever of it is answered first counts.
 */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { Underway } from '../bus/underway.js';
import {
  DeadlineError,
  errorOfCode,
  MalformedError,
  QuorateError,
  UnavailableError,
} from '../errors.js';
import type { Bus, BusMessage, BusSubscription } from '../seams/bus.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Random } from '../seams/random.js';
import { headerNames } from '../wire/subjects.js';

export interface Question {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** With all its repetitions. */
  readonly timeoutMs: number;
  /** What the answer says; throws `MalformedError` when it is none. The bytes are not kept. */
  readonly read: (bytes: Uint8Array) => void;
  readonly onFailure: (error: QuorateError) => void;
}

interface Flight {
  readonly question: Question;
  /** The ends of the reply subjects on which it is awaited; nobody else can guess them. */
  readonly tokens: string[];
  readonly untilMs: number;
  asked: number;
  timer: TimerId;
  trouble: QuorateError | undefined;
}

const tokenBytes = 9;
/** Asking again helps, or may. */
const passing: ReadonlySet<number> = new Set([421, 429, 503, 504]);

export class Questions {
  private readonly flights = new Underway<Flight>();
  private inbox = '';
  private subscription: BusSubscription | undefined;
  private isClosed = false;

  constructor(
    private readonly bus: Bus,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  ask(question: Question): void {
    if (this.isClosed) return question.onFailure(new UnavailableError('the client is closed'));
    this.listen();
    const untilMs = this.clock.monotonicMs() + question.timeoutMs;
    const flight: Flight = {
      question,
      tokens: [],
      untilMs,
      asked: 0,
      timer: undefined,
      trouble: undefined,
    };
    this.flights.begin(flight);
    this.send(flight);
  }

  close(): void {
    this.isClosed = true;
    for (const flight of this.flights.all())
      this.fail(flight, new UnavailableError('the client is closed'));
    this.subscription?.unsubscribe();
  }

  /** Programs that ask nothing of the kind need no subscription. */
  private listen(): void {
    if (this.subscription !== undefined) return;
    this.inbox = `${this.bus.inbox()}.`;
    this.subscription = this.bus.subscribe(`${this.inbox}*`, (message) => this.answered(message));
  }

  private send(flight: Flight): void {
    const { question, untilMs } = flight;
    const leftMs = Math.floor(untilMs - this.clock.monotonicMs());
    if (leftMs < 1) return this.fail(flight, flight.trouble ?? silence(question));
    const waitMs = Math.min(leftMs, clientLimits.questionAgainMs * 2 ** flight.asked);
    const token = this.random.bytes(tokenBytes).toString('base64url');
    flight.asked++;
    flight.tokens.push(token);
    const headers = { ...question.headers, [headerNames.timeout]: String(leftMs) };
    const reply = `${this.inbox}${token}`;
    this.bus.publish(question.subject, question.payload, { reply, headers });
    flight.timer = this.clock.setTimeout(() => this.send(flight), waitMs);
  }

  private answered(message: BusMessage): void {
    const token = message.subject.slice(this.inbox.length);
    const flight = this.flights.find(({ tokens }) => tokens.includes(token));
    if (flight === undefined) return;
    try {
      const refusal = refusalOf(message);
      if (refusal === undefined) {
        flight.question.read(message.data);
        this.end(flight);
        return;
      }
      if (!passing.has(refusal.code)) return this.fail(flight, refusal);
      flight.trouble = refusal;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return this.fail(flight, error);
    }
    this.againSoon(flight);
  }

  private againSoon(flight: Flight): void {
    this.clock.clearTimeout(flight.timer);
    const { retryBackoffMsMin, retryBackoffMsMax } = clientLimits;
    const waitMs = Math.min(retryBackoffMsMin * 2 ** flight.asked, retryBackoffMsMax);
    const leftMs = Math.max(0, flight.untilMs - this.clock.monotonicMs());
    flight.timer = this.clock.setTimeout(() => this.send(flight), Math.min(waitMs, leftMs));
  }

  private fail(flight: Flight, error: QuorateError): void {
    this.end(flight);
    flight.question.onFailure(error);
  }

  private end(flight: Flight): void {
    this.clock.clearTimeout(flight.timer);
    this.flights.end(flight);
  }
}

/** Undefined: it is an answer. */
function refusalOf(message: BusMessage): QuorateError | undefined {
  if (message.noResponders) return new UnavailableError('no node of the cluster is there');
  const code = message.header(headerNames.errorCode);
  if (code === undefined) return undefined;
  return errorOfCode(Number(code), message.header(headerNames.error) ?? '', 'none');
}

function silence({ subject }: Question): DeadlineError {
  return new DeadlineError(
    `nobody answered to ${subject}; does the nats.conf of the server let applications publish there?`,
    'none',
  );
}
