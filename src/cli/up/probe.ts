/** Whether the cluster really serves: a put and a get, the way any NATS client does them. */
import type { Bus, BusMessage } from '../../seams/bus.js';
import type { Clock } from '../../seams/clock.js';
import { CommandError, exitCodes } from '../exit-codes.js';

export interface ProbeOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly prefix: string;
}

const key = 'quorate-up.probe';
/** Leaves nothing for long. */
const ttlMs = 60_000;
const attemptMs = 2_000;
const pauseMs = 50;
const attemptsMax = 200;

/** Resolves when both worked; nodes that have just met may refuse for a moment. */
export async function probe({ bus, clock, prefix }: ProbeOptions): Promise<void> {
  let lastError = '';
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const put = await request({ bus, clock, subject: `${prefix}.put.${key}`, payload: 'ready' });
    const got = put.error ?? (await request({ bus, clock, subject: `${prefix}.get.${key}` })).error;
    if (got === undefined) return;
    lastError = got;
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, pauseMs);
    });
  }
  throw new CommandError(exitCodes.unavailable, `the cluster does not serve: ${lastError}`);
}

interface ProbeRequest {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subject: string;
  readonly payload?: string;
}

/** `error`: why it did not work. */
function request({
  bus,
  clock,
  subject,
  payload = '',
}: ProbeRequest): Promise<{ error: string | undefined }> {
  return new Promise((resolve) => {
    const reply = bus.inbox();
    const finish = (error: string | undefined): void => {
      subscription.unsubscribe();
      clock.clearTimeout(timer);
      resolve({ error });
    };
    const subscription = bus.subscribe(reply, (message) => finish(errorOf(message)));
    const timer = clock.setTimeout(() => finish('no answer'), attemptMs);
    const headers = { 'Kv-TTL': String(ttlMs), 'Kv-Timeout': String(attemptMs) };
    bus.publish(subject, Buffer.from(payload), { reply, headers });
  });
}

function errorOf(message: BusMessage): string | undefined {
  if (message.noResponders) return 'no node listens';
  return message.header('Nats-Service-Error');
}
