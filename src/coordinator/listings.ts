/**
 * Listings of keys as the ways in see them: a page at a time, each answered exactly once.
 * Implemented by `lister.ts`.
 */
import type { ByteString } from '../../actors/rules/key.js';
import type { QuorateError } from '../errors.js';

/** Everything before it was listed. Keys go by partition, within one by their bytes. */
export interface ListPosition {
  readonly partition: number;
  /** Exclusive; '': from its first key on. */
  readonly after: ByteString;
}

export interface ListRequest {
  readonly bucket: ByteString;
  /** '': all keys. */
  readonly prefix: ByteString;
  readonly from: ListPosition;
  /** Exclusive. */
  readonly endPartition: number;
  /** Keys of the page; it may have fewer, even none, and not be the last one. */
  readonly limit: number;
  /** What a key takes in the answer; the page has room for `listingLimits.pageBytesMax`. */
  readonly bytesOf: (key: ByteString) => number;
  /** R; 1 … N of the bucket. */
  readonly quorum: number;
  /** Only primaries count. */
  readonly strict: boolean;
  /** On this node's monotonic clock. */
  readonly deadlineMs: number;
  readonly onReply: (reply: ListReply) => void;
}

export type ListReply =
  | {
      readonly ok: true;
      /** That show a value, in order. */
      readonly keys: readonly ByteString[];
      /** Undefined: there are no more. */
      readonly next: ListPosition | undefined;
    }
  | { readonly ok: false; readonly error: QuorateError };

export interface Listings {
  page(request: ListRequest): void;
  /** Once all are answered: nothing of it waits for anything any more. */
  close(): void;
}

export const Listings = Symbol('Listings');
