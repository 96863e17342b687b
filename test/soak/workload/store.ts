/** The store as a workload sees it, whichever client is behind it. Values are text. */

export interface Written {
  readonly outcome: 'done' | 'none' | 'unknown';
  readonly error?: string;
  readonly context?: string;
  /** Not all that the context claims was found, says the receipt. */
  readonly seenPartly?: boolean;
  /** It did not say until when, and was not acknowledged. */
  readonly isUndated?: boolean;
}

export interface Found {
  readonly outcome: 'done' | 'unknown';
  readonly error?: string;
  readonly values: readonly string[];
  readonly context?: string;
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
  close(): Promise<void>;
}
