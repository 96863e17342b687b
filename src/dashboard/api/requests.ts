/** `POST /api/put`, `/api/get` and `/api/delete`: what the page asks as any client does. */
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { QuorateError } from '../../errors.js';
import type { RequestTrace } from '../../client/request-trace.js';
import type { DeleteOptions } from '../../client/bucket-options.js';
import { receiptText, type Receipt } from '../../wire/receipt.js';
import type { KeyAnswer, KeyRequest } from '../wire.js';
import { MalformedInput, posted, textIn, type LiveParts } from './parts.js';

const timeoutMs = dashboardLimits.requestTimeoutMs;

export function requestsApi(live: LiveParts): Hono {
  const { client } = live;
  const api = new Hono();
  api.post('/put', async (context) => {
    const request = requestIn(posted(context));
    const { bucket, key, value } = request;
    if (value === undefined) throw new MalformedInput('value is no text');
    const put = (trace: RequestTrace | undefined) =>
      client.bucket(bucket).put(key, Buffer.from(value), writeOptions(request, trace));
    return context.json(await answerOf(live, request, put, writeAnswer));
  });
  api.post('/delete', async (context) => {
    const request = requestIn(posted(context));
    const { bucket, key } = request;
    const remove = (trace: RequestTrace | undefined) =>
      client.bucket(bucket).delete(key, writeOptions(request, trace));
    return context.json(await answerOf(live, request, remove, writeAnswer));
  });
  api.post('/get', async (context) => {
    const request = requestIn(posted(context));
    const { bucket, key, r, strict } = request;
    const get = (trace: RequestTrace | undefined) =>
      client.bucket(bucket).read(key, { r, strict, timeoutMs, trace });
    return context.json(
      await answerOf(live, request, get, ({ values, receipt, context: seen }) => ({
        context: seen.toString(),
        values: values.map((bytes) => Buffer.from(bytes).toString('utf8')),
        ...(receipt !== undefined && { receipt: receiptText(receipt) }),
      })),
    );
  });
  return api;
}

function writeOptions(
  { context, w, strict }: KeyRequest,
  trace: RequestTrace | undefined,
): DeleteOptions {
  return { context, w, strict, timeoutMs, trace };
}

function writeAnswer(result: {
  readonly context: { toString(): string };
  readonly receipt: Receipt;
}): Partial<KeyAnswer> {
  return { context: result.context.toString(), receipt: receiptText(result.receipt) };
}

/** An error of the cluster is an answer; what was wrong with the question is none. */
async function answerOf<T>(
  { client, clock, ownTraces }: LiveParts,
  { trace: isTraced }: KeyRequest,
  ask: (trace: RequestTrace | undefined) => Promise<T>,
  told: (result: T) => Partial<KeyAnswer>,
): Promise<KeyAnswer> {
  const trace = isTraced === true ? client.trace() : undefined;
  if (trace !== undefined) ownTraces.add(trace);
  const startedMs = clock.monotonicMs();
  const cost = () => ({
    ms: clock.monotonicMs() - startedMs,
    ...(trace !== undefined && { trace: trace.id }),
  });
  try {
    const result = await ask(trace);
    return { outcome: 'done', code: 0, text: '', ...cost(), ...told(result) };
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    const { outcome, code, message } = error;
    return { outcome, code, text: message, ...cost() };
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
