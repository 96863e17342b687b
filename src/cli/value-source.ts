/** Where the value of a put comes from: the argument, a file, or standard input. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { CommandError, exitCodes } from './exit-codes.js';

export interface ValueSource {
  /** The argument; `-` is standard input. */
  readonly argument: string | undefined;
  readonly file: string | undefined;
}

/** Rejects with a usage error unless exactly one source is named. */
export async function readValue({ argument, file }: ValueSource): Promise<Uint8Array> {
  if (argument !== undefined && file !== undefined) {
    throw new CommandError(
      exitCodes.usage,
      'give the value as an argument or with --file, not both',
    );
  }
  if (file !== undefined) return readNamedFile(file);
  if (argument === undefined) {
    throw new CommandError(
      exitCodes.usage,
      "no value: give it as an argument, with --file, or '-' for standard input",
    );
  }
  return argument === '-' ? buffer(process.stdin) : Buffer.from(argument, 'utf8');
}

async function readNamedFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CommandError(exitCodes.usage, `--file: ${(error as Error).message}`);
  }
}
