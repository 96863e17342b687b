/**
 * Cuts what a source gives into parts of one size. A part that lies within one piece is a view of
 * it. Smaller pieces are copied, each before the next is asked for, so that a source may use its
 * buffer again; and so does this, once a part was sent: no more memory is taken than parts are
 * under way, however much goes through.
 */
import type { Pieces } from './byte-source.js';

export interface Part {
  readonly bytes: Uint8Array;
  /** To be given back, of parts that were put together. */
  readonly buffer: Uint8Array | undefined;
}

const nothing = new Uint8Array(0);

export class PartCutter {
  private rest: Uint8Array = nothing;
  private readonly spare: Uint8Array[] = [];

  constructor(
    private readonly pieces: Pieces,
    private readonly partBytes: number,
  ) {}

  /** All are of full size but the last; undefined at the end. Rejects as the source does. */
  async next(): Promise<Part | undefined> {
    while (this.rest.length === 0) {
      const piece = await this.pieces.next();
      if (piece === undefined) return undefined;
      this.rest = piece;
    }
    return this.rest.length >= this.partBytes ? this.view() : this.gathered();
  }

  /** The part is over: nobody reads its bytes any more. */
  giveBack({ buffer }: Part): void {
    if (buffer !== undefined) this.spare.push(buffer);
  }

  private view(): Part {
    const bytes = this.rest.subarray(0, this.partBytes);
    this.rest = this.rest.subarray(this.partBytes);
    return { bytes, buffer: undefined };
  }

  private async gathered(): Promise<Part> {
    const buffer = this.spare.pop() ?? Buffer.allocUnsafeSlow(this.partBytes);
    let filled = 0;
    for (;;) {
      const taken = this.rest.subarray(0, this.partBytes - filled);
      buffer.set(taken, filled);
      filled += taken.length;
      this.rest = this.rest.subarray(taken.length);
      if (filled === this.partBytes) break;
      const piece = await this.pieces.next();
      if (piece === undefined) break;
      this.rest = piece;
    }
    return { bytes: buffer.subarray(0, filled), buffer };
  }
}
