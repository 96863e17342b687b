/**
 * What every command of the bench needs around it: a directory for the data, a place for words, a
 * file for the rows.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

export function machine(): string {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpu?.model ?? 'CPU'}, ${gigabytes} GB, Node ${process.version}`;
}

/** The directory is gone when the work is done, failed, or stopped by a signal. */
export async function withDirectory(
  within: string,
  work: (directory: string) => Promise<void>,
): Promise<void> {
  mkdirSync(within, { recursive: true });
  const directory = mkdtempSync(join(within, 'quorate-bench-'));
  const remove = (): void => {
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    } catch (error) {
      // Processes that are just being killed may still write there; those to come must be killed
      // all the same.
      process.stderr.write(`${directory} is left behind: ${String(error)}\n`);
    }
  };
  process.once('exit', remove);
  // Children and data go when the process exits, which it would not do in order on a signal.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  try {
    await work(directory);
  } finally {
    remove();
  }
}

/** One line that is overwritten; nothing where nobody watches. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 1)}\n`);
}
