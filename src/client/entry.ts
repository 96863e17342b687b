/**
 * What a read gives: the value or values of a key, what to hand back with the next put, and who
 * answered.
 */
import type { Manifest } from '../wire/manifest.js';
import type { Receipt } from '../wire/receipt.js';
import { BigValueError, infoOf, manifestIn, type BigValueInfo } from './big-entry.js';

import type { Context } from './context.js';
import type { ResolveError } from './resolve-error.js';
import { raw, text, type ValueCodec } from './value-codec.js';

/** A key has several values because writers did not know of each other, and one was asked for. */
export class ConflictError extends Error {
  constructor(readonly entry: Entry<unknown>) {
    super(
      `the key has ${entry.valueCount} values in conflict: look at "values", and put what shall replace them with the entry's context (or use "update")`,
    );
    this.name = 'ConflictError';
  }
}

export class Entry<T> {
  private decoded: readonly T[] | undefined;
  /** What was read, where this is what the bucket's resolver made of several values. */
  declare conflict?: Entry<T>;
  /** Why these are several values still, where the bucket's resolver failed. */
  declare unresolved?: ResolveError;

  /** @internal */
  constructor(
    readonly key: string | Uint8Array,
    private readonly all: readonly (Uint8Array | null)[],
    /** Hand it back with a put or delete: it replaces what this entry shows, and nothing else. */
    readonly context: Context,
    /** Undefined for an absent key. */
    readonly receipt: Receipt | undefined,
    private readonly codec: ValueCodec<T, never>,
    /** Places among `all` of what is no value's bytes, but says what a big value is. */
    private readonly manifests?: ReadonlySet<number>,
  ) {}

  /** How many there are, deletes included. */
  get siblingCount(): number {
    return this.all.length;
  }

  /**
   * The bytes of each value; null for a delete that is in conflict with the others. Empty for an
   * absent key. Throws `BigValueError` where one of them is too large for a message.
   */
  get siblings(): readonly (Uint8Array | null)[] {
    for (const at of this.manifests ?? []) throw new BigValueError(this.bigOf(at)!);
    return this.all;
  }

  /** The one value, where it is too large for a message: `getStream` reads it. */
  get big(): BigValueInfo | undefined {
    if (this.manifests === undefined || this.valueCount !== 1) return undefined;
    return this.bigOf(this.all.findIndex((sibling) => sibling !== null));
  }

  /** Of the sibling at this place (from 0), what `big` says of the one value. */
  bigOf(sibling: number): BigValueInfo | undefined {
    const manifest = this.manifestOf(sibling);
    return manifest === undefined ? undefined : infoOf(manifest);
  }

  /** @internal */
  manifestOf(sibling: number): Manifest | undefined {
    if (this.manifests?.has(sibling) !== true) return undefined;
    return manifestIn(this.all[sibling]!);
  }

  /** Bytes of the sibling at this place; null for a delete. Throws `BigValueError`. */
  siblingAt(sibling: number): Uint8Array | null | undefined {
    const big = this.bigOf(sibling);
    if (big !== undefined) throw new BigValueError(big);
    return this.all[sibling];
  }

  /** Whether the sibling at this place is there, and no delete. */
  isValue(sibling: number): boolean {
    return (this.all[sibling] ?? null) !== null;
  }

  /** Values, deletes left out. */
  get valueCount(): number {
    return this.all.reduce((count, sibling) => count + (sibling === null ? 0 : 1), 0);
  }

  /** At least one value that is not deleted. */
  get exists(): boolean {
    return this.all.some((sibling) => sibling !== null);
  }

  /** More than one sibling; a delete counts as one. */
  get inConflict(): boolean {
    return this.all.length > 1;
  }

  /**
   * All values, deletes left out; more than one when writers did not know of each other. Throws
   * `BigValueError` where one of them is too large for a message.
   */
  get values(): readonly T[] {
    this.decoded ??= this.present().map((bytes) => this.codec.decode(bytes));
    return this.decoded;
  }

  /**
   * The one value. Throws `ConflictError` when there are more, `TypeError` when there is none,
   * `BigValueError` when it is too large for a message.
   */
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
    if (this.valueCount > 1) throw new ConflictError(this);
    const [bytes] = this.present();
    if (bytes === undefined) throw new TypeError('the key has no value');
    return bytes;
  }
}
