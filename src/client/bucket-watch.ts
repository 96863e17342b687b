/**
 * A watch that can be trusted: what happens to the keys of a bucket, as an async iterator. Nodes
 * number what they say and beat once a second; when a number is missing or the beat stops, the
 * watch is asked for anew from where it was, at whatever node takes it. Whoever takes nothing keeps
 * the nodes waiting, not the memory filling.
 */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { MalformedError, OverloadedError, UnavailableError } from '../errors.js';
import type { Bus, BusMessage, BusSubscription } from '../seams/bus.js';
import type { Clock, TimerId } from '../seams/clock.js';
import { Subjects } from '../wire/subjects.js';
import { endWord, type Include } from '../wire/watch-messages.js';
import type { ValueCodec } from './value-codec.js';
import { readMessage, type ReadMessage, type WatchedEvent } from './watch-messages.js';

export interface WatchOptions {
  /** A pattern of keys as NATS has it, such as `orders.>`; all unless told. */
  readonly keys?: string | undefined;
  /**
   * What it begins with: nothing (`updates`, unless told), the keys that are there (`current`), or
   * also those that were deleted and are not forgotten yet (`history`).
   */
  readonly include?: Include | undefined;
  /** With the values; else keys and contexts alone. */
  readonly values?: boolean | undefined;
  /** A cursor of an earlier watch: it goes on there, whatever `include` says. */
  readonly resumeFrom?: string | undefined;
  /** When nobody serves it for so long it ends with an error, ms; 60 000 unless told. */
  readonly giveUpAfterMs?: number | undefined;
}

/** What waits to be taken: events, and in between how far a cursor is. */
interface Waiting<Out> {
  readonly event: WatchedEvent<Out> | undefined;
  readonly cursor: string | undefined;
  /** Of the message, to be acknowledged. */
  readonly number: number;
  readonly bytes: number;
  /** Which asking it came by. */
  readonly asking: number;
}

type Asked<Out> = {
  readonly resolve: (result: IteratorResult<WatchedEvent<Out>>) => void;
  readonly reject: (error: Error) => void;
};

export class BucketWatch<Out> implements AsyncIterableIterator<WatchedEvent<Out>> {
  /** Messages that came to it and were none of a watch, whoever sent them. */
  messagesIgnored = 0;
  private readonly subjects: Subjects;
  private subscription: BusSubscription | undefined;
  private waiting: Waiting<Out>[] = [];
  private readonly asked: Asked<Out>[] = [];
  private failure: Error | undefined;
  private ended = false;
  private acknowledgeTo = '';
  /** Of the messages of this asking. */
  private number = 0;
  private asking = 0;
  private taken = 0;
  private takenBytes = 0;
  private acknowledged = 0;
  private acknowledgedMs = 0;
  private heardMs: number;
  private servedMs: number;
  private isServed = false;
  private heardCursor: string | undefined;
  private takenCursor: string | undefined;
  private timer: TimerId;

  /** @internal */
  constructor(
    private readonly parts: {
      readonly bus: Bus;
      readonly clock: Clock;
      readonly prefix: string;
      readonly bucket: string;
      readonly codec: ValueCodec<Out, never>;
    },
    private readonly options: WatchOptions,
    private readonly onEnd: () => void,
  ) {
    this.subjects = new Subjects(parts.prefix);
    this.heardCursor = options.resumeFrom;
    this.takenCursor = options.resumeFrom;
    this.servedMs = parts.clock.monotonicMs();
    this.heardMs = this.servedMs;
    this.ask();
    this.tick();
  }

  /**
   * Where another watch can go on that has seen all that was taken from this one, at whatever node
   * and time; some of it may come again. Undefined before the first marker.
   */
  get cursor(): string | undefined {
    return this.takenCursor;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<WatchedEvent<Out>>> {
    const event = this.takeNext();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.asked.push({ resolve, reject }));
  }

  /** What `break` in a loop calls. */
  return(): Promise<IteratorResult<WatchedEvent<Out>>> {
    this.waiting = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  end(): void {
    if (this.ended) return;
    if (this.acknowledgeTo !== '') this.say(endWord);
    this.finish(undefined);
  }

  private finish(error: Error | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = error;
    this.parts.clock.clearTimeout(this.timer);
    this.subscription?.unsubscribe();
    this.onEnd();
    for (const { resolve, reject } of this.asked.splice(0))
      if (error === undefined) resolve({ done: true, value: undefined });
      else reject(error);
  }

  /** From a new inbox, so that nothing of an earlier asking is taken for an answer. */
  private ask(): void {
    const { bus, bucket, clock } = this.parts;
    const { keys, include, values } = this.options;
    this.subscription?.unsubscribe();
    const inbox = bus.inbox();
    const asking = ++this.asking;
    this.number = 0;
    this.taken = 0;
    this.takenBytes = 0;
    this.acknowledged = 0;
    this.acknowledgeTo = '';
    this.isServed = false;
    this.heardMs = clock.monotonicMs();
    this.subscription = bus.subscribe(inbox, (message) => {
      if (asking === this.asking) this.heard(message);
    });
    const wish = { keys, include, values, resumeFrom: this.heardCursor };
    const payload = Buffer.from(JSON.stringify(wish));
    bus.publish(this.subjects.watch(bucket), payload, { reply: inbox });
  }

  private tick(): void {
    const { clock } = this.parts;
    this.timer = clock.setTimeout(() => {
      const nowMs = clock.monotonicMs();
      const { giveUpAfterMs = clientLimits.watchGiveUpMs } = this.options;
      if (this.isServed && nowMs - this.acknowledgedMs >= watchLimits.acknowledgeMs / 2)
        this.acknowledge();
      if (nowMs - this.heardMs >= clientLimits.watchSilenceMs) {
        if (nowMs - this.servedMs >= giveUpAfterMs)
          return this.finish(new UnavailableError('no node serves the watch'));
        this.lose('nothing was heard of the node that serves it');
      }
      this.tick();
    }, clientLimits.watchTickMs);
  }

  /** Asks anew, from where it was. */
  private lose(reason: string): void {
    if (this.isServed) this.push({ type: 'status', status: 'lost', reason });
    this.ask();
  }

  private heard(message: BusMessage): void {
    if (this.ended) return;
    let read: ReadMessage<Out>;
    try {
      if (message.noResponders) return;
      read = readMessage(message, this.parts.codec, this.options.values === true);
    } catch (error) {
      this.messagesIgnored++;
      if (!(error instanceof MalformedError)) this.finish(error as Error);
      return;
    }
    const isNext = read.number === this.number + 1;
    if (read.word === 'ended' && (isNext || !this.isServed)) return this.heardEnd(read);
    if (!isNext) {
      // Of another asking, or the one before was lost on its way.
      if (read.number <= this.number) return;
      return this.lose(`${read.number - this.number - 1} messages are missing`);
    }
    this.number = read.number;
    this.heardMs = this.parts.clock.monotonicMs();
    this.servedMs = this.heardMs;
    if (read.word === 'started') this.begin(read.acknowledgeTo ?? '');
    this.heardCursor = read.cursor ?? this.heardCursor;
    this.push(read.event, read.cursor, message.data.length);
  }

  private begin(acknowledgeTo: string): void {
    this.isServed = true;
    this.acknowledgeTo = acknowledgeTo;
    this.acknowledgedMs = this.parts.clock.monotonicMs();
  }

  private heardEnd({ error, cursor }: ReadMessage<Out>): void {
    if (error === undefined) return this.finish(undefined);
    if (error.code !== 429 && error.code !== 503) return this.finish(error);
    this.heardCursor = cursor ?? this.heardCursor;
    if (!this.isServed) return this.askLater();
    this.lose(error.message);
  }

  /** It was refused for now: the next tick that finds it silent asks again. */
  private askLater(): void {
    this.heardMs = this.parts.clock.monotonicMs() - clientLimits.watchSilenceMs;
  }

  private push(event: WatchedEvent<Out> | undefined, cursor?: string, bytes = 0): void {
    const { waiting } = this;
    if (waiting.length >= clientLimits.watchChangesMax)
      return this.finish(new OverloadedError(`${waiting.length} changes wait to be taken`));
    const before =
      event === undefined && waiting.at(-1)?.event === undefined ? waiting.pop() : null;
    const { number, asking } = this;
    waiting.push({ event, cursor: cursor ?? before?.cursor, number, bytes, asking });
    while (this.asked.length > 0) {
      const next = this.takeNext();
      if (next === undefined) return;
      this.asked.shift()!.resolve({ done: false, value: next });
    }
  }

  /** The next event; what lies before it counts as taken, too. */
  private takeNext(): WatchedEvent<Out> | undefined {
    const { waiting } = this;
    for (let at = 0; at < waiting.length; at++) {
      const { event, cursor, number, bytes, asking } = waiting[at]!;
      if (cursor !== undefined) this.takenCursor = cursor;
      if (asking === this.asking) {
        this.taken = number;
        this.takenBytes += bytes;
      }
      if (event === undefined) continue;
      waiting.splice(0, at + 1);
      this.acknowledgeSome();
      return event;
    }
    waiting.length = 0;
    this.acknowledgeSome();
    return undefined;
  }

  private acknowledgeSome(): void {
    const { watchAcknowledgeEvery, watchAcknowledgeBytes } = clientLimits;
    const isDue =
      this.taken - this.acknowledged >= watchAcknowledgeEvery ||
      this.takenBytes >= watchAcknowledgeBytes;
    if (isDue) this.acknowledge();
  }

  private acknowledge(): void {
    this.acknowledged = this.taken;
    this.takenBytes = 0;
    this.acknowledgedMs = this.parts.clock.monotonicMs();
    this.say(this.taken === 0 ? '' : String(this.taken));
  }

  private say(word: string): void {
    this.parts.bus.publish(this.acknowledgeTo, Buffer.from(word));
  }
}
