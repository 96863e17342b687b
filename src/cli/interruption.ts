/** Ctrl-C in the middle of something long: it ends by itself, and leaves things in order. */
import { CommandError, exitCodes } from './exit-codes.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A second one ends the process as it always does. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const asked = (): void => {
    controller.abort(new CommandError(exitCodes.failed, 'interrupted'));
  };
  for (const signal of signals) process.once(signal, asked);
  try {
    return await run(controller.signal);
  } finally {
    for (const signal of signals) process.removeListener(signal, asked);
  }
}
