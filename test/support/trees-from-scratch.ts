/** The hash trees as they should be, computed from what a scan of the store finds. */
import type { Digest } from '../../actors/rules/versions.js';
import { HashTrees } from '../../src/store/hash-trees.js';
import { hashOfKey } from '../../src/store/key-hash.js';
import type { Store } from '../../src/store/store.js';

export function treesFromScratch(
  store: Store,
  partitions: number,
): { root: Digest; leaves: Digest[] }[] {
  const trees = new HashTrees(partitions);
  return Array.from({ length: partitions }, (_, partition) => {
    for (const { key, digest } of store.scan({ partition, limit: Infinity }))
      trees.change({ partition, ...hashOfKey(key) }, undefined, digest);
    return { root: trees.root(partition), leaves: trees.leafDigests(partition) };
  });
}
