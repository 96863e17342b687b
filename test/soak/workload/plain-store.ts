/**
 * Through plain NATS, as any language would: nothing of the product is imported, but for the codec
 * by which single nodes are asked in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import msgpack from 'msgpack-lite';
import { decodeOwnReply, encodeOwnFrame } from '../../../src/wire/own-frames.js';
import { ringFromDocument } from '../../../src/wire/ring-document.js';
import type { RingMessage } from '../../../src/wire/ring-message.js';
import { byteStringOf } from '../../../src/wire/text.js';
import { PlainClient, type PlainReply, type RequestOptions } from '../../support/plain-client.js';
import type { Found, ReadHow, SoakStore, WriteHow, Written } from './store.js';

/** A client waits a little longer than it asks the store to. */
const graceMs = 500;
/** Who was refused tries again after as long. */
const restMs = 200;
/** What is wrong with a request will be wrong with the next one. */
const isFinal = /^4(?:00|09|13) /;
const documentMs = 2_000;

export class PlainStore implements SoakStore {
  private operations = 0;
  private writes = 0;
  private readonly name = `soak-${process.pid}-`;

  private constructor(
    private readonly client: PlainClient,
    private readonly timeoutMs: number,
    private readonly retryMs: number,
  ) {}

  /**
   * `retryMs`: what was not answered, or refused, is sent again for as long; a write under one
   * operation id. 0: once.
   */
  static async connect(
    servers: readonly string[],
    timeoutMs: number,
    retryMs = 0,
  ): Promise<PlainStore> {
    return new PlainStore(await PlainClient.connect([...servers]), timeoutMs, retryMs);
  }

  async write(
    bucket: string,
    key: string,
    value: string | undefined,
    { context, strict, ttlMs, onCopy }: WriteHow,
  ): Promise<Written> {
    const { timeoutMs, retryMs } = this;
    // Every other write says until when it may be done.
    const isDated = ++this.writes % 2 === 0;
    const headers = {
      timeoutMs: timeoutMs + graceMs,
      'Kv-Timeout': timeoutMs,
      ...(isDated ? { 'Kv-Deadline': Date.now() + Math.max(timeoutMs, retryMs) } : {}),
      ...(retryMs === 0 ? {} : { 'Kv-Op': this.name + String(++this.operations) }),
      ...(context === undefined ? {} : { 'Kv-Context': context }),
      ...(strict === true ? { 'Kv-Quorum': 'strict' } : {}),
      ...(ttlMs === undefined ? {} : { 'Kv-TTL': ttlMs }),
    };
    const tried: Written[] = [];
    const last = await this.retried((ageMs) => {
      const age = ageMs === 0 ? {} : { 'Kv-Age': ageMs };
      return this.writeOnce(`${bucket}.${key}`, value, { ...headers, ...age }, onCopy);
    }, tried);
    if (last.outcome === 'done') return last;
    const worst = tried.find(({ outcome }) => outcome === 'unknown') ?? last;
    return { ...worst, isUndated: !isDated };
  }

  /** Until it is done, or it is over: then with the last answer. */
  private async retried<Answer extends Written | Found>(
    attempt: (ageMs: number) => Promise<Answer>,
    tried: Answer[] = [],
  ): Promise<Answer> {
    const startMs = performance.now();
    for (;;) {
      const answer = await attempt(Math.ceil(performance.now() - startMs) - 1);
      const wasRetried = this.retryMs > 0;
      tried.push({ ...answer, ...(wasRetried ? { wasRetried } : {}) });
      const isOver = performance.now() - startMs + this.timeoutMs > this.retryMs;
      if (answer.outcome === 'done' || isFinal.test(answer.error ?? '') || isOver)
        return tried.at(-1)!;
      await sleep(restMs);
    }
  }

  private async writeOnce(
    place: string,
    value: string | undefined,
    headers: RequestOptions,
    onCopy: (copy: Written) => void = () => undefined,
  ): Promise<Written> {
    const subject = `kv.${value === undefined ? 'del' : 'put'}.${place}`;
    const onMore = (reply: PlainReply): void => onCopy(writtenBy(reply));
    try {
      return writtenBy(await this.client.requestOfAny(subject, value ?? '', headers, onMore));
    } catch (error) {
      return { outcome: 'unknown', error: String(error) };
    }
  }

  read(bucket: string, key: string, how: ReadHow): Promise<Found> {
    return this.retried(() => this.readOnce(`${bucket}.${key}`, how));
  }

  private async readOnce(place: string, { strict, r }: ReadHow): Promise<Found> {
    const headers = {
      timeoutMs: this.timeoutMs + graceMs,
      'Kv-Timeout': this.timeoutMs,
      ...(strict === true ? { 'Kv-Quorum': 'strict' } : {}),
      ...(r === undefined ? {} : { 'Kv-R': r }),
    };
    try {
      const reply = await this.client.get(place, headers);
      if (reply.code === 404) return { outcome: 'done', values: [], ...contextIn(reply) };
      if (reply.code !== 200)
        return { outcome: 'unknown', values: [], error: `${reply.code} ${reply.error}` };
      return { outcome: 'done', values: valuesIn(reply), ...contextIn(reply) };
    } catch (error) {
      return { outcome: 'unknown', values: [], error: String(error) };
    }
  }

  async status(): ReturnType<SoakStore['status']> {
    const replies = await this.client.requestAll('kv.status', 1_000).catch(() => []);
    return replies
      .filter(({ text }) => text.startsWith('{'))
      .map(({ text }) => JSON.parse(text) as { name: string; status: string; hints: number });
  }

  async ring(): Promise<RingMessage | undefined> {
    const how = { timeoutMs: documentMs, 'Kv-Accept': 'json' };
    try {
      const reply = await this.client.request('kv.ring', '', how);
      return reply.code === 200 ? ringFromDocument(JSON.parse(reply.text)) : undefined;
    } catch {
      return undefined;
    }
  }

  async heldBy(node: string, bucket: string, key: string): Promise<Found> {
    const frame = encodeOwnFrame({
      bucket: byteStringOf(bucket),
      whole: true,
      keys: [Buffer.from(key)],
      configuration: null,
    });
    try {
      const reply = await this.client.request(`kv.frame.${node}`, frame, { timeoutMs: documentMs });
      const answer = decodeOwnReply(reply.data, 1);
      if (answer.kind === 'refusal') return unknown(`${answer.code} ${answer.message}`);
      const { values = [], errors = [] } = answer.shown ?? {};
      const [error] = errors;
      if (error !== undefined && error.code !== 404)
        return unknown(`${error.code} ${error.message}`);
      // One value, or several; null is a delete.
      const [shown = null] = values;
      const all = shown instanceof Uint8Array || shown === null ? [shown] : shown;
      return { outcome: 'done', values: textsOf(all) };
    } catch (error) {
      return unknown(String(error));
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

function unknown(error: string): Found {
  return { outcome: 'unknown', values: [], error };
}

function writtenBy(reply: PlainReply): Written {
  if (reply.code !== 200) {
    const outcome = reply.outcome === 'none' ? 'none' : 'unknown';
    return { outcome, error: `${reply.code} ${reply.error}` };
  }
  const seenPartly = reply.receipt?.includes('seen=partly') === true;
  return { outcome: 'done', seenPartly, ...contextIn(reply) };
}

function contextIn({ context }: PlainReply): { context?: string } {
  return context === undefined ? {} : { context };
}

function valuesIn(reply: PlainReply): string[] {
  if (reply.siblings === 1) return [reply.text];
  const values = msgpack.decode(Buffer.from(reply.data)) as (Uint8Array | null)[];
  return textsOf(values);
}

/** Deletes left out. */
function textsOf(values: readonly (Uint8Array | null)[]): string[] {
  return values.filter((value) => value !== null).map((value) => Buffer.from(value).toString());
}
