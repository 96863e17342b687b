/** Time, as everything in Quorate sees it. The one real implementation is `real-clock.ts`. */
export interface Clock {
  /**
   * Wall clock in ms since 1970; may jump. Stamps siblings, orders nothing but last-writer-wins.
   */
  wallMs(): number;
  /** Monotonic ms with a fraction; for deadlines and durations. */
  monotonicMs(): number;
  /** Shape of XState's clock, so that it can be handed to `createActor`. */
  setTimeout(callback: () => void, delayMs: number): TimerId;
  clearTimeout(id: TimerId): void;
  /** Runs after what arrived in this turn of the event loop has been handled. */
  endOfTurn(callback: () => void): void;
}

/** Opaque; XState stores it as it is. */
export type TimerId = unknown;

export const Clock = Symbol('Clock');
