/** What the operating system knows of processes: CPU time, memory and parents, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Of a second; what Linux has used for /proc on every architecture for decades (`getconf CLK_TCK`).
 */
const ticksPerSecond = 100;

export interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

export interface Memory {
  /**
   * Resident: what the process made itself (heap, stacks) and files it has mapped (LMDB, program
   * text).
   */
  readonly anonymousBytes: number;
  readonly fileBytes: number;
}

/**
 * Of /proc/PID/stat. The name may contain anything, but it ends with the last parenthesis; what
 * follows starts at field 3.
 */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** Of /proc/PID/status. */
export function parseMemory(text: string): Memory {
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
  return { anonymousBytes: bytes('RssAnon'), fileBytes: bytes('RssFile') + bytes('RssShmem') };
}

/** User and system time of the processes so far, µs; one that is gone counts 0. */
export function cpuMicrosOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) ticks += statOf(pid)?.ticks ?? 0;
  return (ticks * 1_000_000) / ticksPerSecond;
}

export function memoryOf(pids: readonly number[]): Memory {
  let anonymousBytes = 0;
  let fileBytes = 0;
  for (const pid of pids) {
    const text = read(`/proc/${pid}/status`);
    if (text === undefined) continue;
    const memory = parseMemory(text);
    anonymousBytes += memory.anonymousBytes;
    fileBytes += memory.fileBytes;
  }
  return { anonymousBytes, fileBytes };
}

/** All of it that is resident. Pages that several processes map count in each. */
export function residentBytesOf(pids: readonly number[]): number {
  const { anonymousBytes, fileBytes } = memoryOf(pids);
  return anonymousBytes + fileBytes;
}

/** The process and all that it started, directly or not. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (stat !== undefined) parents.set(Number(name), stat.parent);
  }
  const found = [pid];
  // Grows while it is walked: children of what was found come behind it.
  for (const parent of found)
    for (const [child, of] of parents) if (of === parent) found.push(child);
  return found;
}

/** As its program is called; undefined when there is no such process any more. */
export function nameOf(pid: number): string | undefined {
  return read(`/proc/${pid}/comm`)?.trimEnd();
}

function statOf(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** Undefined when there is no such process any more. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
