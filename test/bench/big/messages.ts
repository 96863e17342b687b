/** Between the bench and the process that moves a big value, over Node's channel. */

export const bigSystems = ['quorate', 'object-store'] as const;
export type BigSystem = (typeof bigSystems)[number];
export const directions = ['put', 'get'] as const;
export type Direction = (typeof directions)[number];

export interface BigJob {
  readonly system: BigSystem;
  readonly servers: readonly string[];
  readonly direction: Direction;
  readonly key: string;
  /** What is put; what is got is counted and checked, and goes nowhere. */
  readonly file: string;
}

export interface BigDone {
  readonly kind: 'done';
  readonly elapsedMs: number;
  readonly bytes: number;
  /** `SHA-256=…`, as the system says that the value has. */
  readonly digest: string;
}

export type FromBig =
  | BigDone
  /** So far. */
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly message: string };
