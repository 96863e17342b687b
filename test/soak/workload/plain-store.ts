/** Through plain NATS, as any language would: nothing of the product is imported. */
import msgpack from 'msgpack-lite';
import { PlainClient, type PlainReply, type RequestOptions } from '../../support/plain-client.js';
import type { Found, ReadHow, SoakStore, WriteHow, Written } from './store.js';

/** A client waits a little longer than it asks the store to. */
const graceMs = 500;

export class PlainStore implements SoakStore {
  private operations = 0;
  private writes = 0;
  private readonly name = `soak-${process.pid}-`;

  private constructor(
    private readonly client: PlainClient,
    private readonly timeoutMs: number,
    private readonly attempts: number,
  ) {}

  /**
   * `attempts`: how often a write that was not answered, or refused, is sent; under one operation
   * id.
   */
  static async connect(
    servers: readonly string[],
    timeoutMs: number,
    attempts = 1,
  ): Promise<PlainStore> {
    return new PlainStore(await PlainClient.connect([...servers]), timeoutMs, attempts);
  }

  async write(
    bucket: string,
    key: string,
    value: string | undefined,
    { context, strict, ttlMs, onCopy }: WriteHow,
  ): Promise<Written> {
    const timeoutMs = Math.ceil(this.timeoutMs / this.attempts);
    // Every other write says until when it may be done.
    const isDated = ++this.writes % 2 === 0;
    const headers = {
      timeoutMs: timeoutMs + graceMs,
      'Kv-Timeout': timeoutMs,
      ...(isDated ? { 'Kv-Deadline': Date.now() + this.timeoutMs } : {}),
      ...(this.attempts === 1 ? {} : { 'Kv-Op': this.name + String(++this.operations) }),
      ...(context === undefined ? {} : { 'Kv-Context': context }),
      ...(strict === true ? { 'Kv-Quorum': 'strict' } : {}),
      ...(ttlMs === undefined ? {} : { 'Kv-TTL': ttlMs }),
    };
    const tried: Written[] = [];
    for (let attempt = 0; attempt < this.attempts; attempt++) {
      const written = await this.writeOnce(`${bucket}.${key}`, value, headers, onCopy);
      if (written.outcome === 'done') return written;
      tried.push(written);
      // What is wrong with the request will be wrong with the next one.
      if (/^4(00|09|13) /.test(written.error ?? '')) break;
    }
    const worst = tried.find(({ outcome }) => outcome === 'unknown') ?? tried.at(-1)!;
    return { ...worst, isUndated: !isDated };
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

  async read(bucket: string, key: string, { strict, r }: ReadHow): Promise<Found> {
    const headers = {
      timeoutMs: this.timeoutMs + graceMs,
      'Kv-Timeout': this.timeoutMs,
      ...(strict === true ? { 'Kv-Quorum': 'strict' } : {}),
      ...(r === undefined ? {} : { 'Kv-R': r }),
    };
    try {
      const reply = await this.client.get(`${bucket}.${key}`, headers);
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

  close(): Promise<void> {
    return this.client.close();
  }
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
  return values.filter((value) => value !== null).map((value) => Buffer.from(value).toString());
}
