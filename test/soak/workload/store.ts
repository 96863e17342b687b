/** The store as a workload sees it, whichever client is behind it. Values are text. */
import type { RingMessage } from '../../../src/wire/ring-message.js';

export interface Written {
  readonly outcome: 'done' | 'none' | 'unknown';
  readonly error?: string;
  readonly context?: string;
  /** Not all that the context claims was found, says the receipt. */
  readonly seenPartly?: boolean;
  /** It did not say until when, and was not acknowledged. */
  readonly isUndated?: boolean;
  /** Until the deadline of the client. */
  readonly wasRetried?: boolean;
}

export interface Found {
  readonly outcome: 'done' | 'unknown';
  readonly error?: string;
  readonly values: readonly string[];
  readonly context?: string;
  readonly wasRetried?: boolean;
}

export interface WriteHow {
  readonly context?: string | undefined;
  readonly strict?: boolean;
  readonly ttlMs?: number;
  /** Called when another node answers as well. */
  readonly onCopy?: ((copy: Written) => void) | undefined;
}

export interface ReadHow {
  readonly strict?: boolean;
  /** The bucket's unless told. */
  readonly r?: number;
}

export interface SoakStore {
  /** `undefined` deletes. */
  write(bucket: string, key: string, value: string | undefined, how: WriteHow): Promise<Written>;
  read(bucket: string, key: string, how: ReadHow): Promise<Found>;
  /** What nodes say of themselves, as far as they answer. */
  status(): Promise<
    readonly { readonly name: string; readonly status: string; readonly hints: number }[]
  >;
  /** The ring as somebody knows it; undefined: nobody answers. */
  ring(): Promise<RingMessage | undefined>;
  /** What a node says that it holds itself of a key. */
  heldBy(node: string, bucket: string, key: string): Promise<Found>;
  close(): Promise<void>;
}
