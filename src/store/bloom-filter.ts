/**
 * A Bloom filter over key hashes: may say yes to a key that was never added, never no to one that
 * was. Double hashing after Kirsch and Mitzenmacher, "Less Hashing, Same Performance" (2006); 10
 * bits a key and 7 probes give one false yes in a hundred at capacity.
 */
import type { KeyHash } from './key-hash.js';

const bitsPerKey = 10;
const probes = 7;

export class BloomFilter {
  private readonly words: Uint32Array;
  private readonly bits: number;
  added = 0;

  constructor(readonly capacity: number) {
    this.words = new Uint32Array(Math.ceil((capacity * bitsPerKey) / 32));
    this.bits = this.words.length * 32;
  }

  get full(): boolean {
    return this.added >= this.capacity;
  }

  get bytes(): number {
    return this.words.byteLength;
  }

  add(hash: KeyHash): void {
    this.added += 1;
    let probe = hash.lo >>> 0;
    for (let i = 0; i < probes; i++) {
      const bit = probe % this.bits;
      this.words[bit >>> 5]! |= 1 << (bit & 31);
      probe = (probe + (hash.hi | 1)) >>> 0;
    }
  }

  mayHold(hash: KeyHash): boolean {
    let probe = hash.lo >>> 0;
    for (let i = 0; i < probes; i++) {
      const bit = probe % this.bits;
      if ((this.words[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
      probe = (probe + (hash.hi | 1)) >>> 0;
    }
    return true;
  }
}
