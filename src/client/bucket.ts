/** A bucket as a TypeScript program uses it. */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { QuorateError, TooLargeError, TooManySiblingsError } from '../errors.js';
import { inBatches } from './batches.js';
import type { BigRead } from './big-read.js';
import { BigValues, type GetStreamOptions, type PutStreamOptions } from './big-values.js';
import type { BucketClient } from './bucket-client.js';
import {
  keyOf,
  type BucketDefaults,
  type DeleteOptions,
  type GetOptions,
  type Lifetime,
  type PutOptions,
} from './bucket-options.js';
import { BucketRequests, noOptions, type Key, type PutResult } from './bucket-requests.js';
import type { ByteSource } from './byte-source.js';
import type { Context } from './context.js';
import {
  Counter,
  counterKind,
  mapKind,
  MergingMap,
  MergingSet,
  setKind,
} from './crdt/merging-values.js';
import type { Mergeable, Replica } from './crdt/replica.js';
import { Entry } from './entry.js';
import { KeyShelf } from './key-shelf.js';
import {
  countKeys,
  KeyListing,
  listingTermsOf,
  type ListedBucket,
  type ListingOptions,
} from './key-listing.js';
import { Resolving } from './resolving.js';
import { touch, type TouchOptions } from './touch.js';
import type { ValueCodec } from './value-codec.js';
import type { BucketWatch, WatchOptions } from './bucket-watch.js';
import type { Watch } from './watch.js';

export type { Key, PutResult } from './bucket-requests.js';

export type CreateOptions = Omit<PutOptions, 'context' | 'if'>;

export interface UpdateOptions
  extends Omit<PutOptions, 'context' | 'if' | 'operation' | 'trace'>, Omit<GetOptions, 'trace'> {
  /**
   * How often it reads again because the put was refused for what others wrote meanwhile; 4 unless
   * told.
   */
  readonly conflictsMax?: number | undefined;
}

/** Some of the puts of a `putAll` failed; the others are done. */
export class PutAllError extends AggregateError {
  constructor(
    /** In the order of the entries. */
    readonly results: readonly (PutResult | QuorateError)[],
  ) {
    const errors = results.filter((result) => result instanceof QuorateError);
    super(errors, `${errors.length} of ${results.length} puts failed: ${errors[0]?.message}`);
    this.name = 'PutAllError';
  }
}

const tooLarge = `a value that is put as one has at most ${limits.valueBytesMax} bytes: use "putStream"`;

export class Bucket<Out, In = Out> {
  private readonly requests: BucketRequests<Out, In>;
  private readonly big: BigValues;
  private readonly listed: ListedBucket;
  private readonly resolving: Resolving<Out, In>;

  /** @internal */
  constructor(
    readonly name: string,
    bytes: ByteString,
    private readonly client: BucketClient,
    private readonly codec: ValueCodec<Out, In>,
    defaults: BucketDefaults<Out, In>,
  ) {
    const requests = new BucketRequests(bytes, client, codec, defaults);
    this.requests = requests;
    this.resolving = new Resolving({
      bucket: name,
      client,
      codec,
      options: defaults,
      putBack: (entry, bytes) => this.putBack(entry, bytes),
    });
    this.listed = {
      subject: client.keysSubject(name),
      r: defaults.r,
      strict: defaults.strict,
      timeoutMs: defaults.timeoutMs ?? client.timeoutMs,
    };
    this.big = new BigValues({
      name,
      client,
      termsOf: (kind, options, of) => requests.termsOf(kind, options, of),
      ttlMs: (options) => requests.ttlMs(options),
      read: (key, options) => this.read(Buffer.from(key, 'latin1'), options),
    });
  }

  /**
   * Stores a value. Without a context it replaces what the coordinator knows of the key; with one,
   * exactly what its author saw. A `Uint8Array` is not copied: leave it alone until the promise has
   * settled. Rejects with a `QuorateError`; its `outcome` tells whether the write may still show.
   */
  put(key: Key, value: In, options: PutOptions = noOptions): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const bytes = this.codec.encode(value);
      if (bytes.length > limits.valueBytesMax) throw new TooLargeError(tooLarge);
      this.requests.write({ key, value: bytes, options, resolve, reject });
    });
  }

  /**
   * Puts the key only if it has no value: never put, deleted, or expired. Rejects with a
   * `ConditionError` if it has one, whose `entry` is what is there. It is compared with what R
   * nodes hold and with what its coordinator does; two creates that two coordinators take at once,
   * which happens while a primary is lost or a partition moves, may both succeed, and then the key
   * has both values. The receipt says with how many nodes it was `compared`.
   */
  create(key: Key, value: In, options: CreateOptions = noOptions): Promise<PutResult> {
    return this.put(key, value, { ...options, if: 'absent' });
  }

  /**
   * Puts the key only if it still shows what `seen` has: an entry, or the context of one or of an
   * earlier put. Rejects with a `ConditionError` if anything else was written, or if it has no
   * value any more; as honest as `create`.
   */
  replace(
    key: Key,
    value: In,
    seen: Entry<Out> | Context | string,
    options: CreateOptions = noOptions,
  ): Promise<PutResult> {
    const context = seen instanceof Entry ? seen.context : seen;
    return this.put(key, value, { ...options, context, if: 'context' });
  }

  /**
   * Deletes a key; with a context, exactly what its author saw. Deleting an absent key succeeds.
   */
  delete(key: Key, options: DeleteOptions = noOptions): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      this.requests.write({ key, value: null, options, resolve, reject });
    });
  }

  /**
   * Gives the value of a key another lifetime, from now on in ms (`none`: until it is replaced),
   * and leaves it as it is. Undefined where there is none. Reads it, and puts it again only if
   * nothing else was written meanwhile, else once more from the start. Rejects with a
   * `ConflictError` where there are several: `update` makes one of them.
   */
  touch(
    key: Key,
    ttlMs: Lifetime,
    options: TouchOptions = noOptions,
  ): Promise<PutResult | undefined> {
    return touch(this.requests, { key, ttlMs, options });
  }

  /**
   * Stores a value of any size, read from its source no faster than it is stored; a few parts of it
   * are in memory at once. It shows when all of it is there, or not at all. Options are those of
   * `put`; `timeoutMs` is the deadline of one try of one part, which is tried again for a minute.
   */
  async putStream(
    key: Key,
    source: ByteSource,
    options: PutStreamOptions = noOptions,
  ): Promise<PutResult> {
    try {
      const { context, receipt } = await this.big.put(keyOf(key), source, options);
      return { context, receipt: receipt! };
    } catch (error) {
      throw this.requests.withFound(key, error);
    }
  }

  /**
   * Opens a value of any size, or a range of one, to be read piece by piece; undefined for an
   * absent key. Rejects with `ConflictError` where there are several values and the option
   * `sibling` names none.
   */
  async getStream(key: Key, options: GetStreamOptions = noOptions): Promise<BigRead | undefined> {
    return this.big.open(keyOf(key), options);
  }

  /** Undefined for an absent key. Of several values the resolver makes one, where there is one. */
  get(key: Key, options: GetOptions = noOptions): Promise<Entry<Out> | undefined> {
    return new Promise((resolve, reject) => {
      const show = (entry: Entry<Out>): void => resolve(entry.exists ? entry : undefined);
      this.requests.fetch({ key, options, onEntry: (entry) => this.show(entry, show), reject });
    });
  }

  /** As `get`, but an absent key gives an entry without values, whose context can go with a put. */
  read(key: Key, options: GetOptions = noOptions): Promise<Entry<Out>> {
    return new Promise((resolve, reject) => {
      const onEntry = (entry: Entry<Out>): void => this.show(entry, resolve);
      this.requests.fetch({ key, options, onEntry, reject });
    });
  }

  /** A counter that loses nothing where several count at once ([how](../guide/conflicts.md)). */
  counter(key: Key): Counter {
    return new Counter(this.replicaOf(key, counterKind));
  }

  /** A set of texts that loses no add where several change it at once. */
  set(key: Key): MergingSet {
    return new MergingSet(this.replicaOf(key, setKind));
  }

  /** A map of fields that are set and removed by several at once. */
  map<V>(key: Key): MergingMap<V> {
    return new MergingMap(this.replicaOf(key, mapKind));
  }

  private replicaOf<S>(key: Key, kind: Mergeable<S>): Replica<S> {
    const place = { bucket: this.name, key: keyOf(key) };
    const shelf = new KeyShelf(Buffer.from(place.key, 'latin1'), this.requests);
    return this.client.replicas.of(kind, place, shelf) as Replica<S>;
  }

  private show(entry: Entry<Out>, resolve: (entry: Entry<Out>) => void): void {
    if (!entry.inConflict || !this.resolving.isWanted()) resolve(entry);
    else void this.resolving.shown(entry).then(resolve);
  }

  private putBack({ key, context }: Entry<Out>, bytes: Uint8Array | null): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const options = { context, if: 'context' } as const;
      this.requests.write({ key, value: bytes, options, resolve, reject });
    });
  }

  /**
   * Reads, lets `change` make one value of all there are, and puts it with the context of the read:
   * what others write meanwhile is not lost but stays beside it, and the next update merges it.
   * `change` may return `null` to delete and `undefined` to leave things as they are; it may be
   * called again when the put was refused.
   * Returns what was put, or undefined when nothing was.
   */
  async update(
    key: Key,
    change: (values: readonly Out[], entry: Entry<Out>) => In | null | undefined,
    options: UpdateOptions = noOptions,
  ): Promise<PutResult | undefined> {
    const {
      conflictsMax = clientLimits.updateConflictsMax,
      r,
      w,
      strict,
      timeoutMs,
      ttlMs,
    } = options;
    for (let conflicts = 0; ; conflicts++) {
      const entry = await this.read(key, { r, strict, timeoutMs });
      const value = change(entry.values, entry);
      if (value === undefined) return undefined;
      const { context } = entry;
      try {
        if (value === null) return await this.delete(key, { w, strict, timeoutMs, context });
        return await this.put(key, value, { w, strict, timeoutMs, ttlMs, context });
      } catch (error) {
        if (!(error instanceof TooManySiblingsError) || conflicts >= conflictsMax) throw error;
      }
    }
  }

  /** The entries of the keys that exist, by key as it was given. Rejects with the first error. */
  async getAll<K extends Key>(
    keys: Iterable<K>,
    options: GetOptions = noOptions,
  ): Promise<Map<K, Entry<Out>>> {
    const distinct = [...new Set(keys)];
    const entries = await inBatches(distinct, (key) => this.get(key, options));
    const found = new Map<K, Entry<Out>>();
    for (const [i, key] of distinct.entries()) {
      const entry = entries[i];
      if (entry !== undefined) found.set(key, entry);
    }
    return found;
  }

  /**
   * All puts are tried; rejects with `PutAllError` when some failed. There is no order and no
   * transaction among them.
   */
  async putAll(
    entries: Iterable<readonly [Key, In]>,
    options: Omit<PutOptions, 'context' | 'if' | 'operation'> = noOptions,
  ): Promise<PutResult[]> {
    const results = await inBatches([...entries], ([key, value]) =>
      this.put(key, value, options).catch((error: unknown) => {
        if (error instanceof QuorateError) return error;
        throw error;
      }),
    );
    const done = results.filter((result) => !(result instanceof QuorateError)) as PutResult[];
    if (done.length < results.length) throw new PutAllError(results);
    return done;
  }

  /**
   * The keys that have a value, in no order: all that were acknowledged before it began and not
   * deleted since are among them, by R nodes of each part of the bucket. Text where a key is UTF-8,
   * else its bytes. For many thousands go through its `pages()`. Ends with a `QuorateError` where
   * nodes are out of reach.
   */
  keys(options: ListingOptions = noOptions): KeyListing {
    return new KeyListing(this.client.askAny, listingTermsOf(options, this.listed));
  }

  /** The entries of the keys, read as `getAll` does; those deleted meanwhile are left out. */
  async *scan(options: ListingOptions = noOptions): AsyncGenerator<Entry<Out>, void, undefined> {
    const { r, strict, timeoutMs } = options;
    for await (const page of this.keys(options).pages())
      yield* (await this.getAll(page, { r, strict, timeoutMs })).values();
  }

  /** How many keys have a value; counted by nodes, as they list them. */
  count(options: Omit<ListingOptions, 'pageKeys'> = noOptions): Promise<number> {
    return countKeys(this.client.askAny, listingTermsOf(options, this.listed));
  }

  /**
   * What happens to the keys: `for await (const event of bucket.watch({ keys: 'cart.>' }))`. It
   * misses nothing that was acknowledged after its first marker, tells each change at least once,
   * and says so when it is behind or has to tell keys anew.
   *
   * With a pattern, changes alone as they meet their quorum, best effort: what happens while the
   * connection is down, or before the loop has begun, is missed; and so are keys that can't be a
   * subject, such as one with a blank.
   */
  watch(options: WatchOptions): BucketWatch<Out>;
  watch(pattern?: string): Watch;
  watch(how: string | WatchOptions = '>'): Watch | BucketWatch<Out> {
    if (typeof how === 'string') return this.client.watch(this.name, how);
    return this.client.follow(this.name, this.codec, how);
  }
}
