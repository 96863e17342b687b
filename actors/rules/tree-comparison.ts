/**
 * Where two replicas differ: by tree digests first, by keys where the trees part. After Merkle
 * (1987) as Dynamo uses it for anti-entropy: equal replicas find out with one small message.
 */
import type { NodeId } from './actor.js';
import type { StorageKey } from './key.js';
import type { Digest } from './versions.js';
import { sameDigest } from './versions.js';

export interface KeyDigest {
  readonly key: StorageKey;
  readonly digest: Digest;
}

/**
 * Whom to compare with next: those who can be reached each in its turn, first those with whom it is
 * urgent. Ascending, as the last one tells who had its turn; undefined: nobody is there.
 */
export function nextToVisit(
  reachable: readonly NodeId[],
  urgent: ReadonlySet<NodeId>,
  last: NodeId,
): NodeId | undefined {
  const first = reachable.filter((peer) => urgent.has(peer));
  const among = first.length > 0 ? first : reachable;
  return among.find((peer) => peer > last) ?? among[0];
}

/** Positions at which two runs of digests differ; a missing one differs. */
export function differingPositions(mine: readonly Digest[], theirs: readonly Digest[]): number[] {
  const positions: number[] = [];
  for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
    const [a, b] = [mine[i], theirs[i]];
    if (a === undefined || b === undefined || !sameDigest(a, b)) positions.push(i);
  }
  return positions;
}

/** Keys that one of two lists lacks or has with another digest, in order. Both lists ascend. */
export function differingKeys(
  mine: readonly KeyDigest[],
  theirs: readonly KeyDigest[],
): StorageKey[] {
  const keys: StorageKey[] = [];
  let m = 0;
  let t = 0;
  while (m < mine.length || t < theirs.length) {
    const a = mine[m];
    const b = theirs[t];
    if (b === undefined || (a !== undefined && a.key < b.key)) {
      keys.push(a!.key);
      m++;
    } else if (a === undefined || b.key < a.key) {
      keys.push(b.key);
      t++;
    } else {
      if (!sameDigest(a.digest, b.digest)) keys.push(a.key);
      m++;
      t++;
    }
  }
  return keys;
}
