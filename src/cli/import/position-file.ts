/** How far an import has come, kept in a file from which it can go on. */
import { open, readFile, rename, stat } from 'node:fs/promises';
import { importLimits } from '../../../actors/rules/limits/import.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import type { SourceInfo } from './source.js';

export interface ImportPosition {
  readonly stream: string;
  /** When the stream was made: one that was made anew counts from 1 again. */
  readonly created: string;
  readonly target: string;
  /** Entries up to this one are in the target. */
  readonly sequence: number;
}

export class PositionFile {
  private writing: Promise<void> = Promise.resolve();
  private newest: ImportPosition | undefined;

  constructor(readonly path: string) {}

  /** Undefined: there is no such file yet. Rejects where it is of another import. */
  async read(source: SourceInfo, target: string): Promise<number | undefined> {
    const position = await this.load();
    if (position === undefined) return undefined;
    const refuse = (why: string): never => {
      throw new CommandError(
        exitCodes.usage,
        `${this.path} can't be gone on from: ${why} (without it, the import begins anew)`,
      );
    };
    if (position.stream !== source.stream)
      return refuse(`it is of ${position.stream}, not of ${source.stream}`);
    if (position.target !== target)
      return refuse(`it is of an import into ${position.target}, not into ${target}`);
    if (position.created !== source.created || position.sequence > source.lastSequence)
      return refuse(`${source.stream} was made anew since`);
    return position.sequence;
  }

  /** Of several that are told while one is written, the last. */
  write(position: ImportPosition): Promise<void> {
    const waits = this.newest !== undefined;
    this.newest = position;
    if (!waits) {
      this.writing = this.writing.catch(() => undefined).then(() => this.store());
      this.writing.catch(() => undefined);
    }
    return this.writing;
  }

  /** Resolves when all that was told is on the disk. */
  written(): Promise<void> {
    return this.writing;
  }

  private async store(): Promise<void> {
    const position = this.newest;
    this.newest = undefined;
    const beside = `${this.path}.new`;
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(position)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(beside, this.path);
  }

  private async load(): Promise<ImportPosition | undefined> {
    try {
      if ((await stat(this.path)).size > importLimits.positionBytesMax) throw new SyntaxError();
      return positionOf(JSON.parse(await readFile(this.path, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      const what = error instanceof SyntaxError ? 'it is none of an import' : String(error);
      throw new CommandError(exitCodes.usage, `${this.path} can't be gone on from: ${what}`);
    }
  }
}

function positionOf(value: unknown): ImportPosition {
  if (typeof value !== 'object' || value === null) throw new SyntaxError();
  const { stream, created, target, sequence } = value as Record<string, unknown>;
  const isOne =
    typeof stream === 'string' &&
    typeof created === 'string' &&
    typeof target === 'string' &&
    Number.isSafeInteger(sequence);
  if (!isOne) throw new SyntaxError();
  return { stream, created, target, sequence: sequence as number };
}
