/** One write of a key, and how it is named. */

/**
 * 14 bytes as a latin1 string: node id (8), then epoch (6, big-endian). String order is the order
 * of (node id, epoch), and the codec copies it without parsing. See `actor.ts`.
 */
export type Actor = string;

/** Names one write of a key; never used twice. In a context: all writes of the actor up to it. */
export interface Dot {
  readonly actor: Actor;
  /** 1 … 2^32-1, counted per key and actor. */
  readonly counter: number;
}

export interface Sibling {
  readonly dot: Dot;
  /**
   * `null` is a tombstone, or with `expiresAtMs` a value that expired (`expiry.ts`). The bytes may
   * be a view into the encoded state.
   */
  readonly value: Uint8Array | null;
  /** Wall clock of the coordinator; orders nothing but last-writer-wins. */
  readonly writtenAtMs: number;
  /** Wall clock after which the sibling counts as a tombstone; 0 is never. */
  readonly expiresAtMs: number;
  /** Operation id of the put as a byte string, '' for none. */
  readonly operation: string;
  /**
   * Wall clock until when other copies of the put may arrive; absent: none do; 0: one does if a
   * node was lost. See `operations.ts`.
   */
  readonly copiesUntilMs?: number;
  /** It has been replaced: kept without its value, so that its copies are known. */
  readonly remembered?: boolean;
  /** The value says of what parts a big value is made (`src/wire/manifest.ts`). */
  readonly manifest?: true;
}
