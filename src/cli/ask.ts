/**
 * Questions that one node or all of them answer in JSON: `kv.ring`, `kv.status`,
 * `_kv.<node>.remove`.
 */
import type { Bus, BusMessage } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';

export interface Question {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subject: string;
  readonly waitMs: number;
  /** Done before the time when this many have answered. */
  readonly answersMax: number;
  /** What is asked beyond the subject. */
  readonly payload?: string;
}

/** The answers that came in time, in the order they came. None: nobody is there. */
export function ask<T>(question: Question): Promise<T[]> {
  const { bus, clock, subject, waitMs, answersMax, payload = '' } = question;
  return new Promise((resolve) => {
    const answers: T[] = [];
    const inbox = bus.inbox();
    const finish = (): void => {
      subscription.unsubscribe();
      clock.clearTimeout(timer);
      resolve(answers);
    };
    const subscription = bus.subscribe(inbox, (message) => {
      const answer = parse(message);
      if (answer !== undefined) answers.push(answer as T);
      if (message.noResponders || answers.length >= answersMax) finish();
    });
    const timer = clock.setTimeout(finish, waitMs);
    bus.publish(subject, Buffer.from(payload), {
      reply: inbox,
      headers: { 'Kv-Accept': 'json' },
    });
  });
}

function parse(message: BusMessage): unknown {
  if (message.noResponders || message.header('Nats-Service-Error-Code') !== undefined) {
    return undefined;
  }
  try {
    return JSON.parse(Buffer.from(message.data).toString('utf8'));
  } catch {
    // Not from a node.
    return undefined;
  }
}
