/**
 * Writes under way: bounded in number and bytes, those of one key one after the other. It knows up
 * to which entry of the source all are done.
 */
import { importLimits } from '../../../actors/rules/limits/import.js';

interface Piece {
  readonly sequence: number;
  isDone: boolean;
}

export interface Write {
  readonly sequence: number;
  readonly key: string;
  readonly bytes: number;
}

export class PutWindow {
  private readonly pieces: Piece[] = [];
  private readonly ofKeys = new Map<string, Promise<void>>();
  private readonly all = new Set<Promise<void>>();
  private bytes = 0;
  private doneUpTo: number | undefined;
  private failure: { readonly error: unknown } | undefined;

  /** Resolves when it has begun. Rejects with what a write before it failed with. */
  async add({ sequence, key, bytes }: Write, write: () => Promise<void>): Promise<void> {
    while (!this.hasRoom(bytes)) await Promise.race(this.all);
    this.check();
    const piece: Piece = { sequence, isDone: false };
    this.pieces.push(piece);
    this.bytes += bytes;
    const before = this.ofKeys.get(key);
    const settled: Promise<void> = this.run(piece, before, write).finally(() => {
      this.bytes -= bytes;
      this.all.delete(settled);
      if (this.ofKeys.get(key) === settled) this.ofKeys.delete(key);
    });
    this.all.add(settled);
    this.ofKeys.set(key, settled);
  }

  /** Entries that need no write are done, too. */
  passed(sequence: number): void {
    this.pieces.push({ sequence, isDone: true });
  }

  /** All entries up to this number are done; undefined: none is. */
  position(): number | undefined {
    let done = 0;
    while (this.pieces[done]?.isDone === true) done++;
    const last = this.pieces.splice(0, done).at(-1);
    this.doneUpTo = last?.sequence ?? this.doneUpTo;
    return this.doneUpTo;
  }

  /** Waits for all that began. Rejects with the first failure. */
  async settled(): Promise<void> {
    await Promise.all(this.all);
    this.check();
  }

  private async run(
    piece: Piece,
    before: Promise<void> | undefined,
    write: () => Promise<void>,
  ): Promise<void> {
    try {
      if (before !== undefined) await before;
      await write();
      piece.isDone = true;
    } catch (error) {
      this.failure ??= { error };
    }
  }

  private hasRoom(bytes: number): boolean {
    const { putsInFlightMax, bytesInFlightMax } = importLimits;
    const { size } = this.all;
    return size === 0 || (size < putsInFlightMax && this.bytes + bytes <= bytesInFlightMax);
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }
}
