/** Whether a node is who its disk says: what others have seen of its lives, and who has its id. */

/** Generations count the starts of a node, and are told to others before anything else is. */
export interface SeenLife {
  readonly generation: number;
  /** It has drawn no epoch from here on. */
  readonly epochs: number;
}

export const unseen: SeenLife = { generation: 0, epochs: 0 };

/** The disk of who lives now with generation `own` does not know the one that was seen. */
export function isLaterLife(seen: SeenLife, own: number): boolean {
  return seen.generation >= own;
}

/** What two others have seen, as one. */
export function laterLife(a: SeenLife, b: SeenLife): SeenLife {
  const generation = Math.max(a.generation, b.generation);
  return { generation, epochs: Math.max(a.epochs, b.epochs) };
}

/** Of a process to a node id. */
export interface Claim {
  /** Drawn at the start of a process. */
  readonly instance: number;
  /** The one it started with: a process that refutes raises its own, and is no younger for it. */
  readonly generation: number;
  readonly pid: number;
}

/** Of two processes that run with one id. One that only starts gives way to any that answers. */
export function givesWay(own: Claim, twin: Claim): boolean {
  return own.generation === twin.generation
    ? own.instance < twin.instance
    : own.generation < twin.generation;
}
