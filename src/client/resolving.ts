/** Applies a bucket's resolver to what is read in conflict. No value is lost, whatever it does. */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { limits } from '../../actors/rules/limits.js';
import { DeadlineError, OverloadedError, TooLargeError } from '../errors.js';
import type { BusMessage } from '../seams/bus.js';
import { asBuffer } from '../wire/as-buffer.js';
import { headerNames, Subjects } from '../wire/subjects.js';
import { latin1Of, textOf } from '../wire/text.js';
import type { BucketClient } from './bucket-client.js';
import { Entry } from './entry.js';
import { ResolveError } from './resolve-error.js';
import type { Resolver } from './resolver.js';
import type { ValueCodec } from './value-codec.js';

export interface ResolveOptions<Out, In> {
  /**
   * What makes one value of several: a function, or `service`, whoever answers
   * `kv.resolve.<bucket>` ([how](../guide/conflicts.md)); `nobody`: all are shown. Unless told,
   * what the cluster says of the bucket.
   */
  readonly resolve?: Resolver<Out, In> | 'service' | 'nobody' | undefined;
  /** How long it may take, ms; 1000 unless told. After it the conflict is shown. */
  readonly resolveTimeoutMs?: number | undefined;
  /**
   * What it made is put with the context of the read, unless somebody has put something else
   * meanwhile. Who reads does not wait for that, and is not told when it fails.
   */
  readonly writeBack?: boolean | undefined;
}

interface Parts<Out, In> {
  readonly bucket: string;
  readonly client: BucketClient;
  readonly codec: ValueCodec<Out, In>;
  readonly options: ResolveOptions<Out, In>;
  /** Puts what was made of it; null deletes. */
  readonly putBack: (entry: Entry<Out>, bytes: Uint8Array | null) => Promise<unknown>;
}

export class Resolving<Out, In> {
  private underway = 0;

  /** Where nobody resolves, conflicts are shown as they are. */
  isWanted(): boolean {
    const { options, client, bucket } = this.parts;
    const { resolve } = options;
    if (resolve === undefined) return client.isResolvedByService(bucket);
    return resolve !== 'nobody';
  }

  constructor(private readonly parts: Parts<Out, In>) {}

  /** The entry as its resolver shows it; never rejects. */
  async shown(entry: Entry<Out>): Promise<Entry<Out>> {
    const { options, putBack, codec } = this.parts;
    try {
      const bytes = await this.inTime(entry);
      if (bytes === undefined) return entry;
      if (bytes !== null && bytes.length > limits.valueBytesMax) throw new TooLargeError();
      const { key, context, receipt } = entry;
      const resolved = new Entry<Out>(key, [bytes], context, receipt, codec);
      resolved.conflict = entry;
      if (options.writeBack === true) void putBack(entry, bytes).catch(() => undefined);
      return resolved;
    } catch (error) {
      entry.unresolved = new ResolveError(error);
      return entry;
    }
  }

  private async inTime(entry: Entry<Out>): Promise<Made> {
    const { client, options } = this.parts;
    const { resolvesInFlightMax, resolveMsDefault } = clientLimits;
    if (this.underway >= resolvesInFlightMax)
      throw new OverloadedError(`${this.underway} conflicts are being resolved`);
    const timeoutMs = options.resolveTimeoutMs ?? resolveMsDefault;
    this.underway++;
    let timer: unknown;
    try {
      const late = new Promise<never>((_, reject) => {
        timer = client.clock.setTimeout(
          () => reject(new DeadlineError(`the resolver took longer than ${timeoutMs} ms`, 'none')),
          timeoutMs,
        );
      });
      return await Promise.race([this.made(entry, timeoutMs), late]);
    } finally {
      client.clock.clearTimeout(timer);
      this.underway--;
    }
  }

  private async made(entry: Entry<Out>, timeoutMs: number): Promise<Made> {
    const { options, codec } = this.parts;
    const { resolve } = options;
    if (typeof resolve !== 'function') return this.served(entry, timeoutMs);
    const value: In | null | undefined = await resolve(entry.values, entry);
    if (value === undefined) return undefined;
    return value === null ? null : codec.encode(value);
  }

  private async served(entry: Entry<Out>, timeoutMs: number): Promise<Made> {
    const { bucket, client, codec } = this.parts;
    const payload = Buffer.from(JSON.stringify(questionOf(bucket, entry)));
    if (payload.length > limits.messageBytesMax)
      throw new TooLargeError('the values in conflict are larger than a message');
    const subject = new Subjects(client.prefix).resolve(bucket);
    const bytes = await client.ask({ subject, headers: {}, timeoutMs, payload, read: answerIn });
    // It must be a value as others of the bucket are.
    if (bytes !== null) codec.decode(bytes);
    return bytes;
  }
}

/** Bytes to show; null: it is deleted; undefined: the conflict stays. */
type Made = Uint8Array | null | undefined;

/** What a service is asked, as JSON: as `quorate get --json` shows a key. */
function questionOf(bucket: string, entry: Entry<unknown>): Record<string, unknown> {
  const { key, siblings, context } = entry;
  const bytes = typeof key === 'string' ? Buffer.from(key) : asBuffer(key);
  return {
    bucket,
    key: typeof key === 'string' ? key : textOf(latin1Of(key)),
    keyBase64: bytes.toString('base64'),
    context: context.toString(),
    values: siblings.map((value) =>
      value === null
        ? { deleted: true }
        : { text: textOf(latin1Of(value)), base64: asBuffer(value).toString('base64') },
    ),
  };
}

/** The value, or null to delete. The message is lent. */
function answerIn(message: BusMessage): Uint8Array | null {
  return message.header(headerNames.deleted) === 'true' ? null : Buffer.from(message.data);
}
