/**
 * The tables of one node in LMDB, and the only importer of `lmdb`.
 *
 * Event-turn batching is off: every commit is a batch of its own, and lmdb's batch of a turn
 * rejects a promise nobody can get at. Overlapping sync is off: a commit then resolves only once it
 * is on disk, and a failed flush is an error of that commit instead of a line on the console. Keys
 * go to LMDB as they are (latin1 is one character a byte), so its order is the order of the byte
 * strings.
 */
import { join } from 'node:path';
import { open, type CompressionOptions, type Database, type RootDatabase } from 'lmdb';
import { inject, injectable } from 'tsyringe';
import type { ByteString } from '../../actors/rules/key.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import { NodeOptions } from '../options/node-options.js';
import {
  Tables,
  type Table,
  type TableBatch,
  type TableBounds,
  type TableEntry,
} from '../seams/table.js';
import { diskIsFull, makeOwnDirectory } from './disk-space.js';

const keyEncoder = {
  writeKey(key: ByteString, target: Buffer, start: number): number {
    return start + target.write(key, start, 'latin1');
  },
  readKey(source: Buffer, start: number, end: number): ByteString {
    return source.toString('latin1', start, end);
  },
};

/** Values lie in its files as they are. An option the package has and does not declare. */
const permissions: object = { permissionsMode: 0o600 };

const encoding = { encoding: 'binary', keyEncoder } as const;

/** Error numbers of the operating system, as LMDB passes them on. */
const noSpace = 28;
const shortWrite = 5;

/** No key is empty, so this is the first one there can be. */
const lowest: ByteString = '\0';

type Lmdb = Database<Buffer, ByteString>;

/** Above any value: nothing new is compressed, what was compressed is still read. */
const never = 0x7fffffff;

@injectable()
export class LmdbTables implements Tables {
  private readonly path: string;
  private readonly root: RootDatabase<Buffer, ByteString>;
  private readonly tables = new Map<string, LmdbTable>();
  private readonly compression: CompressionOptions | false;
  private readonly batch: TableBatch = {
    put: (table, key, value) => void (table as LmdbTable).lmdb.put(key, value),
    remove: (table, key) => void (table as LmdbTable).lmdb.remove(key),
  };

  constructor(@inject(NodeOptions) options: NodeOptions) {
    const path = join(options.dataDir, 'tables');
    this.path = path;
    makeOwnDirectory(path);
    this.root = open({
      path,
      ...encoding,
      overlappingSync: false,
      eventTurnBatching: false,
      ...permissions,
    });
    this.compression = this.compressionOf(options.compression);
  }

  /**
   * A table that was ever written with compression is always opened with it. The empty dictionary:
   * lmdb's own one is loaded anew for each value, which doubles the cost and saves nothing on 1 kB.
   */
  private compressionOf(wanted: boolean): CompressionOptions | false {
    const marker = this.root.openDB<Buffer, ByteString>({ name: 'compressed', ...encoding });
    if (wanted) marker.putSync('once', Buffer.from([1]));
    else if (!marker.doesExist('once')) return false;
    return {
      threshold: wanted ? storeLimits.compressedBytesMin : never,
      dictionary: Buffer.alloc(0),
    };
  }

  open(name: string): Table {
    let table = this.tables.get(name);
    if (table === undefined) {
      const { compression } = this;
      table = new LmdbTable(name, this.root.openDB({ name, ...encoding, compression }));
      this.tables.set(name, table);
    }
    return table;
  }

  commit(write: (batch: TableBatch) => void, done: (error?: Error) => void): void {
    void this.commitAndTell(write, done);
  }

  private async commitAndTell(
    write: (batch: TableBatch) => void,
    done: (error?: Error) => void,
  ): Promise<void> {
    let error: Error | undefined;
    try {
      await this.root.batch(() => write(this.batch));
    } catch (failure) {
      error = this.classified(await causeOf(failure));
    }
    done(error);
  }

  /**
   * With the code ENOSPC when the file system is full: then the commit left nothing behind and may
   * be tried again.
   */
  private classified(error: Error & { code?: unknown }): Error {
    const full = error.code === noSpace || (error.code === shortWrite && diskIsFull(this.path));
    return full ? Object.assign(error, { code: 'ENOSPC' }) : error;
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}

class LmdbTable implements Table {
  constructor(
    readonly name: string,
    readonly lmdb: Lmdb,
  ) {}

  get(key: ByteString): Buffer | undefined {
    return this.lmdb.getBinary(key);
  }

  range(bounds: TableBounds): Iterable<TableEntry> {
    return this.lmdb.getRange({ start: lowest, ...bounds });
  }

  keys(bounds: TableBounds): Iterable<ByteString> {
    return this.lmdb.getKeys({ start: lowest, ...bounds });
  }

  count(): number {
    return (this.lmdb.getStats() as { entryCount: number }).entryCount;
  }
}

/** lmdb rejects with a wrapper whose `commitError` is a promise that rejects with the cause. */
async function causeOf(failure: unknown): Promise<Error> {
  const wrapper = failure instanceof Error ? failure : new Error(String(failure));
  const { commitError } = wrapper as Error & { commitError?: Promise<unknown> };
  try {
    await commitError;
  } catch (cause) {
    // Not by `instanceof`: it may be of another realm.
    if (typeof cause === 'object' && cause !== null && 'message' in cause) return cause as Error;
  }
  return wrapper;
}
