/** Asks who sits at the terminal whether it is really meant. */
import { createInterface } from 'node:readline/promises';
import { CommandError, exitCodes } from './exit-codes.js';
import { say } from './output.js';

export interface Confirmation {
  /** What it comes to. */
  readonly shown: string;
  readonly question: string;
  /** To be typed for yes. */
  readonly word: string;
  /** What then has not happened. */
  readonly declined: string;
  /** Nobody is asked any more. */
  readonly signal?: AbortSignal;
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Throws `CommandError` with this where nobody could answer. */
export function checkTerminal(advice: string): void {
  if (!process.stdin.isTTY) throw new CommandError(exitCodes.usage, advice);
}

/** Throws `CommandError` unless the word is typed. */
export async function confirm(
  { shown, question, word, declined, signal }: Confirmation,
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  say(shown);
  const lines = createInterface(terminal);
  // A Ctrl-C or Ctrl-D is an answer too.
  const closed = new Promise<string>((resolve) => {
    lines.once('SIGINT', () => lines.close());
    lines.once('close', () => resolve(''));
    signal?.addEventListener('abort', () => lines.close());
  });
  const answered = lines.question(question).catch(() => '');
  const typed = await Promise.race([answered, closed]);
  lines.close();
  if (typed.trim() !== word) throw new CommandError(exitCodes.failed, declined);
}
