/** The cluster as one of its nodes knows it, by `kv.ring`. */
import type { RingMessage } from '../../../src/wire/ring-message.js';

export interface Holder {
  readonly id: string;
  readonly name: string;
}

export interface RingSeen {
  /** Of the layout; a lower one is older. */
  readonly epoch: number;
  readonly isMoving: boolean;
  /** Who has a place on the ring; while something moves: as it was before. */
  readonly holders: readonly Holder[];
}

export function ringSeenIn({ epoch, move, nodes, groups }: RingMessage): RingSeen {
  const indexes = [...new Set(groups.flat())];
  const holders = indexes.map((index) => {
    const { id, name } = nodes[index]!;
    return { id, name };
  });
  return { epoch, isMoving: move !== undefined, holders };
}

export function holderNamed({ holders }: RingSeen, name: string): Holder | undefined {
  return holders.find((holder) => holder.name === name);
}
