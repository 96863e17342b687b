/**
 * What this node owes, by target, oldest first; kept in memory, bounded by bytes, and mirrored in
 * the `hints` table with the flush of the key's partition. The states are ordinary records.
 *
 * It changes only what is in memory: `durable-store.ts` logs each change before anyone is told of
 * it.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { partitionOfStorageKey, type StorageKey } from '../../actors/rules/key.js';
import { OverloadedError } from '../errors.js';
import type { Table } from '../seams/table.js';
import { hintKey, decodeHint, ofHintKey, type Hint } from './hint-codec.js';
import type { HintWalk } from './hint-walk.js';
import type { Records } from './records.js';
import type { HintedRecord } from './store.js';

/** Index entries cost memory however small the states are. */
const overheadBytes = 128;

const nothing: ReadonlyMap<StorageKey, Hint> = new Map();

interface Account {
  /** In the order in which they came. */
  readonly hints: Map<StorageKey, Hint>;
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
    const found: { target: NodeId; key: StorageKey; hint: Hint }[] = [];
    for (const entry of table.range({}))
      found.push({ ...ofHintKey(entry.key), hint: decodeHint(entry.key, entry.value) });
    found.sort((a, b) => a.hint.sinceMs - b.hint.sinceMs);
    for (const { target, key, hint } of found) this.put(target, key, hint);
  }

  /**
   * Throws `OverloadedError` when the hints of `sizes` do not fit: a target may use as much as it
   * leaves free, so that one that never returns takes half of the room, and whoever is away beside
   * it finds its share of the rest. After the dynamic thresholds of Choudhury and Hahne (1998) for
   * switches, whose queues share one memory.
   */
  admit(target: NodeId, sizes: Iterable<{ key: StorageKey; bytes: number }>): void {
    const account = this.accounts.get(target);
    let growth = 0;
    for (const size of sizes)
      growth += costOf(size.key, size.bytes) - costOfHint(size.key, account?.hints.get(size.key));
    const free = this.options.bytesMax - this.bytes - growth;
    if (growth > 0 && (account?.bytes ?? 0) + growth > free)
      throw new OverloadedError('this node owes as many hints as it may to one that is away');
  }

  owe(target: NodeId, key: StorageKey, hint: Hint): void {
    const known = this.accounts.get(target)?.hints.get(key);
    const kept = known === undefined ? hint : { sinceMs: known.sinceMs, bytes: hint.bytes };
    this.put(target, key, kept);
    this.touch(key).set(hintKey(target, key), kept);
  }

  settle(target: NodeId, key: StorageKey): void {
    const account = this.accounts.get(target);
    const hint = account?.hints.get(key);
    if (account === undefined || hint === undefined) return;
    const cost = costOf(key, hint.bytes);
    account.hints.delete(key);
    account.bytes -= cost;
    this.bytes -= cost;
    this.count -= 1;
    this.perPartition[partitionOfStorageKey(key)]! -= 1;
    if (account.hints.size === 0) this.accounts.delete(target);
    this.touch(key).set(hintKey(target, key), null);
  }

  private put(target: NodeId, key: StorageKey, hint: Hint): void {
    let account = this.accounts.get(target);
    if (account === undefined) {
      account = { hints: new Map(), bytes: 0 };
      this.accounts.set(target, account);
    }
    const known = account.hints.get(key);
    if (known === undefined) {
      this.count += 1;
      this.perPartition[partitionOfStorageKey(key)]! += 1;
    }
    const growth = costOf(key, hint.bytes) - costOfHint(key, known);
    account.hints.set(key, hint);
    account.bytes += growth;
    this.bytes += growth;
  }

  private touch(key: StorageKey): Map<string, Hint | null> {
    return this.records.memtables.active.touch(partitionOfStorageKey(key)).hints;
  }

  owes(target: NodeId, key: StorageKey): boolean {
    return this.accounts.get(target)?.hints.has(key) ?? false;
  }

  /** Whether anyone is owed the key. */
  owesAnyone(key: StorageKey): boolean {
    for (const account of this.accounts.values()) if (account.hints.has(key)) return true;
    return false;
  }

  owedTo(key: StorageKey): NodeId[] {
    return this.targets().filter((target) => this.owes(target, key));
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
    const [oldest] = account.hints.values();
    const oldestMs = oldest === undefined ? 0 : Math.max(0, nowMs - oldest.sinceMs);
    return { count: account.hints.size, bytes: account.bytes, oldestMs };
  }

  /**
   * It has used up half of what it may: time to bring what it is owed to others, so that there is
   * room again.
   */
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

  /** The next hints within the bounds (at least one), by key; `lost`: hints without a record. */
  next(
    target: NodeId,
    bounds: { records: number; bytes: number },
    walk: HintWalk,
  ): { records: HintedRecord[]; lost: StorageKey[] } {
    const records: HintedRecord[] = [];
    const lost: StorageKey[] = [];
    let bytes = 0;
    walk.begin(this.accounts.get(target)?.hints ?? nothing);
    while (records.length < bounds.records && lost.length < bounds.records) {
      const key = walk.peek();
      if (key === undefined) break;
      const record = this.records.peek(key);
      if (record === undefined) lost.push(key);
      else {
        if (records.length > 0 && bytes + record.bytes.length > bounds.bytes) break;
        bytes += record.bytes.length;
        records.push({ key, bytes: record.copy().bytes, digest: record.digest });
      }
      walk.take();
    }
    records.sort((a, b) => (a.key < b.key ? -1 : 1));
    return { records, lost };
  }
}

function costOf(key: StorageKey, stateBytes: number): number {
  return overheadBytes + key.length + stateBytes;
}

function costOfHint(key: StorageKey, hint: Hint | undefined): number {
  return hint === undefined ? 0 : costOf(key, hint.bytes);
}
