/** Change events as an async iterator. */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { MalformedError, OverloadedError } from '../errors.js';
import type { Bus, BusMessage, BusSubscription } from '../seams/bus.js';
import { headerNames, Subjects } from '../wire/subjects.js';
import { Context } from './context.js';

export interface Change {
  readonly bucket: string;
  readonly key: string;
  /** Or expired. */
  readonly deleted: boolean;
  /** What the author of the write was given. */
  readonly context: Context;
}

const deletedTexts = new Set(['true', 'expired']);
const patternText = /^[^\s\p{Cc}]+$/u;

export class Watch implements AsyncIterableIterator<Change> {
  /** That were no changes, whoever sent them. */
  messagesIgnored = 0;
  private readonly subscription: BusSubscription;
  /** In subjects. */
  private readonly keyAt: number;
  private waiting: Change[] = [];
  private asked: ((result: IteratorResult<Change>) => void)[] = [];
  private failure: Error | undefined;
  private ended = false;

  constructor(
    bus: Bus,
    private readonly source: { readonly prefix: string; readonly bucket: string },
    pattern: string,
    private readonly onEnd: (watch: Watch) => void,
  ) {
    if (!patternText.test(pattern))
      throw new MalformedError('a pattern of keys has no white space and no control characters');
    const start = new Subjects(source.prefix).changed(`${source.bucket}.`);
    this.keyAt = start.length;
    this.subscription = bus.subscribe(start + pattern, (message) => this.heard(message));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Change>> {
    const change = this.waiting.shift();
    if (change !== undefined) return Promise.resolve({ done: false, value: change });
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.asked.push(resolve));
  }

  /** What `break` in a loop calls. */
  return(): Promise<IteratorResult<Change>> {
    this.waiting = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.subscription.unsubscribe();
    this.onEnd(this);
    for (const resolve of this.asked.splice(0)) resolve({ done: true, value: undefined });
  }

  private heard(message: BusMessage): void {
    if (this.ended) return;
    const change = this.changeOf(message);
    if (change === undefined) {
      this.messagesIgnored++;
      return;
    }
    const resolve = this.asked.shift();
    if (resolve !== undefined) resolve({ done: false, value: change });
    else if (this.waiting.length < clientLimits.watchChangesMax) this.waiting.push(change);
    else {
      this.failure = new OverloadedError(
        `${clientLimits.watchChangesMax} changes wait to be taken from a watch`,
      );
      this.end();
    }
  }

  /** Undefined: not the word of a node. */
  private changeOf(message: BusMessage): Change | undefined {
    const { bucket } = this.source;
    const key = message.subject.slice(this.keyAt);
    try {
      const context = contextOfEvent(message);
      if (context === undefined) return undefined;
      const deleted = deletedTexts.has(message.header(headerNames.deleted) ?? '');
      return { bucket, key, deleted, context };
    } catch (error) {
      if (error instanceof MalformedError) return undefined;
      throw error;
    }
  }
}

/**
 * Undefined: not the word of a node. Who shares the account can't publish events, but can ask a
 * node for something with the subject of an event as the reply subject: answers that carry a
 * context carry a receipt or an error as well, events never do. Throws `MalformedError`.
 */
function contextOfEvent(message: BusMessage): Context | undefined {
  const seen = message.header(headerNames.context);
  const isAnswer = [headerNames.receipt, headerNames.errorCode].some(
    (name) => message.header(name) !== undefined,
  );
  return seen === undefined || isAnswer ? undefined : Context.parse(seen);
}
