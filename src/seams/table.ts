/**
 * An ordered map on disk with synchronous reads and atomic batches. Real:
 * `src/store/lmdb-tables.ts`, the only importer of `lmdb`.
 */
import type { ByteString } from '../../actors/rules/key.js';

export interface Tables {
  /** Opens (creating) a named database of the environment. */
  open(name: string): Table;
  /**
   * Applies all writes of `write` atomically, in the background; done means committed and on disk.
   * `write` runs synchronously and must not read its own writes; values are not copied, so they
   * stay unchanged until `done`. Commits are applied in the order of the calls. An error with the
   * code ENOSPC may pass; after any other the environment is not to be trusted.
   */
  commit(write: (batch: TableBatch) => void, done: (error?: Error) => void): void;
  close(): Promise<void>;
}

export interface Table {
  readonly name: string;
  /** The stored bytes; the caller may keep them and does not change them. */
  get(key: ByteString): Buffer | undefined;
  /** Ascending by bytes, `start` inclusive, `end` exclusive. */
  range(bounds: TableBounds): Iterable<TableEntry>;
  /** As `range`, without touching the values. */
  keys(bounds: TableBounds): Iterable<ByteString>;
  count(): number;
}

export interface TableBounds {
  readonly start?: ByteString;
  readonly end?: ByteString;
  readonly limit?: number;
}

export interface TableEntry {
  readonly key: ByteString;
  readonly value: Buffer;
}

export interface TableBatch {
  put(table: Table, key: ByteString, value: Buffer): void;
  remove(table: Table, key: ByteString): void;
}

export const Tables = Symbol('Tables');
