/** Brings a value of any size to a file or to standard output, with a bar for who waits. */
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Progress } from '../client/upload.js';
import type { BigRead } from '../client/big-read.js';
import type { ByteRange, GetStreamOptions } from '../client/big-values.js';
import { DigestError, NotFoundError } from '../errors.js';
import { RealClock } from '../seams/real-clock.js';
import { CommandError, exitCodes } from './exit-codes.js';
import { ByteBar, type BarScreen } from './byte-bar.js';
import { isSpecialFile, PartialFile } from './value-file.js';

export interface Download {
  readonly name: string;
  /** Opens the value; undefined where there is none. */
  open(options: Pick<GetStreamOptions, 'range' | 'onProgress'>): Promise<BigRead | undefined>;
}

/** What a bar is drawn on: nothing, where what is printed goes to the same terminal. */
const silent: BarScreen = { write: () => undefined };

/** The bytes as they are. An error after some of them says that they are of no use. */
export async function downloadToStdout(
  download: Download,
  range: ByteRange | undefined,
): Promise<BigRead> {
  const screen = process.stdout.isTTY ? silent : process.stderr;
  const bar = new ByteBar(screen, new RealClock(), download.name);
  try {
    return await piped(download, { range, bar, output: process.stdout, end: false });
  } finally {
    bar.end();
  }
}

/**
 * The file is there when all of it is, and checked. What an interrupted command has fetched of the
 * same value is not fetched again.
 */
export async function downloadToFile(
  download: Download,
  path: string,
  range: ByteRange | undefined,
): Promise<BigRead> {
  const bar = new ByteBar(process.stderr, new RealClock(), basename(path));
  try {
    // A part of a value has no digest that a later command could know it by.
    if (range !== undefined || (await isSpecialFile(path)))
      return await piped(download, { range, bar, output: createWriteStream(path), end: true });
    return await resumed(download, path, bar);
  } finally {
    bar.end();
  }
}

async function piped(
  download: Download,
  to: {
    readonly range: ByteRange | undefined;
    readonly bar: ByteBar;
    readonly output: Writable;
    readonly end: boolean;
  },
): Promise<BigRead> {
  const { range, bar, output, end } = to;
  const onProgress = ({ bytes, size }: Progress): void => bar.show(bytes, size);
  const read = found(await download.open({ range, onProgress }), download);
  try {
    await pipeline(Readable.from(read, { objectMode: false }), output, { end });
  } catch (error) {
    if (!hasHadEnough(error)) throw error;
  }
  return read;
}

/** Who reads what is printed (`| head`). */
function hasHadEnough(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

async function resumed(download: Download, path: string, bar: ByteBar): Promise<BigRead> {
  const value = found(await download.open({}), download);
  const partial = await PartialFile.open(path, value.digest);
  let isDone = false;
  try {
    const from = Math.min(partial.bytes, value.size);
    const rest = await download.open({
      range: { from },
      onProgress: ({ bytes }) => bar.show(from + bytes, value.size),
    });
    if (rest?.digest !== value.digest) throw new CommandError(exitCodes.refused, replaced);
    bar.startAt(from);
    for await (const piece of rest) await partial.add(piece);
    isDone = true;
  } finally {
    if (!isDone) await partial.keep();
  }
  if (!(await partial.finish())) throw new DigestError();
  return value;
}

const replaced = 'the value was replaced meanwhile: get it again';

function found(read: BigRead | undefined, { name }: Download): BigRead {
  if (read === undefined) throw new NotFoundError(`no such key: ${name}`);
  return read;
}
