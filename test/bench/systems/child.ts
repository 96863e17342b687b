import type { ChildProcess } from 'node:child_process';

/**
 * Resolves when the child is gone; it is killed when this process exits first, before the directory
 * it writes to is removed.
 */
export function endOf(child: ChildProcess): Promise<void> {
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.prependOnceListener('exit', kill);
  return new Promise((resolve) => {
    child.once('exit', () => {
      process.off('exit', kill);
      resolve();
    });
  });
}
