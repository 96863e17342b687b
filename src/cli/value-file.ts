/** Values in files: read piece by piece, and written so that no half of one is taken for it. */
import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { commandLimits } from '../../actors/rules/limits/command.js';
import { digestText } from '../client/big-entry.js';
import { CommandError, exitCodes } from './exit-codes.js';

/** Pieces share one buffer: each is over when the next is asked for. */
export async function* piecesOfFile(
  file: FileHandle,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(commandLimits.filePieceBytes);
  for (let left = end; left > 0;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(left, buffer.length));
    if (bytesRead === 0) return;
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** `size`: undefined of what is no ordinary file, as pipes and devices. */
export async function openValueFile(
  path: string,
): Promise<{ readonly file: FileHandle; readonly size: number | undefined }> {
  try {
    const file = await open(path, 'r');
    const stat = await file.stat();
    if (!stat.isDirectory()) return { file, size: stat.isFile() ? stat.size : undefined };
    await file.close();
    throw new Error(`${path} is a directory`);
  } catch (error) {
    throw new CommandError(exitCodes.usage, `--file: ${(error as Error).message}`);
  }
}

/** A pipe, a device: what is there is written to, and can't be replaced. */
export async function isSpecialFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * What there is of a value that is fetched into a file: it lies beside that file, under a name that
 * says which value it is of, until all of it is there.
 */
export class PartialFile {
  private constructor(
    private readonly target: string,
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly digest: string,
    private readonly hash: Hash,
    /** That are there. */
    public bytes: number,
  ) {}

  /** Goes on with what an earlier command left of the same value. */
  static async open(target: string, digest: string): Promise<PartialFile> {
    const ofValue = digest.slice(digest.indexOf('=') + 1).slice(0, nameChars);
    const path = join(dirname(target), `.${basename(target)}.${ofValue}.part`);
    try {
      const file = await open(path, 'a+');
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of piecesOfFile(file)) {
        hash.update(piece);
        bytes += piece.length;
      }
      return new PartialFile(target, path, file, digest, hash, bytes);
    } catch (error) {
      throw new CommandError(exitCodes.usage, `--file: ${(error as Error).message}`);
    }
  }

  async add(piece: Uint8Array): Promise<void> {
    this.hash.update(piece);
    for (let at = 0; at < piece.length;) at += (await this.file.write(piece, at)).bytesWritten;
    this.bytes += piece.length;
  }

  /** All of it is there: now the file is. False: it is not what was put, and is gone. */
  async finish(): Promise<boolean> {
    if (digestText(this.hash.digest()) !== this.digest) {
      await this.drop();
      return false;
    }
    await this.file.sync();
    await this.file.close();
    await rename(this.path, this.target);
    return true;
  }

  /** For the next command. */
  async keep(): Promise<void> {
    await this.file.close();
  }

  async drop(): Promise<void> {
    await this.file.close();
    await rm(this.path, { force: true });
  }
}

/** Of a digest, which are enough to tell values apart. */
const nameChars = 16;
