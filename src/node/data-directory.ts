/**
 * The lock on a data directory: two nodes with one directory would destroy it.
 *
 * Every process that wants the directory first writes a file named after itself
 * (`lock.<boot>.<pid>.<start>`), then looks for others. A name is never used by two processes, so a
 * file whose process is gone can be removed without asking, and `kill -9` followed by an immediate
 * restart needs no waiting. Of two that start at the same moment both see each other, and neither
 * takes it. Containers that share a volume do not see each other's processes; there the id in the
 * directory gives them away (two nodes with one id).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivate } from './private-directory.js';

export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

export interface DataDirectory {
  readonly path: string;
  release(): void;
}

const lockPattern = /^lock\.([0-9a-f]+)\.(\d+)\.(\d+)$/;
/** Directories this process has locked: its own name would not stop it. */
const locked = new Set<string>();

/**
 * Creates the directory where it is missing. Throws `DataDirectoryError` when a live process has
 * it, when it is another user's, or when it can't be written.
 */
export function lockDataDirectory(path: string): DataDirectory {
  const own = `lock.${bootId()}.${process.pid}.${startOf(process.pid) ?? 0}`;
  try {
    makePrivate(path);
    const file = join(path, own);
    if (locked.has(file)) throw inUse(path, process.pid);
    writeFileSync(file, '', { mode: 0o600 });
    for (const other of locksIn(path)) {
      if (other === own) continue;
      const pid = livePidOf(other);
      if (pid === undefined) {
        rmSync(join(path, other), { force: true });
        continue;
      }
      rmSync(file, { force: true });
      throw inUse(path, pid);
    }
    locked.add(file);
    return {
      path,
      release: () => {
        locked.delete(file);
        rmSync(file, { force: true });
      },
    };
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DataDirectoryError(`the data directory ${path} can't be used: ${why}`);
  }
}

/**
 * For who is about to start others on it. Throws `DataDirectoryError` when a live process has it,
 * this one included.
 */
export function checkUnused(path: string): void {
  for (const lock of locksIn(path)) {
    const pid = livePidOf(lock);
    if (pid !== undefined) throw inUse(path, pid);
  }
}

function locksIn(path: string): string[] {
  return readdirSync(path).filter((name) => lockPattern.test(name));
}

function inUse(path: string, pid: number): DataDirectoryError {
  return new DataDirectoryError(
    `the data directory ${path} is in use by process ${pid}: each node needs its own (option dataDir, --data-dir)`,
  );
}

/**
 * The process that wrote a lock file, if it lives: same boot, same pid, started at the same moment.
 */
function livePidOf(name: string): number | undefined {
  const [, boot, pidText, start] = lockPattern.exec(name)!;
  const pid = Number(pidText);
  if (boot !== bootId() || !isAlive(pid)) return undefined;
  return Number(start) === (startOf(pid) ?? 0) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ticks since boot at which a process started; undefined where the system does not tell, and then
 * the pid alone has to do.
 */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program is in parentheses and may hold spaces; the start is field 22 of all,
    // 20 behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? -1 : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replace(/[^0-9a-f]/g, '');
  } catch {
    return '0';
  }
}
