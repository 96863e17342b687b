/**
 * The memory of a memtable (as the arena of LevelDB's): what is written lies one behind the other
 * in large chunks, and goes all at once, when the memtable is dropped. V8 collects garbage after
 * every 32 MB of new buffers, however short they live or long; chunks that are used again are none.
 *
 * So bytes of an arena are lent: whoever looks at them in a later turn of the event loop must have
 * copied them, or hold a `Lease`.
 */

import { storeLimits } from '../../actors/rules/limits/store.js';
/** Of a memtable's bytes: what the last chunk wastes is little beside them. */
const chunksPerMemtable = 16;

export interface ChunkPoolOptions {
  readonly memtableBytesMax: number;
  /** Whether what is given back is overwritten, so that whoever still looks at it notices. */
  readonly scrub: boolean;
}

/** Chunks to be used again, as many as one memtable takes. */
export class ChunkPool {
  readonly chunkBytes: number;
  private readonly spares: Buffer[] = [];

  constructor(private readonly options: ChunkPoolOptions) {
    this.chunkBytes = Math.max(
      storeLimits.chunkBytesMin,
      Math.ceil(options.memtableBytesMax / chunksPerMemtable),
    );
  }

  take(): Buffer {
    return this.spares.pop() ?? Buffer.allocUnsafeSlow(this.chunkBytes);
  }

  giveBack(chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      if (this.options.scrub) chunk.fill(0xdb);
      if (this.spares.length <= chunksPerMemtable) this.spares.push(chunk);
    }
  }
}

/** Bytes of an arena that are held beyond the turn. To be released once. */
export interface Lease {
  readonly bytes: Buffer;
  release(): void;
}

export class Arena {
  private readonly chunks: Buffer[] = [];
  /** Where the free part of the last chunk begins. */
  private at: number;
  private leases = 0;

  constructor(private readonly pool: ChunkPool) {
    this.at = pool.chunkBytes;
  }

  /** Not cleared. What is larger than a chunk has memory of its own. */
  take(length: number): Buffer {
    const { chunkBytes } = this.pool;
    if (length > chunkBytes) return Buffer.allocUnsafeSlow(length);
    if (this.at + length > chunkBytes) {
      this.chunks.push(this.pool.take());
      this.at = 0;
    }
    const start = this.at;
    this.at += length;
    return this.chunks.at(-1)!.subarray(start, this.at);
  }

  copy(bytes: Uint8Array): Buffer {
    const copy = this.take(bytes.length);
    copy.set(bytes);
    return copy;
  }

  /** Of what was taken last, and is used nowhere. */
  undo(taken: Buffer): void {
    if (taken.length <= this.pool.chunkBytes) this.at -= taken.length;
  }

  lease(bytes: Buffer): Lease {
    this.leases++;
    return { bytes, release: () => void this.leases-- };
  }

  /**
   * Nothing in it is looked at any more, but for what is leased: then the collector has to see when
   * it may go.
   */
  giveBack(): void {
    if (this.leases === 0) this.pool.giveBack(this.chunks);
    this.chunks.length = 0;
    this.at = this.pool.chunkBytes;
  }
}
