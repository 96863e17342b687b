/**
 * What is due when: values that expire, and records of which nothing lives. Of what memtables hold
 * it is kept beside their slots, of what the tables hold in a table of its own (`due-rows.ts`),
 * which a flush writes with the records. So nothing is scanned, and memory bounds it where it
 * bounds memtables.
 *
 * Values are emptied once, so their rows are passed once: a cursor goes along with time. Where a
 * record is flushed before it was looked at, the cursor goes back to it. What is dead waits for the
 * word of others, so those rows are walked again and again, with rests.
 */
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { partitionOfStorageKey } from '../../actors/rules/key.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import type { Table, Tables } from '../seams/table.js';
import type { Due } from './due.js';
import { dueRowsFrom, ofDueRow } from './due-rows.js';
import type { Memtable } from './memtable.js';
import type { Memtables } from './memtables.js';

export interface DueIndexOptions {
  readonly memtables: Memtables;
  readonly tables: Tables;
  readonly due: Table;
  readonly peek: (key: StorageKey) => { readonly due: Due } | undefined;
}

const restSeconds = storeLimits.deadRestMs / 1000;

export class DueIndex {
  /** What may expire in the tables lies from here on. */
  private expiringFrom = dueRowsFrom('expires', 0);
  private deadFrom = dueRowsFrom('dead', 0);
  /** The walk over what is dead begins anew at this second. */
  private deadAgainAt = 0;

  constructor(private readonly options: DueIndexOptions) {}

  /**
   * Keys of which values may have expired by that second, at most so many; each is given once, so
   * they are to be emptied now.
   */
  expired(second: number, limit: number): StorageKey[] {
    const keys: StorageKey[] = [];
    for (const { expiring } of this.unflushed())
      for (const { key } of expiring.take(second, limit - keys.length)) keys.push(key);
    const room = limit - keys.length;
    const rows = this.rows('expires', { from: this.expiringFrom, second, limit: room });
    if (rows.length > 0) this.expiringFrom = `${rows.at(-1)!}\0`;
    return [...keys, ...this.keysOf(rows)];
  }

  /**
   * Keys of partitions that are wanted of which nothing may have lived since that second. Of what
   * the tables hold, no more than so many rows are looked at.
   */
  dead(second: number, limit: number, isWanted: (partition: number) => boolean): StorageKey[] {
    const keys: StorageKey[] = [];
    const add = (key: StorageKey): void => {
      if (isWanted(partitionOfStorageKey(key))) keys.push(key);
    };
    for (const memtable of this.unflushed())
      for (const slot of memtable.dead.take(second, limit - keys.length)) {
        // Whoever takes it may not get the word of the others yet.
        if (slot.record !== undefined && slot.record.due < 0)
          memtable.dead.add(slot, second + restSeconds);
        add(slot.key);
      }
    if (second < this.deadAgainAt || keys.length >= limit) return keys;
    const room = limit - keys.length;
    const rows = this.rows('dead', { from: this.deadFrom, second, limit: room });
    this.keysOf(rows).forEach(add);
    this.deadFrom = rows.length === 0 ? this.deadFrom : `${rows.at(-1)!}\0`;
    if (rows.length < room) {
      this.deadFrom = dueRowsFrom('dead', 0);
      this.deadAgainAt = second + restSeconds;
    }
    return keys;
  }

  /** The oldest frozen memtable is in the tables now. */
  noteFlushed(): void {
    const memtable = this.options.memtables.frozen[0]?.memtable;
    if (memtable === undefined || memtable.expiring.first === Infinity) return;
    const from = dueRowsFrom('expires', memtable.expiring.first);
    if (from < this.expiringFrom) this.expiringFrom = from;
  }

  /**
   * A record that was damaged leaves its row behind: it goes, unless a memtable has a word on the
   * key, with which its row is written.
   */
  private keysOf(rows: readonly ByteString[]): StorageKey[] {
    const { memtables, tables, due: table, peek } = this.options;
    const keys: StorageKey[] = [];
    const stale: ByteString[] = [];
    for (const row of rows) {
      const { due, key } = ofDueRow(row);
      if (memtables.isUnflushed(key) || peek(key)?.due === due) keys.push(key);
      else stale.push(row);
    }
    if (stale.length > 0)
      tables.commit(
        (batch) => {
          for (const row of stale) batch.remove(table, row);
        },
        // What can't be removed is met again after the next start.
        () => {},
      );
    return keys;
  }

  private unflushed(): Memtable[] {
    const { frozen, active } = this.options.memtables;
    return [...frozen.map(({ memtable }) => memtable), active];
  }

  private rows(
    kind: 'expires' | 'dead',
    range: { readonly from: ByteString; readonly second: number; readonly limit: number },
  ): ByteString[] {
    const { from: start, second, limit } = range;
    if (limit <= 0 || second < 0) return [];
    return [...this.options.due.keys({ start, end: dueRowsFrom(kind, second + 1), limit })];
  }
}
