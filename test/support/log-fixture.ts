/** A commit log on a disk in memory, with entries that are told apart by their text. */
import { actorOf } from '../../actors/rules/actor.js';
import { emptyState, mint } from '../../actors/rules/versions.js';
import { Counter } from '../../src/seams/metrics.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { CommitLog, type CommitLogOptions } from '../../src/store/commit-log.js';
import { decodeEntry, type LogEntry } from '../../src/store/log-entry.js';
import { recoverLog, type LogReplay } from '../../src/store/log-recovery.js';
import { decodeState, encodeState } from '../../src/wire/key-state-codec.js';
import { decodeBatch, encodeBatch } from '../../src/wire/state-batch.js';
import { MemoryDisk, MemoryLogDirectory } from './memory-log-directory.js';
import type { LogDirectory } from '../../src/seams/log-file.js';

export const magic = Buffer.from('5a17c0ffee00d00d', 'hex');

export interface OpenLog {
  readonly log: CommitLog;
  readonly fatal: Error[];
  readonly writable: boolean[];
  readonly syncs: Counter;
}

function directoryOn(place: MemoryDisk | LogDirectory): LogDirectory {
  return place instanceof MemoryDisk ? new MemoryLogDirectory(place) : place;
}

export function openLog(
  place: MemoryDisk | LogDirectory,
  options: Partial<CommitLogOptions> = {},
): OpenLog {
  const fatal: Error[] = [];
  const writable: boolean[] = [];
  const syncs = new Counter();
  const log = new CommitLog({
    clock: new RealClock(),
    directory: directoryOn(place),
    durability: { kind: 'sync' },
    segmentBytesMax: 1 << 20,
    magic,
    segments: [],
    lastSequence: 0,
    syncs,
    onFatal: (error) => fatal.push(error),
    onWritable: (now) => writable.push(now),
    ...options,
  });
  return { log, fatal, writable, syncs };
}

export function entryOf(text: string): LogEntry {
  const state = mint({
    local: emptyState,
    seen: undefined,
    actor: actorOf('0011223344556677', 1),
    value: Buffer.from(text, 'latin1'),
    writtenAtMs: 0,
    expiresAtMs: 0,
    operation: '',
  });
  return { kind: 'merged', batch: encodeBatch([{ key: '\0\0b\0k', bytes: encodeState(state) }]) };
}

export function textOf(entry: LogEntry): string {
  if (!('batch' in entry)) throw new Error('not a batch');
  const { bytes } = decodeBatch(entry.batch)[0]!;
  return Buffer.from(decodeState(bytes).siblings[0]!.value!).toString('latin1');
}

export async function replayed(
  place: MemoryDisk | LogDirectory,
  covered = 0,
): Promise<LogReplay & { readonly texts: string[] }> {
  const texts: string[] = [];
  const replay = await recoverLog(directoryOn(place), {
    magic,
    covered,
    apply: ({ kind, payload }) => texts.push(textOf(decodeEntry(kind, payload))),
  });
  return { ...replay, texts };
}

export function appended(log: CommitLog, text: string): Promise<void> {
  return new Promise((resolve) => log.append(entryOf(text), resolve));
}
