/**
 * Room for the values of one slice of a flush: of all values of a partition at once, because
 * allocating each by itself costs more than filling it, and in the same memory for each slice,
 * because the one before is committed by then. Parts of big values would otherwise be garbage of
 * their size once more.
 */
import { storeLimits } from '../../actors/rules/limits/store.js';

export class SliceBlock {
  private block = Buffer.allocUnsafeSlow(storeLimits.flushSliceBytesMax);
  private at = 0;

  /** What was taken so far is written over from here on. */
  begin(): void {
    this.at = 0;
  }

  /** Not cleared; until the next `begin`. */
  take(bytes: number): Buffer {
    const end = this.at + bytes;
    if (end <= this.block.length) {
      const taken = this.block.subarray(this.at, end);
      this.at = end;
      return taken;
    }
    const taken = Buffer.allocUnsafeSlow(bytes);
    if (bytes > this.block.length && bytes <= storeLimits.sliceBlockBytesMax) {
      this.block = taken;
      this.at = bytes;
    }
    return taken;
  }
}
