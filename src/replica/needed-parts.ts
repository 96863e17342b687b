/**
 * Whether parts of big values are needed by what this node knows itself: who orders them dropped
 * may go by a clock that is wrong.
 */
import {
  isPartBucket,
  nameOfStorageKey,
  partitionOfStorageKey,
  storageKeyOf,
  type StorageKey,
} from '../../actors/rules/key.js';
import { givenUpIndex, namedBucket, partKey, partNameOf } from '../../actors/rules/part-names.js';
import { isUnneeded, type UploadTimes } from '../../actors/rules/parts.js';
import { emptyState } from '../../actors/rules/versions.js';
import type { Store } from '../store/store.js';
import { uploadIn } from '../wire/manifest.js';

/** Of the number of a part, at the end of its key. */
const indexBytes = 4;

/** For one order: of the parts of an upload it looks at their key once. */
export class NeededParts {
  private readonly byUpload = new Map<StorageKey, boolean>();

  constructor(
    private readonly store: Pick<Store, 'peek'>,
    private readonly times: () => UploadTimes,
  ) {}

  /** Undefined: it is no part. */
  isNeeded(key: StorageKey): boolean | undefined {
    const { bucket, key: own } = nameOfStorageKey(key);
    if (!isPartBucket(bucket)) return undefined;
    const name = partNameOf(own);
    if (name === undefined) return false;
    const { owner, upload } = name;
    const prefix = key.slice(0, -indexBytes);
    const known = this.byUpload.get(prefix);
    if (known !== undefined) return known;
    const partition = partitionOfStorageKey(key);
    const ownerKey = storageKeyOf({ partition, bucket: namedBucket(bucket), key: owner });
    const end = storageKeyOf({ partition, bucket, key: partKey(owner, upload, givenUpIndex) });
    const state = this.store.peek(ownerKey)?.state ?? emptyState;
    const seen = {
      upload,
      owner: { state, uploadOf: uploadIn },
      isGivenUp: this.store.peek(end) !== undefined,
    };
    const isNeeded = !isUnneeded(seen, { ...this.times(), graceMs: 0 });
    this.byUpload.set(prefix, isNeeded);
    return isNeeded;
  }
}
