/**
 * Reading the commit log back after a start.
 *
 * What is whole is replayed in order. Bytes behind the last whole frame of the last segment are the
 * tail of a write that was under way: they are cut. Anything else that can't be read is damage: the
 * frames around it are replayed, the segment is to be quarantined once they are safe in the tables,
 * and since nobody can tell what the lost frames held, every partition is suspect. A flipped bit in
 * the very last frame can't be told from a torn write.
 */
import type { LogDirectory } from '../seams/log-file.js';
import { readSegment, type Frame } from './frame.js';

/** A segment file; named after its first sequence. */
export interface Segment {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

const prefix = 'log-';
const digits = 15;

export function segmentName(first: number): string {
  return prefix + String(first).padStart(digits, '0');
}

export interface LogReplay {
  /** Needed until the tables cover them; without the damaged ones. */
  readonly segments: readonly Segment[];
  /** To be set aside once what they held is in the tables. */
  readonly damaged: readonly string[];
  /** Frames are missing: a gap between segments, or damage within one. */
  readonly incomplete: boolean;
  readonly lastSequence: number;
  readonly replayed: number;
  readonly cutBytes: number;
}

/**
 * Replays the frames behind `covered`. Resolves when the cut is on disk; rejects when the disk
 * fails. Segments that are covered as a whole are left unread, and left there: what a killed
 * process committed last may be in the kernel's memory alone, until a commit of this process is on
 * disk.
 */
export async function recoverLog(
  directory: LogDirectory,
  options: {
    readonly magic: Buffer;
    readonly covered: number;
    readonly apply: (frame: Frame) => void;
  },
): Promise<LogReplay> {
  const { magic, covered, apply } = options;
  const names = directory.list().filter((name) => name.startsWith(prefix));
  const segments: Segment[] = [];
  const damaged: string[] = [];
  let incomplete = false;
  let replayed = 0;
  let cutBytes = 0;
  let last = covered;
  for (const [i, name] of names.entries()) {
    const first = firstOf(name);
    const next = names[i + 1];
    if (next !== undefined && firstOf(next) - 1 <= covered) {
      segments.push({ name, first, last: firstOf(next) - 1, bytes: 0 });
      continue;
    }
    if (first > last + 1) incomplete = true;
    const bytes = directory.read(name);
    const content = readSegment(magic, bytes, first);
    for (const frame of content.frames) {
      if (frame.sequence <= last) continue;
      apply(frame);
      replayed += 1;
      last = frame.sequence;
    }
    const isDamaged = content.damaged || (next !== undefined && last !== firstOf(next) - 1);
    if (next === undefined && content.frames.length === 0) {
      cutBytes = content.tornBytes;
      directory.remove(name);
      continue;
    }
    if (next === undefined) {
      if (!isDamaged) cutBytes = content.tornBytes;
      await secure(directory, name, isDamaged ? bytes.length : content.validBytes);
    }
    if (isDamaged) {
      // Not among the segments: it is set aside, not removed, once it is covered.
      damaged.push(name);
      incomplete = true;
    } else {
      segments.push({ name, first, last, bytes: content.validBytes });
    }
  }
  // A new segment must not take the name of one that is still to be set aside.
  const lastSequence = Math.max(last, ...damaged.map(firstOf));
  return { segments, damaged, incomplete, lastSequence, replayed, cutBytes };
}

function firstOf(name: string): number {
  return Number(name.slice(prefix.length));
}

/**
 * Cuts the torn tail and syncs what is whole, before anything new is written. A later recovery must
 * not find the torn bytes in the middle of the log; and what a killed process left in the kernel's
 * memory alone counts as durable from now on.
 */
function secure(directory: LogDirectory, name: string, length: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const file = directory.open(name);
    if (length < file.length) file.truncate(length);
    file.sync((error) => {
      file.close();
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
