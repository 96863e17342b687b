/** What an author has seen of a key, as a client holds it: opaque, handed back with the next put. */
import type { Context as Versions } from '../../actors/rules/versions.js';
import { emptyContext } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeContext, encodeContext } from '../wire/key-state-codec.js';

export class Context {
  /** "I have seen nothing": a put with it stays beside whatever is there. */
  static readonly empty = new Context(encodeContext(emptyContext));

  /** @internal */
  private constructor(
    /** @internal The bytes frames carry. */
    readonly bytes: Uint8Array,
  ) {}

  /** @internal Keeps `bytes`. */
  static ofBytes(bytes: Uint8Array): Context {
    return new Context(bytes);
  }

  /** @internal */
  static of(context: Versions): Context {
    return context.length === 0 ? Context.empty : new Context(encodeContext(context));
  }

  /** Reads the text of `toString`, which is that of the `Kv-Context` header. Throws `MalformedError`. */
  static parse(text: string): Context {
    if (text === '-') return Context.empty;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length === 0 || bytes.toString('base64url') !== text)
      throw new MalformedError('a context is base64url without padding, or "-"');
    return Context.of(decodeContext(bytes));
  }

  /** The text of the `Kv-Context` header: base64url, `-` for the empty context. */
  toString(): string {
    return Context.empty.equals(this) ? '-' : asBuffer(this.bytes).toString('base64url');
  }

  toJSON(): string {
    return this.toString();
  }

  /** Whether both have seen the same. */
  equals(other: Context): boolean {
    return Buffer.compare(this.bytes, other.bytes) === 0;
  }
}
