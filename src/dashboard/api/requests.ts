/** `POST /api/put`, `/api/get` and `/api/delete`: what the page asks as any client does. */
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { QuorateError } from '../../errors.js';
import type { Clock } from '../../seams/clock.js';
import { receiptText, type Receipt } from '../../wire/receipt.js';
import type { KeyAnswer, KeyRequest } from '../wire.js';
import { MalformedInput, posted, textIn, type LiveParts } from './parts.js';

const timeoutMs = dashboardLimits.requestTimeoutMs;

export function requestsApi({ client, clock }: LiveParts): Hono {
  const api = new Hono();
  api.post('/put', async (context) => {
    const request = requestIn(await posted(context));
    const { bucket, key, value, context: seen, w, strict } = request;
    if (value === undefined) throw new MalformedInput('value is no text');
    const put = () =>
      client.bucket(bucket).put(key, Buffer.from(value), { context: seen, w, strict, timeoutMs });
    return context.json(await answerOf(clock, put, writeAnswer));
  });
  api.post('/delete', async (context) => {
    const { bucket, key, context: seen, w, strict } = requestIn(await posted(context));
    const remove = () => client.bucket(bucket).delete(key, { context: seen, w, strict, timeoutMs });
    return context.json(await answerOf(clock, remove, writeAnswer));
  });
  api.post('/get', async (context) => {
    const { bucket, key, r, strict } = requestIn(await posted(context));
    const get = () => client.bucket(bucket).read(key, { r, strict, timeoutMs });
    return context.json(
      await answerOf(clock, get, ({ values, receipt, context: seen }) => ({
        context: seen.toString(),
        values: values.map((bytes) => Buffer.from(bytes).toString('utf8')),
        ...(receipt !== undefined && { receipt: receiptText(receipt) }),
      })),
    );
  });
  return api;
}

function writeAnswer(result: {
  readonly context: { toString(): string };
  readonly receipt: Receipt;
}): Partial<KeyAnswer> {
  return { context: result.context.toString(), receipt: receiptText(result.receipt) };
}

/** An error of the cluster is an answer; what was wrong with the question is none. */
async function answerOf<T>(
  clock: Clock,
  request: () => Promise<T>,
  told: (result: T) => Partial<KeyAnswer>,
): Promise<KeyAnswer> {
  const startedMs = clock.monotonicMs();
  const tookMs = (): number => clock.monotonicMs() - startedMs;
  try {
    const result = await request();
    return { outcome: 'done', code: 0, text: '', ms: tookMs(), ...told(result) };
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    const { outcome, code, message } = error;
    return { outcome, code, text: message, ms: tookMs() };
  }
}

function requestIn(fields: Readonly<Record<string, unknown>>): KeyRequest {
  const { value, context, r, w, strict, trace } = fields;
  return {
    bucket: textIn(fields, 'bucket'),
    key: textIn(fields, 'key'),
    ...(value !== undefined && { value: textIn(fields, 'value') }),
    ...(context !== undefined && { context: textIn(fields, 'context') }),
    ...(r !== undefined && { r: countIn(r, 'r') }),
    ...(w !== undefined && { w: countIn(w, 'w') }),
    ...(strict === true && { strict }),
    ...(trace === true && { trace }),
  };
}

function countIn(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw new MalformedInput(`${name} is no number`);
}
