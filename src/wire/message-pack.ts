/**
 * MessagePack with its checks; the only importer of `msgpack-lite`.
 *
 * What comes from the network is walked before it is decoded: size, declared counts, depth, types. So the
 * decoder never allocates for a count that is not there, never meets an extension type, and nothing but
 * `MalformedError` is thrown. Messages are arrays of null, boolean, number, string, bin and arrays;
 * maps occur only in documents (`kv.ring`, `kv.status`), which tools in any language read.
 */
import msgpack from 'msgpack-lite';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';

export type WireValue = null | boolean | number | string | Uint8Array | readonly WireValue[];

/** What documents are made of; the same as JSON has. */
export type DocumentValue =
  | null
  | boolean
  | number
  | string
  | readonly DocumentValue[]
  | { readonly [key: string]: DocumentValue };

// Without the preset: no extension types, so a Uint8Array would be taken for a map (see `packable`).
const codec = msgpack.createCodec();

/** The bytes of `value`; a copy, whatever it was made of. */
export function encode(value: WireValue): Buffer {
  return msgpack.encode(packable(value), { codec });
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

/** Throws `MalformedError` on anything that is not one whole value within the limits. Bins are Buffers. */
export function decode(bytes: Uint8Array): WireValue {
  check(bytes, { maps: false });
  return msgpack.decode(asBuffer(bytes), { codec }) as WireValue;
}

/** As `decode`, with maps whose keys are strings other than `__proto__`. */
export function decodeDocument(bytes: Uint8Array): DocumentValue {
  check(bytes, { maps: true });
  return msgpack.decode(asBuffer(bytes), { codec }) as DocumentValue;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** msgpack-lite takes only Buffers for bin; copies an array only when something in it is not one. */
function packable(value: WireValue): WireValue {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return asBuffer(value);
  let copy: WireValue[] | undefined;
  for (let i = 0; i < value.length; i++) {
    const element = value[i]!;
    const packed = packable(element);
    if (packed !== element) copy ??= value.slice();
    if (copy !== undefined) copy[i] = packed;
  }
  return copy ?? value;
}

/**
 * Walks the bytes without decoding them. The stack holds, for each container around the current one, the
 * elements still to come, doubled, plus one for a map; keys are where an even number is still to come.
 */
function check(bytes: Uint8Array, options: { readonly maps: boolean }): void {
  const end = bytes.length;
  if (end > limits.messageBytesMax) throw new MalformedError('message too large');
  const outer: number[] = [];
  let missing = 1;
  let inMap = false;
  let elements = 0;
  let at = 0;
  for (;;) {
    while (missing === 0) {
      const around = outer.pop();
      if (around === undefined) {
        if (at !== end) throw new MalformedError('bytes behind the message');
        return;
      }
      missing = around >>> 1;
      inMap = (around & 1) === 1;
    }
    if (at >= end) throw new MalformedError('message ends early');
    if (++elements > limits.messageElementsMax) throw new MalformedError('too many elements');
    const type = bytes[at]!;
    if (inMap && (missing & 1) === 0) checkKey(bytes, at);
    missing--;
    const container = containerOf(type);
    if (container === undefined) {
      at = scalarEnd(bytes, at, type);
      if (at > end) throw new MalformedError('message ends early');
      continue;
    }
    const { map, lengthBytes } = container;
    if (map && !options.maps) throw new MalformedError('a map where none belongs');
    if (at + lengthBytes >= end && lengthBytes > 0) throw new MalformedError('message ends early');
    const count = lengthBytes === 0 ? type & 0x0f : readLength(bytes, at + 1, lengthBytes);
    const children = map ? 2 * count : count;
    at += 1 + lengthBytes;
    if (children > end - at) throw new MalformedError('more elements declared than sent');
    if (outer.length >= limits.messageDepthMax) throw new MalformedError('message too deep');
    outer.push((missing << 1) | (inMap ? 1 : 0));
    missing = children;
    inMap = map;
  }
}

interface Container {
  readonly map: boolean;
  readonly lengthBytes: number;
}
const fixedArray: Container = { map: false, lengthBytes: 0 };
const fixedMap: Container = { map: true, lengthBytes: 0 };
const containers: Readonly<Record<number, Container>> = {
  0xdc: { map: false, lengthBytes: 2 },
  0xdd: { map: false, lengthBytes: 4 },
  0xde: { map: true, lengthBytes: 2 },
  0xdf: { map: true, lengthBytes: 4 },
};

function containerOf(type: number): Container | undefined {
  if (type < 0x80 || type > 0xdf) return undefined;
  if (type < 0x90) return fixedMap;
  if (type < 0xa0) return fixedArray;
  return type < 0xdc ? undefined : containers[type];
}

/** Bytes behind the type byte: nil, false, true; floats; unsigned, signed integers. */
// prettier-ignore
const fixedBytes: Readonly<Record<number, number>> = {
  0xc0: 0, 0xc2: 0, 0xc3: 0,
  0xca: 4, 0xcb: 8,
  0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8,
  0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8,
};
/** Bytes of the length of a bin, of a str. */
// prettier-ignore
const lengthBytes: Readonly<Record<number, number>> = {
  0xc4: 1, 0xc5: 2, 0xc6: 4,
  0xd9: 1, 0xda: 2, 0xdb: 4,
};

function scalarEnd(bytes: Uint8Array, at: number, type: number): number {
  if (type < 0x80 || type > 0xdf) return at + 1;
  if (type < 0xc0) return at + 1 + (type & 0x1f);
  const fixed = fixedBytes[type];
  if (fixed !== undefined) return at + 1 + fixed;
  const length = lengthBytes[type];
  if (length === undefined) throw new MalformedError('a type that is not spoken here');
  // Past the end the bytes read as 0, and the end found here is past it as well.
  return at + 1 + length + readLength(bytes, at + 1, length);
}

function readLength(bytes: Uint8Array, at: number, lengthBytes: number): number {
  let length = 0;
  for (let i = at; i < at + lengthBytes; i++) length = length * 256 + (bytes[i] ?? 0);
  return length;
}

const proto = Buffer.from('__proto__');

function checkKey(bytes: Uint8Array, at: number): void {
  const type = bytes[at]!;
  if ((type < 0xa0 || type > 0xbf) && (type < 0xd9 || type > 0xdb))
    throw new MalformedError('a map key that is not a string');
  const end = scalarEnd(bytes, at, type);
  if (end - at > proto.length && proto.equals(bytes.subarray(end - proto.length, end)))
    throw new MalformedError('a map key that is not allowed');
}
