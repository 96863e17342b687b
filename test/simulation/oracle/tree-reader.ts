/**
 * Hash trees, written down a second time from their documentation: what the leaves of a partition
 * must be, by the keys it holds.
 */
export const leavesOfTree = 64;

export interface SeenTree {
  /** 8 bytes a leaf. */
  readonly leaves: Buffer;
  /** Storage key → digest of its state, 8 bytes. */
  readonly digests: ReadonlyMap<string, Buffer>;
}

/** The leaves a tree over these keys has: each the XOR over its keys of key and digest, mixed. */
export function leavesOver(digests: ReadonlyMap<string, Buffer>): Buffer {
  const cells = new Uint32Array(2 * leavesOfTree);
  for (const [key, digest] of digests) {
    const { hi, lo } = hashOf(key);
    const [digestHi, digestLo] = [digest.readUInt32BE(0), digest.readUInt32BE(4)];
    const cell = 2 * (hi % leavesOfTree);
    cells[cell]! ^= murmurEnd(lo ^ Math.imul(digestHi, 0x9e3779b1) ^ digestLo);
    cells[cell + 1]! ^= murmurEnd(hi ^ Math.imul(digestLo, 0x85ebca77) ^ digestHi);
  }
  const leaves = Buffer.alloc(4 * cells.length);
  cells.forEach((cell, i) => leaves.writeUInt32BE(cell, 4 * i));
  return leaves;
}

function hashOf(key: string): { hi: number; lo: number } {
  let hi = 0x811c9dc5;
  let lo = 0x9747b28c;
  for (const byte of Buffer.from(key, 'latin1')) {
    hi = Math.imul(hi ^ byte, 0x01000193);
    lo = Math.imul(lo ^ byte, 0x5bd1e995) ^ (lo >>> 15);
  }
  return { hi: murmurEnd(hi), lo: murmurEnd(lo) };
}

function murmurEnd(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
