/**
 * How a client process speaks to a system: its own language's client, as its documentation says to
 * use it.
 */

export interface Quorum {
  readonly w: number;
  readonly r: number;
}

export interface Operations {
  put(key: string, value: Uint8Array): Promise<unknown>;
  /** The bytes; rejects with `AbsentError` where there are none. */
  get(key: string): Promise<Uint8Array>;
}

export interface Driver {
  /** Systems whose quorum is not the client's choice take no notice of it. */
  operations(quorum: Quorum): Operations;
  close(): Promise<unknown>;
}

export type OpenDriver = (servers: readonly string[]) => Promise<Driver>;
