/** Where an import puts what it reads. */
import { createHash } from 'node:crypto';
import { limits } from '../../../actors/rules/limits.js';
import type { Bucket } from '../../client/bucket.js';
import type { Entry } from '../../client/entry.js';

/** Whether what is there is this one value, and nothing else. */
export type IsHeld = (value: Uint8Array) => boolean;

export interface ImportTarget {
  /** `ttlMs` undefined: what the bucket says. */
  put(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<void>;
  /** True: it was there. */
  remove(key: string): Promise<boolean>;
  /** Of the keys that are there. */
  held(keys: readonly string[]): Promise<ReadonlyMap<string, IsHeld>>;
}

export class BucketTarget implements ImportTarget {
  constructor(private readonly bucket: Bucket<Uint8Array, Uint8Array | string>) {}

  async put(key: string, value: Uint8Array, ttlMs: number | undefined): Promise<void> {
    const { bucket } = this;
    if (value.length <= limits.valueBytesMax) await bucket.put(key, value, { ttlMs });
    else await bucket.putStream(key, value, { ttlMs });
  }

  async remove(key: string): Promise<boolean> {
    // A delete of what was never there would be kept for an hour at each of its nodes.
    const entry = await this.bucket.read(key);
    if (!entry.exists) return false;
    await this.bucket.delete(key, { context: entry.context });
    return true;
  }

  async held(keys: readonly string[]): Promise<ReadonlyMap<string, IsHeld>> {
    const entries = await this.bucket.getAll(keys);
    return new Map([...entries].map(([key, entry]) => [key, (value) => isValueOf(entry, value)]));
  }
}

/** Of a big value its digest tells, so that it need not be read. */
function isValueOf(entry: Entry<Uint8Array>, value: Uint8Array): boolean {
  if (entry.inConflict) return false;
  const { big } = entry;
  if (big === undefined) return Buffer.compare(entry.value, value) === 0;
  if (big.size !== value.length) return false;
  return big.digest === `SHA-256=${createHash('sha256').update(value).digest('base64url')}`;
}
