/**
 * What a read gives: the value or values of a key, what to hand back with the next put, and who
 * answered.
 */
import type { Receipt } from '../wire/receipt.js';
import type { Context } from './context.js';
import { raw, text, type ValueCodec } from './value-codec.js';

/** A key has several values because writers did not know of each other, and one was asked for. */
export class ConflictError extends Error {
  constructor(readonly entry: Entry<unknown>) {
    super(
      `the key has ${entry.values.length} values in conflict: look at "values", and put what shall replace them with the entry's context (or use "update")`,
    );
    this.name = 'ConflictError';
  }
}

export class Entry<T> {
  private decoded: readonly T[] | undefined;

  /** @internal */
  constructor(
    readonly key: string | Uint8Array,
    /**
     * The bytes of each value; null for a delete that is in conflict with the others. Empty for an
     * absent key.
     */
    readonly siblings: readonly (Uint8Array | null)[],
    /** Hand it back with a put or delete: it replaces what this entry shows, and nothing else. */
    readonly context: Context,
    /** Undefined for an absent key. */
    readonly receipt: Receipt | undefined,
    private readonly codec: ValueCodec<T, never>,
  ) {}

  /** At least one value that is not deleted. */
  get exists(): boolean {
    return this.siblings.some((sibling) => sibling !== null);
  }

  /** More than one sibling; a delete counts as one. */
  get inConflict(): boolean {
    return this.siblings.length > 1;
  }

  /** All values, deletes left out; more than one when writers did not know of each other. */
  get values(): readonly T[] {
    this.decoded ??= this.present().map((bytes) => this.codec.decode(bytes));
    return this.decoded;
  }

  /** The one value. Throws `ConflictError` when there are more, `TypeError` when there is none. */
  get value(): T {
    this.one();
    return this.values[0]!;
  }

  /** The bytes of the one value, whatever the bucket's codec; throws as `value` does. */
  bytes(): Uint8Array {
    return raw.decode(this.one());
  }

  /** The one value as UTF-8 text; throws as `value` does. */
  text(): string {
    return text.decode(this.one());
  }

  private present(): Uint8Array[] {
    return this.siblings.filter((sibling) => sibling !== null);
  }

  private one(): Uint8Array {
    const [bytes, ...others] = this.present();
    if (bytes === undefined) throw new TypeError('the key has no value');
    if (others.length > 0) throw new ConflictError(this);
    return bytes;
  }
}
