/** Where the value of a put comes from: the argument, a file, or standard input. */
import type { ByteSource } from '../client/byte-source.js';
import { CommandError, exitCodes } from './exit-codes.js';
import { openValueFile, piecesOfFile } from './value-file.js';

export interface ValueSource {
  /** The argument; `-` is standard input. */
  readonly argument: string | undefined;
  readonly file: string | undefined;
}

export interface OpenedValue {
  readonly pieces: ByteSource;
  /** Undefined where nobody knows it beforehand. */
  readonly size: number | undefined;
  close(): Promise<void>;
}

/** Rejects with a usage error unless exactly one source is named. */
export async function openValue({ argument, file }: ValueSource): Promise<OpenedValue> {
  if (argument !== undefined && file !== undefined) {
    throw new CommandError(
      exitCodes.usage,
      'give the value as an argument or with --file, not both',
    );
  }
  if (file !== undefined) {
    const opened = await openValueFile(file);
    const pieces = piecesOfFile(opened.file);
    return { pieces, size: opened.size, close: () => opened.file.close() };
  }
  if (argument === undefined) {
    throw new CommandError(
      exitCodes.usage,
      "no value: give it as an argument, with --file, or '-' for standard input",
    );
  }
  if (argument === '-') return { pieces: process.stdin, size: undefined, close: nothing };
  const bytes = Buffer.from(argument, 'utf8');
  return { pieces: bytes, size: bytes.length, close: nothing };
}

const nothing = (): Promise<void> => Promise.resolve();

/** All of it at once. */
export async function bytesOf({ pieces }: OpenedValue): Promise<Uint8Array> {
  if (pieces instanceof Uint8Array) return pieces;
  const whole: Buffer[] = [];
  // A file's pieces share their memory.
  for await (const piece of pieces as AsyncIterable<Uint8Array>) whole.push(Buffer.from(piece));
  return Buffer.concat(whole);
}
