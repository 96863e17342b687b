/** Whether the cluster really serves: a put and a get, the way any NATS client does them. */
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { Bus, BusMessage } from '../../seams/bus.js';
import type { Clock } from '../../seams/clock.js';
import { CommandError, exitCodes } from '../exit-codes.js';

export interface ProbeOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly prefix: string;
  /** It is to end: nothing is asked any more. */
  readonly signal: AbortSignal;
}

const key = 'quorate-up.probe';

/**
 * Resolves when both worked; nodes that have just met may refuse for a moment. With why puts are
 * refused when gets alone are answered all the time: nodes on full disks serve what they hold, and
 * are not to be stopped for it.
 */
export async function probe(options: ProbeOptions): Promise<string | undefined> {
  const { bus, clock, prefix, signal } = options;
  let [putError, getError]: (string | undefined)[] = [];
  for (let attempt = 0; attempt < commandLimits.probeAttemptsMax; attempt++) {
    if (signal.aborted) break;
    putError = await request({ bus, clock, subject: `${prefix}.put.${key}`, payload: 'ready' });
    // Of a bus that was closed there is no answer to wait for.
    if (signal.aborted) break;
    getError = await request({ bus, clock, subject: `${prefix}.get.${key}` });
    if (putError === undefined && getError === undefined) return undefined;
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, commandLimits.probeRestMs);
    });
  }
  if (signal.aborted) throw new CommandError(exitCodes.unavailable, 'stopped');
  if (getError === undefined) return putError;
  const reason = `the cluster does not serve: ${putError ?? getError}`;
  throw new CommandError(exitCodes.unavailable, reason);
}

interface ProbeRequest {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subject: string;
  readonly payload?: string;
}

/** Why it did not work; undefined: it did. */
function request(probed: ProbeRequest): Promise<string | undefined> {
  const { bus, clock, subject, payload = '' } = probed;
  return new Promise((resolve) => {
    const reply = bus.inbox();
    const finish = (error: string | undefined): void => {
      subscription.unsubscribe();
      clock.clearTimeout(timer);
      resolve(error);
    };
    const subscription = bus.subscribe(reply, (message) => finish(refusalIn(message)));
    const timer = clock.setTimeout(() => finish('no answer'), commandLimits.probeAttemptMsMax);
    const headers = {
      'Kv-TTL': String(commandLimits.probeTtlMs),
      'Kv-Timeout': String(commandLimits.probeAttemptMsMax),
    };
    bus.publish(subject, Buffer.from(payload), { reply, headers });
  });
}

function refusalIn(message: BusMessage): string | undefined {
  if (message.noResponders) return 'no node listens';
  // That nothing is there is an answer.
  if (message.header('Nats-Service-Error-Code') === '404') return undefined;
  return message.header('Nats-Service-Error');
}
