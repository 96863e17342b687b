/** An ordered map on disk with synchronous reads and atomic batches. Real: `src/store/lmdb-tables.ts`, the only importer of `lmdb`. */
import type { ByteString } from '../../actors/rules/key.js';

export interface Tables {
  /** Opens (creating) a named database of the environment. */
  open(name: string): Table;
  /**
   * Applies all writes of `write` atomically, in the background; done means committed and on disk.
   * `write` runs synchronously and must not read its own writes.
   */
  commit(write: (batch: TableBatch) => void, done: (error?: Error) => void): void;
  close(): Promise<void>;
}

export interface Table {
  readonly name: string;
  /** The stored bytes; valid until the next read of any table: copy what is kept. */
  get(key: ByteString): Buffer | undefined;
  /** Ascending by bytes, `start` inclusive, `end` exclusive. */
  range(bounds: { start?: ByteString; end?: ByteString; limit?: number }): Iterable<TableEntry>;
  count(): number;
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
