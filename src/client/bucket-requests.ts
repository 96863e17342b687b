/** Requests of one bucket: what a caller said of each, with what its handle says of all. */
import type { ByteString } from '../../actors/rules/key.js';
import { ConditionError, type QuorateError } from '../errors.js';
import { partBucket } from '../wire/part-names.js';
import type { Receipt } from '../wire/receipt.js';
import type { BucketClient } from './bucket-client.js';
import {
  keyOf,
  operationOf,
  quorumOf,
  seenOf,
  timeoutMsOf,
  ttlMsOf,
  type BucketDefaults,
  type GetOptions,
  type PutOptions,
} from './bucket-options.js';
import { Context } from './context.js';
import { Entry } from './entry.js';
import { Request, type Terms } from './request.js';
import type { ValueCodec } from './value-codec.js';

export type Key = string | Uint8Array;

export interface PutResult {
  /** What the author has seen now, its own write included; for the next put on the key. */
  readonly context: Context;
  readonly receipt: Receipt;
}

export const noOptions: PutOptions & GetOptions = {};

export class BucketRequests<Out, In> {
  private readonly getTerms: Terms;
  private readonly putTerms: Terms;

  constructor(
    private readonly bytes: ByteString,
    private readonly client: BucketClient,
    private readonly codec: ValueCodec<Out, In>,
    private readonly defaults: BucketDefaults<Out, In>,
  ) {
    this.getTerms = this.termsOf('get', noOptions);
    this.putTerms = this.termsOf('put', noOptions);
  }

  fetch(get: {
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
          const { values, context, receipt, manifests } = result;
          onEntry(new Entry(key, values, context, receipt, this.codec, manifests));
        }
      },
    });
    // What the client would do by itself nobody else could tell of.
    if (options.trace !== undefined) request.coordinate();
    this.client.submit(request);
  }

  write(put: {
    readonly key: Key;
    readonly value: Uint8Array | null;
    readonly isManifest?: boolean;
    readonly options: PutOptions;
    readonly resolve: (result: PutResult) => void;
    readonly reject: (error: QuorateError) => void;
  }): void {
    const { key, value, options, resolve, reject, isManifest = false } = put;
    const { operation } = options;
    this.client.submit(
      new Request({
        terms: options === noOptions ? this.putTerms : this.termsOf('put', options),
        key: keyOf(key),
        value,
        isManifest,
        ...seenOf(options, { isDelete: value === null }),
        operation: operation === undefined ? this.client.nextOperation() : operationOf(operation),
        isNamed: operation !== undefined,
        ttlMs: value === null ? 0 : this.ttlMs(options),
        onResult: (result) => {
          if (!result.ok) reject(this.withFound(key, result.error));
          else resolve({ context: result.context, receipt: result.receipt! });
        },
      }),
    );
  }

  /** With what is there as an entry, where a condition was not met. */
  withFound<E>(key: Key, error: E): E {
    if (!(error instanceof ConditionError) || error.found === undefined) return error;
    const { values, context, manifests = [] } = error.found;
    const big = manifests.length === 0 ? undefined : new Set(manifests);
    const seen = context === undefined ? Context.empty : Context.ofBytes(context);
    error.entry = new Entry(key, values, seen, undefined, this.codec, big);
    return error;
  }

  ttlMs({ ttlMs }: PutOptions): number {
    return ttlMsOf(ttlMs ?? this.defaults.ttlMs);
  }

  /** `of`: of values, of their parts, or of the mark that gives parts up. */
  termsOf(
    kind: Terms['kind'],
    options: PutOptions & GetOptions,
    of: 'values' | 'parts' | 'ends' = 'values',
  ): Terms {
    const { defaults } = this;
    const quorum =
      kind === 'put'
        ? quorumOf(options.w ?? defaults.w, 'w')
        : quorumOf(options.r ?? defaults.r, 'r');
    const strict = options.strict ?? defaults.strict ?? false;
    const timeoutMs = timeoutMsOf(options.timeoutMs ?? defaults.timeoutMs ?? this.client.timeoutMs);
    if (of !== 'values') {
      const parts = { kind, bucket: partBucket(this.bytes), quorum, strict, timeoutMs };
      return this.client.intern(of === 'parts' ? { ...parts, large: true } : parts);
    }
    const terms = { kind, bucket: this.bytes, quorum, strict, timeoutMs };
    const { trace } = options;
    return this.client.intern(trace === undefined ? terms : { ...terms, trace });
  }
}
