/** A bucket as a TypeScript program uses it. */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { ConditionError, QuorateError, TooLargeError, TooManySiblingsError } from '../errors.js';
import type { Receipt } from '../wire/receipt.js';
import {
  contextOf,
  keyOf,
  onlyIfOf,
  operationOf,
  quorumOf,
  timeoutMsOf,
  ttlMsOf,
  type BucketDefaults,
  type DeleteOptions,
  type GetOptions,
  type PutOptions,
} from './bucket-options.js';
import { Context } from './context.js';
import { Entry } from './entry.js';
import { inBatches } from './batches.js';
import { Request, type Terms } from './request.js';
import type { ValueCodec } from './value-codec.js';
import type { Watch } from './watch.js';

export type Key = string | Uint8Array;

export interface PutResult {
  /** What the author has seen now, its own write included; for the next put on the key. */
  readonly context: Context;
  readonly receipt: Receipt;
}

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

/** What a bucket needs of its client. */
export interface BucketClient {
  readonly timeoutMs: number;
  intern(terms: Omit<Terms, 'id'>): Terms;
  nextOperation(): ByteString;
  submit(request: Request): void;
  watch(bucket: string, pattern: string): Watch;
}

const noOptions: PutOptions & GetOptions = {};

export class Bucket<Out, In = Out> {
  private readonly getTerms: Terms;
  private readonly putTerms: Terms;

  /** @internal */
  constructor(
    readonly name: string,
    private readonly bytes: ByteString,
    private readonly client: BucketClient,
    private readonly codec: ValueCodec<Out, In>,
    private readonly defaults: BucketDefaults<Out, In>,
  ) {
    this.getTerms = this.termsOf('get', noOptions);
    this.putTerms = this.termsOf('put', noOptions);
  }

  /**
   * Stores a value. Without a context it replaces what the coordinator knows of the key; with one,
   * exactly what its author saw. A `Uint8Array` is not copied: leave it alone until the promise has
   * settled. Rejects with a `QuorateError`; its `outcome` tells whether the write may still show.
   */
  put(key: Key, value: In, options: PutOptions = noOptions): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const bytes = this.codec.encode(value);
      if (bytes.length > limits.valueBytesMax) throw new TooLargeError();
      this.write({ key, value: bytes, options, resolve, reject });
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
      this.write({ key, value: null, options, resolve, reject });
    });
  }

  /** Undefined for an absent key. */
  get(key: Key, options: GetOptions = noOptions): Promise<Entry<Out> | undefined> {
    return new Promise((resolve, reject) => {
      const onEntry = (entry: Entry<Out>): void => resolve(entry.exists ? entry : undefined);
      this.fetch({ key, options, onEntry, reject });
    });
  }

  /** As `get`, but an absent key gives an entry without values, whose context can go with a put. */
  read(key: Key, options: GetOptions = noOptions): Promise<Entry<Out>> {
    return new Promise((resolve, reject) => {
      this.fetch({ key, options, onEntry: resolve, reject });
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
   * Changes of keys as they meet their quorum:
   * `for await (const change of bucket.watch('cart.>'))`. Patterns are those of NATS subjects. Best
   * effort: what happens while the connection is down, or before the loop has begun, is missed.
   */
  watch(pattern = '>'): Watch {
    return this.client.watch(this.name, pattern);
  }

  private fetch(get: {
    readonly key: Key;
    readonly options: GetOptions;
    readonly onEntry: (entry: Entry<Out>) => void;
    readonly reject: (error: QuorateError) => void;
  }): void {
    const { key, options, onEntry, reject } = get;
    const request = new Request({
      terms: options === noOptions ? this.getTerms : this.termsOf('get', options),
      key: keyOf(key),
      value: null,
      context: undefined,
      operation: '',
      isNamed: false,
      ttlMs: 0,
      onlyIf: undefined,
      onResult: (result) => {
        if (!result.ok) reject(result.error);
        else {
          const { values, context, receipt } = result;
          onEntry(new Entry(key, values, context, receipt, this.codec));
        }
      },
    });
    // What the client would do by itself nobody else could tell of.
    if (options.trace !== undefined) request.coordinate();
    this.client.submit(request);
  }

  private write(put: {
    readonly key: Key;
    readonly value: Uint8Array | null;
    readonly options: PutOptions;
    readonly resolve: (result: PutResult) => void;
    readonly reject: (error: QuorateError) => void;
  }): void {
    const { key, value, options, resolve, reject } = put;
    const { operation } = options;
    const given = contextOf(options.context);
    const onlyIf = onlyIfOf(options.if, { context: given, isDelete: value === null });
    this.client.submit(
      new Request({
        terms: options === noOptions ? this.putTerms : this.termsOf('put', options),
        key: keyOf(key),
        value,
        // What is put where nothing is replaces the deletes of others, seen or not.
        context: onlyIf?.is === 'absent' ? undefined : given,
        operation: operation === undefined ? this.client.nextOperation() : operationOf(operation),
        isNamed: operation !== undefined,
        ttlMs: value === null ? 0 : ttlMsOf(options.ttlMs ?? this.defaults.ttlMs),
        onlyIf,
        onResult: (result) => {
          if (!result.ok) reject(this.shown(key, result.error));
          else resolve({ context: result.context, receipt: result.receipt! });
        },
      }),
    );
  }

  /** With what is there as an entry, where a condition was not met. */
  private shown(key: Key, error: QuorateError): QuorateError {
    if (!(error instanceof ConditionError) || error.found === undefined) return error;
    const { values, context } = error.found;
    const seen = context === undefined ? Context.empty : Context.ofBytes(context);
    error.entry = new Entry(key, values, seen, undefined, this.codec);
    return error;
  }

  private termsOf(kind: Terms['kind'], options: PutOptions & GetOptions): Terms {
    const { defaults } = this;
    const quorum =
      kind === 'put'
        ? quorumOf(options.w ?? defaults.w, 'w')
        : quorumOf(options.r ?? defaults.r, 'r');
    const strict = options.strict ?? defaults.strict ?? false;
    const timeoutMs = timeoutMsOf(options.timeoutMs ?? defaults.timeoutMs ?? this.client.timeoutMs);
    const terms = { kind, bucket: this.bytes, quorum, strict, timeoutMs };
    const { trace } = options;
    return this.client.intern(trace === undefined ? terms : { ...terms, trace });
  }
}
