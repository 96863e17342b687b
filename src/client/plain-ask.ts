/** One request as plain clients make it, for what has no frame: it is asked once, and rarely. */
import { DeadlineError, errorOfCode, UnavailableError, type QuorateError } from '../errors.js';
import type { Bus, BusMessage } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import { headerNames } from '../wire/subjects.js';

export interface PlainQuestion<T> {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Empty unless told. */
  readonly payload?: Uint8Array;
  /** Of an answer that is no error; it is lent for the call. */
  readonly read: (message: BusMessage) => T;
}

const nothing = new Uint8Array(0);

export function askPlainly<T>(bus: Bus, clock: Clock, question: PlainQuestion<T>): Promise<T> {
  const { subject, headers, timeoutMs, read, payload = nothing } = question;
  return new Promise((resolve, reject) => {
    const reply = bus.inbox();
    const over = (): void => {
      subscription.unsubscribe();
      clock.clearTimeout(timer);
    };
    const timer = clock.setTimeout(() => {
      over();
      reject(new DeadlineError(`no answer on ${subject} within ${timeoutMs} ms`));
    }, timeoutMs);
    const subscription = bus.subscribe(reply, (message) => {
      over();
      try {
        const failure = failureIn(message, subject);
        if (failure === undefined) resolve(read(message));
        else reject(failure);
      } catch (error) {
        reject(error);
      }
    });
    bus.publish(subject, payload, { reply, headers });
  });
}

function failureIn(message: BusMessage, subject: string): QuorateError | undefined {
  if (message.noResponders) return new UnavailableError(`nobody answers on ${subject}`);
  const code = message.header(headerNames.errorCode);
  if (code === undefined) return undefined;
  const text = message.header(headerNames.error) ?? '';
  const outcome = message.header(headerNames.outcome) === 'unknown' ? 'unknown' : 'none';
  return errorOfCode(Number(code), text, outcome);
}
