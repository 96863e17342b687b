/**
 * MessagePack with its checks; the only importer of `msgpack-lite`, which writes the documents.
 *
 * Messages are arrays of null, boolean, number, string, bin and arrays. They are under every
 * request, so they are read and written here: decoding is the check (size, declared counts, depth,
 * types and the end are looked at in the one pass that makes the value, so the two can't disagree
 * and nothing is allocated for a count that is not there), bins are views, and a message is written
 * into one buffer of its size. A frame of 32 values of 1 kB takes 6 µs to read and 12 to write;
 * with msgpack-lite behind a walk that checks it was 31 and 35. Maps occur only in documents
 * (`kv.ring`, `kv.status`), which tools in any language read.
 */
import msgpack from 'msgpack-lite';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from './as-buffer.js';
import { write, writeShared } from './message-pack-writer.js';
import type { WireValue } from './wire-value.js';

export type { WireValue } from './wire-value.js';

/** What documents are made of; the same as JSON has. */
export type DocumentValue =
  | null
  | boolean
  | number
  | string
  | readonly DocumentValue[]
  | { readonly [key: string]: DocumentValue };

// Without the preset there are no extension types.
const codec = msgpack.createCodec();

/** The bytes of `value`; a copy, whatever it was made of. */
export function encode(value: WireValue): Buffer {
  return write(value);
}

/** As `encode`, into memory that the next call writes over: for what is published at once. */
export function encodeToPublish(value: WireValue): Buffer {
  return writeShared(value);
}

export function encodeDocument(value: DocumentValue): Buffer {
  return msgpack.encode(value, { codec });
}

/** One array of elements that are encoded already. */
export function encodeArrayOf(elements: readonly Uint8Array[]): Buffer {
  const header = Buffer.allocUnsafe(3);
  header[0] = 0xdc;
  header.writeUInt16BE(elements.length, 1);
  return Buffer.concat([header, ...elements]);
}

/**
 * Throws `MalformedError` on anything that is not one whole value within the limits. Bins are views
 * into `bytes`.
 */
export function decode(bytes: Uint8Array): WireValue {
  return new Reader(bytes, { maps: false }).whole() as WireValue;
}

/** As `decode`, with maps whose keys are strings other than `__proto__`. */
export function decodeDocument(bytes: Uint8Array): DocumentValue {
  return new Reader(bytes, { maps: true }).whole() as DocumentValue;
}

type Read = null | boolean | number | string | Buffer | Read[] | { [key: string]: Read };

class Reader {
  private readonly bytes: Buffer;
  private readonly maps: boolean;
  private at = 0;
  private elements = 0;

  constructor(bytes: Uint8Array, options: { readonly maps: boolean }) {
    if (bytes.length > limits.messageBytesMax) throw new MalformedError('message too large');
    this.bytes = asBuffer(bytes);
    this.maps = options.maps;
  }

  whole(): Read {
    const value = this.value(0);
    if (this.at !== this.bytes.length) throw new MalformedError('bytes behind the message');
    return value;
  }

  /** `depth`: arrays and maps around it. */
  private value(depth: number): Read {
    if (++this.elements > limits.messageElementsMax) throw new MalformedError('too many elements');
    const type = this.uint(1);
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type < 0x90) return this.map(type & 0x0f, depth);
    if (type < 0xa0) return this.array(type & 0x0f, depth);
    if (type < 0xc0) return this.string(type & 0x1f);
    return this.longer(type, depth);
  }

  /** What has its length or its value in bytes of their own. */
  private longer(type: number, depth: number): Read {
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.bin(this.uint(1 << (type - 0xc4)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.string(this.uint(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.array(this.uint(2 << (type - 0xdc)), depth);
      case 0xde:
      case 0xdf:
        return this.map(this.uint(2 << (type - 0xde)), depth);
      default:
        return this.number(type);
    }
  }

  /** Integers of 64 bits lose what a double can't hold. */
  private number(type: number): number {
    const { bytes } = this;
    switch (type) {
      case 0xca:
        return bytes.readFloatBE(this.take(4));
      case 0xcb:
        return bytes.readDoubleBE(this.take(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (type - 0xcc));
      case 0xcf:
        return Number(bytes.readBigUInt64BE(this.take(8)));
      case 0xd0:
        return bytes.readInt8(this.take(1));
      case 0xd1:
        return bytes.readInt16BE(this.take(2));
      case 0xd2:
        return bytes.readInt32BE(this.take(4));
      case 0xd3:
        return Number(bytes.readBigInt64BE(this.take(8)));
      default:
        throw new MalformedError('a type that is not spoken here');
    }
  }

  private array(length: number, depth: number): Read[] {
    this.enter(length, depth);
    const array: Read[] = [];
    for (let i = 0; i < length; i++) array.push(this.value(depth + 1));
    return array;
  }

  private map(length: number, depth: number): Read {
    if (!this.maps) throw new MalformedError('a map where none belongs');
    this.enter(2 * length, depth);
    const map: { [key: string]: Read } = {};
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') throw new MalformedError('a map key that is not a string');
      if (key === '__proto__') throw new MalformedError('a map key that is not allowed');
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  /** Every element takes a byte at least. */
  private enter(elements: number, depth: number): void {
    if (depth >= limits.messageDepthMax) throw new MalformedError('message too deep');
    if (elements > this.bytes.length - this.at)
      throw new MalformedError('more elements declared than sent');
  }

  private string(length: number): string {
    const start = this.take(length);
    return this.bytes.toString('utf8', start, this.at);
  }

  private bin(length: number): Buffer {
    const start = this.take(length);
    return this.bytes.subarray(start, this.at);
  }

  private uint(bytes: number): number {
    let at = this.take(bytes);
    let value = 0;
    while (at < this.at) value = value * 256 + this.bytes[at++]!;
    return value;
  }

  private take(bytes: number): number {
    const start = this.at;
    if (bytes > this.bytes.length - start) throw new MalformedError('message ends early');
    this.at = start + bytes;
    return start;
  }
}
