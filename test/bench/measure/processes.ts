/** What the operating system knows of processes: CPU time and parents, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of a second; what Linux has used for /proc on every architecture for decades (`getconf CLK_TCK`). */
const ticksPerSecond = 100;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** Undefined when there is no such process any more. */
function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name may contain anything, but it ends with the last parenthesis; what follows starts at field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** User and system time of the processes so far, µs; one that is gone counts 0. */
export function cpuMicrosOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) ticks += statOf(pid)?.ticks ?? 0;
  return (ticks * 1_000_000) / ticksPerSecond;
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
