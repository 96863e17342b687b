/** Randomness. The one real implementation is `real-random.ts`; simulations seed theirs. */
export interface Random {
  /** Integer in [0, bound). */
  below(bound: number): number;
  bytes(count: number): Buffer;
}

export const Random = Symbol('Random');
