/**
 * What an author has seen of a key, as a client holds it: opaque, handed back with the next put.
 */
import { nothingSeen } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeSeen, encodeSeen } from '../wire/key-state-codec.js';

export class Context {
  /** "I have seen nothing": a put with it stays beside whatever is there. */
  static readonly empty = new Context(encodeSeen(nothingSeen));

  /** @internal */
  private constructor(
    /** @internal The bytes frames carry. */
    readonly bytes: Uint8Array,
  ) {}

  /** @internal Keeps `bytes`. */
  static ofBytes(bytes: Uint8Array): Context {
    return new Context(bytes);
  }

  /**
   * Reads the text of `toString`, which is that of the `Kv-Context` header. Throws
   * `MalformedError`.
   */
  static parse(text: string): Context {
    if (text === '-') return Context.empty;
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length === 0 || bytes.toString('base64url') !== text) throw notGiven();
    try {
      decodeSeen(bytes);
    } catch {
      throw notGiven();
    }
    return new Context(bytes);
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

function notGiven(): MalformedError {
  return new MalformedError('the context is none that a get or put has given, nor "-"');
}
