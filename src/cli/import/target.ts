/** Where an import puts what it reads. */
import type { Bucket } from '../../client/bucket.js';

/** What is there of a key: undefined when nothing is; several where writers did not agree. */
export type Held = readonly Uint8Array[] | undefined;

export interface ImportTarget {
  /** `ttlMs` undefined: what the bucket says. */
  put(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<void>;
  /** True: it was there. */
  remove(key: string): Promise<boolean>;
  held(keys: readonly string[]): Promise<ReadonlyMap<string, readonly Uint8Array[]>>;
}

export class BucketTarget implements ImportTarget {
  constructor(private readonly bucket: Bucket<Uint8Array, Uint8Array | string>) {}

  async put(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<void> {
    await this.bucket.put(key, value, { ttlMs });
  }

  async remove(key: string): Promise<boolean> {
    // A delete of what was never there would be kept for an hour at each of its nodes.
    const entry = await this.bucket.read(key);
    if (!entry.exists) return false;
    await this.bucket.delete(key, { context: entry.context });
    return true;
  }

  async held(keys: readonly string[]): Promise<ReadonlyMap<string, readonly Uint8Array[]>> {
    const entries = await this.bucket.getAll(keys);
    return new Map([...entries].map(([key, entry]) => [key, entry.values]));
  }
}
