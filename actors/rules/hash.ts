/** Hashes of 32 bits that every node computes alike: FNV-1a, and what brings its bits apart. */

export const fnvBasis = 0x811c9dc5;

/** FNV-1a over UTF-16 units, to be continued. */
export function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** murmur3's finaliser, unsigned: after FNV alone what differs in its last bytes lies in a heap. */
export function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
