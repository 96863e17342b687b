/**
 * What this node owes, by target, oldest first; kept in memory, bounded by bytes, and mirrored in the
 * `hints` table with the flush of the key's partition. The states are ordinary records.
 *
 * It changes only what is in memory: `durable-store.ts` logs each change before anyone is told of it.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import { OverloadedError } from '../errors.js';
import type { Table } from '../seams/table.js';
import { debtKey, decodeDebt, ofDebtKey, type Debt } from './debt-codec.js';
import type { Records } from './records.js';
import type { HintedRecord } from './store.js';

/** Index entries cost memory however small the states are. */
const overheadBytes = 128;

interface Account {
  /** In the order in which they came. */
  readonly debts: Map<StorageKey, Debt>;
  bytes: number;
}

export class HintIndex {
  private readonly accounts = new Map<NodeId, Account>();
  private readonly perPartition: Uint32Array;
  private count = 0;
  private bytes = 0;

  constructor(
    private readonly records: Records,
    private readonly options: { readonly partitions: number; readonly bytesMax: number },
  ) {
    this.perPartition = new Uint32Array(options.partitions);
  }

  load(table: Table): void {
    const found: { target: NodeId; key: StorageKey; debt: Debt }[] = [];
    for (const entry of table.range({}))
      found.push({ ...ofDebtKey(entry.key), debt: decodeDebt(entry.key, entry.value) });
    found.sort((a, b) => a.debt.sinceMs - b.debt.sinceMs);
    for (const { target, key, debt } of found) this.put(target, key, debt);
  }

  /**
   * Throws `OverloadedError` when the debts of `sizes` do not fit: a target may use as much as it leaves free, so that one
   * that never returns takes half of the room, and whoever is away beside it finds its share of the rest. After the dynamic
   * thresholds of Choudhury and Hahne (1998) for switches, whose queues share one memory.
   */
  admit(target: NodeId, sizes: Iterable<{ key: StorageKey; bytes: number }>): void {
    const account = this.accounts.get(target);
    let growth = 0;
    for (const size of sizes)
      growth += costOf(size.key, size.bytes) - costOfDebt(size.key, account?.debts.get(size.key));
    const free = this.options.bytesMax - this.bytes - growth;
    if (growth > 0 && (account?.bytes ?? 0) + growth > free)
      throw new OverloadedError('this node owes as many hints as it may to one that is away');
  }

  owe(target: NodeId, key: StorageKey, debt: Debt): void {
    const known = this.accounts.get(target)?.debts.get(key);
    const kept = known === undefined ? debt : { sinceMs: known.sinceMs, bytes: debt.bytes };
    this.put(target, key, kept);
    this.touch(key).set(debtKey(target, key), kept);
  }

  forget(target: NodeId, key: StorageKey): void {
    const account = this.accounts.get(target);
    const debt = account?.debts.get(key);
    if (account === undefined || debt === undefined) return;
    const cost = costOf(key, debt.bytes);
    account.debts.delete(key);
    account.bytes -= cost;
    this.bytes -= cost;
    this.count -= 1;
    this.perPartition[partitionOfStorageKey(key)]! -= 1;
    if (account.debts.size === 0) this.accounts.delete(target);
    this.touch(key).set(debtKey(target, key), null);
  }

  private put(target: NodeId, key: StorageKey, debt: Debt): void {
    let account = this.accounts.get(target);
    if (account === undefined) {
      account = { debts: new Map(), bytes: 0 };
      this.accounts.set(target, account);
    }
    const known = account.debts.get(key);
    if (known === undefined) {
      this.count += 1;
      this.perPartition[partitionOfStorageKey(key)]! += 1;
    }
    const growth = costOf(key, debt.bytes) - costOfDebt(key, known);
    account.debts.set(key, debt);
    account.bytes += growth;
    this.bytes += growth;
  }

  private touch(key: StorageKey): Map<string, Debt | null> {
    return this.records.memtables.active.touch(partitionOfStorageKey(key)).debts;
  }

  owes(target: NodeId, key: StorageKey): boolean {
    return this.accounts.get(target)?.debts.has(key) ?? false;
  }

  /** Whether anyone is owed the key. */
  owesAnyone(key: StorageKey): boolean {
    for (const account of this.accounts.values()) if (account.debts.has(key)) return true;
    return false;
  }

  targets(): NodeId[] {
    return [...this.accounts.keys()].sort();
  }

  counters(
    target: NodeId,
    nowMs: number,
  ): { readonly count: number; readonly bytes: number; readonly oldestMs: number } {
    const account = this.accounts.get(target);
    if (account === undefined) return { count: 0, bytes: 0, oldestMs: 0 };
    const [oldest] = account.debts.values();
    const oldestMs = oldest === undefined ? 0 : Math.max(0, nowMs - oldest.sinceMs);
    return { count: account.debts.size, bytes: account.bytes, oldestMs };
  }

  /** It has used up half of what it may: time to bring what it is owed to others, so that there is room again. */
  isCrowded(target: NodeId): boolean {
    const account = this.accounts.get(target);
    return account !== undefined && 2 * account.bytes > this.options.bytesMax - this.bytes;
  }

  total(): { readonly count: number; readonly bytes: number } {
    return { count: this.count, bytes: this.bytes };
  }

  holds(partition: number): boolean {
    return this.perPartition[partition]! > 0;
  }

  /** The oldest debts within the bounds (at least one), by key; `gone`: debts without a record. */
  next(
    target: NodeId,
    bounds: { records: number; bytes: number },
  ): { records: HintedRecord[]; gone: StorageKey[] } {
    const records: HintedRecord[] = [];
    const gone: StorageKey[] = [];
    let bytes = 0;
    for (const key of this.accounts.get(target)?.debts.keys() ?? []) {
      if (records.length >= bounds.records || gone.length >= bounds.records) break;
      const record = this.records.peek(key);
      if (record === undefined) {
        gone.push(key);
        continue;
      }
      if (records.length > 0 && bytes + record.bytes.length > bounds.bytes) break;
      bytes += record.bytes.length;
      records.push({ key, bytes: record.copy().bytes, digest: record.digest });
    }
    records.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { records, gone };
  }
}

function costOf(key: StorageKey, stateBytes: number): number {
  return overheadBytes + key.length + stateBytes;
}

function costOfDebt(key: StorageKey, debt: Debt | undefined): number {
  return debt === undefined ? 0 : costOf(key, debt.bytes);
}
