/** Whether a node holds any key of a bucket: one look into each partition. */
import { storageKeyOf } from '../../actors/rules/key.js';
import type { Store } from '../store/store.js';

export function holdsBucket(store: Store, partitions: number, bucket: string): boolean {
  for (let partition = 0; partition < partitions; partition++) {
    const before = storageKeyOf({ partition, bucket, key: '' });
    const [first] = store.scan({ partition, after: before, limit: 1 });
    if (first?.key.startsWith(before) === true) return true;
  }
  return false;
}
