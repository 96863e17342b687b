/** One put or get on its way: what the client was asked, and what has happened to it so far. */
import type { OnlyIf } from '../../actors/rules/condition.js';
import type { ByteString } from '../../actors/rules/key.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import {
  courseAfter,
  mayBeStoredAfter,
  type Course,
  type RequestFacts,
  type RowRefusal,
} from '../../actors/rules/request-course.js';
import type { Outcome, QuorateError } from '../errors.js';
import type { CopiedPut } from '../wire/copied-puts.js';
import type { Copy } from '../wire/copy-age.js';
import type { Receipt } from '../wire/receipt.js';
import type { Context } from './context.js';
import type { RequestTrace } from './request-trace.js';

/**
 * What requests must agree on to share a frame. Interned by `TermsTable`, so equal terms are one
 * object.
 */
export interface Terms {
  readonly id: number;
  readonly kind: 'put' | 'get';
  readonly bucket: ByteString;
  /** W or R; 0: the bucket's. */
  readonly quorum: number;
  readonly strict: boolean;
  readonly timeoutMs: number;
  /** Each row fills a message of its own, as parts of big values do. */
  readonly large?: true;
  /** Of one request under the glass, which shares no frame. */
  readonly trace?: RequestTrace;
}

export class TermsTable {
  private known = new Map<string, Terms>();
  private lastId = 0;

  intern(terms: Omit<Terms, 'id'>): Terms {
    if (terms.trace !== undefined) return { ...terms, id: ++this.lastId };
    const { kind, bucket, quorum, strict, timeoutMs, large } = terms;
    const size = large === true ? 'large' : '';
    const name = `${kind}${size} ${quorum} ${strict} ${timeoutMs} ${bucket}`;
    let interned = this.known.get(name);
    if (interned === undefined) {
      // Who still holds what was dropped goes on with it; at worst equal terms then leave in two
      // frames.
      if (this.known.size >= clientLimits.termsMax) this.known = new Map();
      interned = { id: ++this.lastId, kind, bucket, quorum, strict, timeoutMs };
      if (large === true) interned = { ...interned, large };
      this.known.set(name, interned);
    }
    return interned;
  }
}

export type RequestResult =
  | {
      readonly ok: true;
      readonly context: Context;
      /**
       * Of a get: no element for an absent key, null for a tombstone beside others. Of a put: none.
       */
      readonly values: readonly (Uint8Array | null)[];
      /** Which of the values are manifests of big ones, by their place; left out where none is. */
      readonly manifests?: ReadonlySet<number> | undefined;
      /** Undefined only of a get of an absent key. */
      readonly receipt: Receipt | undefined;
    }
  | { readonly ok: false; readonly error: QuorateError };

export interface RequestOptions {
  readonly terms: Terms;
  readonly key: ByteString;
  readonly value: Uint8Array | null;
  readonly context: Context | undefined;
  readonly operation: ByteString;
  /** By the caller, who may so try a put again. */
  readonly isNamed: boolean;
  readonly ttlMs: number;
  /** On what condition it is put. */
  readonly onlyIf: OnlyIf | undefined;
  /** The value is the manifest of a big value. */
  readonly isManifest?: boolean;
  readonly onResult: (result: RequestResult) => void;
}

/** One class for both kinds, so that the hot path sees one shape. */
export class Request implements RequestFacts {
  readonly terms: Terms;
  readonly key: ByteString;
  /**
   * Of a put; null deletes. Not copied: the caller leaves it alone until the request is over.
   */
  readonly value: Uint8Array | null;
  readonly context: Context | undefined;
  readonly operation: ByteString;
  readonly isNamed: boolean;
  readonly ttlMs: number;
  readonly onlyIf: OnlyIf | undefined;
  readonly isManifest: boolean;
  readonly onResult: (result: RequestResult) => void;
  /** What it adds to a frame, without the row's overhead. */
  readonly bytes: number;

  deadlineMs = 0;
  partition = -1;
  /** Its author has been told the result. */
  isOver = false;
  /** Frames it has been part of. */
  sends = 0;
  /** Refusals that were answered by trying again. */
  retries = 0;
  mayBeStored = false;
  /** A get that own reads can't answer: primaries differ, or one of them did not tell. */
  needsCoordinator = false;
  /** Of a put: earlier ones of its key that were tried again, and may come once more. */
  copied: readonly CopiedPut[] | undefined;
  alone: boolean;
  heldBack: string | undefined;
  /** Why it waits for another ring. */
  rerouted: string | undefined;

  constructor(options: RequestOptions) {
    this.terms = options.terms;
    this.key = options.key;
    this.value = options.value;
    this.context = options.context;
    this.operation = options.operation;
    this.isNamed = options.isNamed;
    this.ttlMs = options.ttlMs;
    this.onlyIf = options.onlyIf;
    this.isManifest = options.isManifest === true;
    this.alone = options.terms.large === true;
    this.onResult = options.onResult;
    this.bytes =
      this.key.length +
      this.operation.length +
      (this.value?.length ?? 0) +
      (this.context?.bytes.length ?? 0);
  }

  get kind(): 'put' | 'get' {
    return this.terms.kind;
  }

  /** A node said no to its row; `own`: as one primary of a get without a coordinator. */
  refused(failure: RowRefusal & { readonly message: string }, own: boolean): Course {
    const course = courseAfter(this, failure, own);
    if (course === 'alone') this.alone = true;
    else if (course === 'coordinated') this.coordinate();
    else if (course === 'heldBack') this.heldBack = failure.message;
    else if (course === 'rerouted') this.rerouted = failure.message;
    else this.tried(failure.outcome);
    return course;
  }

  /** Primaries differ, or not all of them told. */
  coordinate(): void {
    this.needsCoordinator = true;
  }

  /** A try is over and the request goes on, or ends. */
  tried(outcome: Outcome): void {
    this.mayBeStored = mayBeStoredAfter(this, outcome);
  }

  /** Who names the operation of a put itself may be trying it again. */
  get copy(): Copy {
    if (this.mayBeStored) return 'later';
    return this.isNamed ? 'any' : 'first';
  }

  /** When it was asked. */
  get askedMs(): number {
    return this.deadlineMs - this.terms.timeoutMs;
  }
}
