/**
 * What a start reads back: who the node is, trees, hints, and the log behind what the tables cover.
 */
import { partitionOfStorageKey } from '../../actors/rules/key.js';
import type { LogDirectory } from '../seams/log-file.js';
import type { Random } from '../seams/random.js';
import type { Table, Tables } from '../seams/table.js';
import { nodeIdBytes } from '../wire/node-ids.js';
import type { Changes } from './changes.js';
import type { StoreTables } from './flush.js';
import { magicBytes } from './frame.js';
import type { HashTrees } from './hash-trees.js';
import type { HintIndex } from './hint-index.js';
import { decodeEntry } from './log-entry.js';
import { recoverLog, type LogReplay } from './log-recovery.js';
import {
  decodeCovered,
  decodeIdentity,
  encodeIdentity,
  metaKeys,
  metaRow,
  storeFormat,
  type Identity,
} from './meta.js';
import type { Records } from './records.js';

export interface LoadedIdentity {
  readonly identity: Identity;
  /** The directory had none: this is a new node. */
  readonly fresh: boolean;
}

/** Throws when the directory belongs to another format or another number of partitions. */
export async function loadIdentity(from: {
  readonly tables: Tables;
  readonly meta: Table;
  readonly random: Random;
  readonly partitions: number;
}): Promise<LoadedIdentity> {
  const { tables, meta, random, partitions } = from;
  const row = metaRow(meta, metaKeys.identity);
  if (row !== undefined) {
    const identity = decodeIdentity(row);
    if (identity.format !== storeFormat)
      throw new Error(`data of format ${identity.format}; this version reads ${storeFormat}`);
    if (identity.partitions !== partitions)
      throw new Error(`data of ${identity.partitions} partitions; the node is told ${partitions}`);
    return { identity, fresh: false };
  }
  const nodeId = random.bytes(nodeIdBytes).toString('hex');
  const identity = { nodeId, magic: random.bytes(magicBytes), partitions, format: storeFormat };
  await new Promise<void>((resolve, reject) => {
    tables.commit(
      (batch) => batch.put(meta, metaKeys.identity, encodeIdentity(identity)),
      (error) => (error === undefined ? resolve() : reject(error)),
    );
  });
  return { identity, fresh: true };
}

export interface Recovered extends LogReplay {
  /** The tables hold the log up to here. */
  readonly covered: number;
  /** Segments of another node's log, set aside already. */
  readonly foreign: readonly string[];
  /**
   * Their tree row could not be read: what the log still held of them may be applied twice, or be
   * gone.
   */
  readonly suspectPartitions: readonly number[];
}

export async function recoverRecords(parts: {
  readonly directory: LogDirectory;
  readonly named: StoreTables;
  readonly loaded: LoadedIdentity;
  readonly trees: HashTrees;
  readonly records: Records;
  readonly hintIndex: HintIndex;
  readonly changes: Changes;
}): Promise<Recovered> {
  const { directory, named, loaded, trees, records, hintIndex, changes } = parts;
  const foreign = loaded.fresh ? setAside(directory) : [];
  const covered = decodeCovered(metaRow(named.meta, metaKeys.covered));
  const { coveredOf, damagedRows } = loadTrees(named.trees, trees, covered);
  for (const partition of damagedRows) records.rebuildTree(partition);
  hintIndex.load(named.hints);
  const replay = await recoverLog(directory, {
    magic: loaded.identity.magic,
    covered,
    apply: ({ kind, payload, sequence }) =>
      changes.replay(decodeEntry(kind, payload), (partition) => coveredOf[partition]! >= sequence),
  });
  return {
    ...replay,
    covered,
    foreign,
    incomplete: replay.incomplete || foreign.length > 0,
    lastSequence: Math.max(replay.lastSequence, ...coveredOf),
    suspectPartitions: damagedRows,
  };
}

/**
 * A log without its tables can't be read (its magic is gone) and must not be taken for an empty
 * one.
 */
function setAside(directory: LogDirectory): string[] {
  const names = directory.list();
  for (const name of names) directory.quarantine(name);
  return names;
}

function loadTrees(
  table: Table,
  trees: HashTrees,
  covered: number,
): { coveredOf: number[]; damagedRows: number[] } {
  const coveredOf = Array.from({ length: trees.partitions }, () => covered);
  const damagedRows: number[] = [];
  for (const { key, value } of table.range({})) {
    const partition = partitionOfStorageKey(key);
    const own = trees.load(partition, value);
    if (own === undefined) damagedRows.push(partition);
    else coveredOf[partition] = Math.max(covered, own);
  }
  return { coveredOf, damagedRows };
}
