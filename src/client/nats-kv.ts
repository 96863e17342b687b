/**
 * A bucket with the verbs of NATS' key-value store, for programs that were written for it. What
 * each verb comes to here, and where the two differ, is in src/guide/from-nats-kv.md; a test runs
 * one script over both.
 */
import type { Bucket } from './bucket.js';
import type { BucketDefaults } from './bucket-options.js';
import type { QuorateClient } from './client.js';
import { MalformedError } from '../errors.js';
import { inBatches } from './batches.js';
import type { ClientBuckets } from './buckets.js';
import { Context } from './context.js';
import type { Entry } from './entry.js';
import { NatsKvEntry, NatsKvIterator } from './nats-kv-entry.js';
import { NatsKvFilter, namedKeyOf } from './nats-kv-filter.js';
import { NatsKvWatch, type NatsKvWatchOptions } from './nats-kv-watch.js';

type Payload = Uint8Array | string;
type RawBucket = Bucket<Uint8Array, Payload>;

export interface NatsKvPutOptions {
  /** The revision it replaces, as `update` does; 0: there is no value, as with `create`. */
  readonly previousSeq?: string | 0 | undefined;
  /** Deleted so many ms after it was stored; the bucket's unless told. */
  readonly ttlMs?: number | undefined;
}

export interface NatsKvDeleteOptions {
  /** The revision it deletes. */
  readonly previousSeq?: string | undefined;
}

export interface NatsKvStatus {
  readonly bucket: string;
  /** Keys that have a value, and bytes of their values, counted once each. */
  readonly values: number;
  readonly size: number;
  readonly history: 1;
  /** Of a value whose put says nothing else, ms; 0: for ever. */
  readonly ttl: number;
  readonly replicas: number;
  readonly maxValueSize: number;
}

/** `defaults` hold for every request made through it. */
export function natsKv(
  client: QuorateClient,
  bucket: string,
  defaults: Omit<BucketDefaults<Uint8Array, Payload>, 'codec'> = {},
): NatsKv {
  return new NatsKv(client.bucket(bucket, { ...defaults }), client.buckets);
}

export class NatsKv {
  /** @internal Use `natsKv`. */
  constructor(
    /** The same bucket by Quorate's own verbs. */
    readonly quorate: RawBucket,
    private readonly buckets: ClientBuckets,
  ) {}

  get bucket(): string {
    return this.quorate.name;
  }

  /** Null: no such key. Throws `ConflictError` for its value where there are several. */
  async get(key: string, options?: { readonly revision: string }): Promise<NatsKvEntry | null> {
    const entry = await this.quorate.read(namedKeyOf(key));
    const found = this.shown(key, entry);
    const wanted = options?.revision;
    return wanted === undefined || wanted === found?.revision ? found : null;
  }

  /** Resolves to the new revision. */
  async put(key: string, data: Payload, options: NatsKvPutOptions = {}): Promise<string> {
    const { previousSeq, ttlMs } = options;
    if (previousSeq === 0) return this.create(key, data, { ttlMs });
    if (previousSeq !== undefined) return this.update(key, data, previousSeq, { ttlMs });
    return revisionOf(await this.quorate.put(namedKeyOf(key), data, { ttlMs }));
  }

  /** Rejects with a `ConditionError` (409) if the key has a value. */
  async create(
    key: string,
    data: Payload,
    options: Pick<NatsKvPutOptions, 'ttlMs'> = {},
  ): Promise<string> {
    return revisionOf(await this.quorate.create(namedKeyOf(key), data, options));
  }

  /**
   * Rejects with a `ConditionError` (409), whose `entry` is what is there, if the key was written
   * since this revision, or deleted.
   */
  async update(
    key: string,
    data: Payload,
    revision: string,
    options: Pick<NatsKvPutOptions, 'ttlMs'> = {},
  ): Promise<string> {
    return revisionOf(
      await this.quorate.replace(namedKeyOf(key), data, contextOfRevision(revision), options),
    );
  }

  /** With wildcards: all keys there are of that pattern. */
  async delete(key: string, options: NatsKvDeleteOptions = {}): Promise<void> {
    if (NatsKvFilter.isWild(key)) {
      for await (const keys of this.pagesOf(new NatsKvFilter(key)))
        await inBatches(keys, (one) => this.quorate.delete(one));
      return;
    }
    const { previousSeq } = options;
    if (previousSeq === undefined) await this.quorate.delete(namedKeyOf(key));
    else {
      const context = contextOfRevision(previousSeq);
      await this.quorate.delete(namedKeyOf(key), { context, if: 'context' });
    }
  }

  /** A delete: there is no history that could be purged. */
  purge(key: string, options: NatsKvDeleteOptions = {}): Promise<void> {
    return this.delete(key, options);
  }

  /** The keys that have a value, in no order; those that are no text are left out. */
  keys(filter?: string | readonly string[]): Promise<NatsKvIterator<string>> {
    return Promise.resolve(new NatsKvIterator(this.keysOf(new NatsKvFilter(filter))));
  }

  /** What there is of the keys: one entry each. */
  history({ key }: Pick<NatsKvWatchOptions, 'key'> = {}): Promise<NatsKvIterator<NatsKvEntry>> {
    return Promise.resolve(new NatsKvIterator(this.entriesOf(new NatsKvFilter(key))));
  }

  /** What there is, then each change, at least once; see `Bucket.watch`. */
  watch(options: NatsKvWatchOptions = {}): Promise<NatsKvWatch> {
    return Promise.resolve(NatsKvWatch.of(this.quorate, options));
  }

  /** Counted by the nodes when it is asked, which takes the longer the more keys there are. */
  async status(): Promise<NatsKvStatus> {
    const { bucket } = this;
    const { keys, bytes, bucket: properties } = await this.buckets.info(bucket);
    const { ttlMs, n, valueBytesMax } = properties;
    return {
      bucket,
      values: keys,
      size: bytes,
      history: 1,
      ttl: ttlMs,
      replicas: n,
      maxValueSize: valueBytesMax,
    };
  }

  /**
   * All its keys go for good, and it serves nothing from now on; its name is free once they are
   * gone.
   */
  async destroy(): Promise<true> {
    await this.buckets.remove(this.bucket);
    return true;
  }

  private async *entriesOf(filter: NatsKvFilter): AsyncGenerator<NatsKvEntry, void, undefined> {
    const pages = filter.keys === undefined ? this.pagesOf(filter) : [filter.keys];
    for await (const keys of pages) {
      const entries = await inBatches(keys, (key) => this.quorate.read(key));
      for (const [i, entry] of entries.entries()) {
        const shown = this.shown(keys[i]!, entry);
        if (shown !== null) yield shown;
      }
    }
  }

  private async *keysOf(filter: NatsKvFilter): AsyncGenerator<string, void, undefined> {
    for await (const keys of this.pagesOf(filter)) yield* keys;
  }

  private async *pagesOf(filter: NatsKvFilter): AsyncGenerator<readonly string[], void, undefined> {
    for await (const page of this.quorate.keys({ prefix: filter.prefix }).pages())
      yield page.filter((key): key is string => typeof key === 'string' && filter.matches(key));
  }

  private shown(key: string, entry: Entry<Uint8Array>): NatsKvEntry | null {
    const isKnown = entry.exists || !entry.context.equals(Context.empty);
    return isKnown ? new NatsKvEntry(this.bucket, key, entry) : null;
  }
}

function revisionOf({ context }: { readonly context: Context }): string {
  return context.toString();
}

/** Numbers are those of NATS, which nothing here has. */
function contextOfRevision(revision: string): Context {
  if (typeof revision !== 'string')
    throw new MalformedError('a revision is the text that an entry or a put has given');
  return Context.parse(revision);
}
