/**
 * Writes a message into one buffer of its size. Every form is the shortest there is; integers
 * beyond 32 bits are doubles.
 */
import { limits } from '../../actors/rules/limits.js';
import type { WireValue } from './wire-value.js';

let shared = Buffer.allocUnsafeSlow(64 * 1024);

export function write(value: WireValue): Buffer {
  const target = Buffer.allocUnsafe(bytesOf(value));
  new Writer(target).value(value);
  return target;
}

/** A view that the next call writes over. */
export function writeShared(value: WireValue): Buffer {
  const bytes = bytesOf(value);
  if (bytes > limits.messageBytesMax) return write(value);
  if (bytes > shared.length) shared = Buffer.allocUnsafeSlow(limits.messageBytesMax);
  new Writer(shared).value(value);
  return shared.subarray(0, bytes);
}

function bytesOf(value: WireValue): number {
  switch (typeof value) {
    case 'number':
      return numberBytes(value);
    case 'string': {
      const length = Buffer.byteLength(value);
      return stringHeadBytes(length) + length;
    }
    case 'boolean':
      return 1;
    default:
      break;
  }
  if (value === null) return 1;
  if (value instanceof Uint8Array) return binHeadBytes(value.length) + value.length;
  let bytes = arrayHeadBytes(value.length);
  for (let i = 0; i < value.length; i++) bytes += bytesOf(value[i]!);
  return bytes;
}

function numberBytes(value: number): number {
  if (!Number.isInteger(value) || value > 0xffffffff || value < -0x80000000 || Object.is(value, -0))
    return 9;
  if (value >= 0) return value < 0x80 ? 1 : value <= 0xff ? 2 : value <= 0xffff ? 3 : 5;
  return value >= -0x20 ? 1 : value >= -0x80 ? 2 : value >= -0x8000 ? 3 : 5;
}

function stringHeadBytes(length: number): number {
  return length < 0x20 ? 1 : length <= 0xff ? 2 : length <= 0xffff ? 3 : 5;
}

function binHeadBytes(length: number): number {
  return length <= 0xff ? 2 : length <= 0xffff ? 3 : 5;
}

function arrayHeadBytes(length: number): number {
  return length < 0x10 ? 1 : length <= 0xffff ? 3 : 5;
}

class Writer {
  private at = 0;

  constructor(private readonly target: Buffer) {}

  value(value: WireValue): void {
    switch (typeof value) {
      case 'number':
        return this.number(value);
      case 'string':
        return this.string(value);
      case 'boolean':
        return this.byte(value ? 0xc3 : 0xc2);
      default:
        break;
    }
    if (value === null) this.byte(0xc0);
    else if (value instanceof Uint8Array) this.bin(value);
    else this.array(value);
  }

  private number(value: number): void {
    const bytes = numberBytes(value);
    if (bytes === 1) this.byte(value & 0xff);
    else if (bytes === 9) {
      this.byte(0xcb);
      this.at = this.target.writeDoubleBE(value, this.at);
    } else {
      const size = bytes - 1;
      // 1, 2, 4 bytes: types 0, 1, 2 behind the first of the kind.
      this.byte((value >= 0 ? 0xcc : 0xd0) + (size >> 1));
      this.uint(value, size);
    }
  }

  private string(value: string): void {
    const length = Buffer.byteLength(value);
    const head = stringHeadBytes(length);
    if (head === 1) this.byte(0xa0 | length);
    else this.head(0xd9, length, head - 1);
    this.at += this.target.write(value, this.at, 'utf8');
  }

  private bin(value: Uint8Array): void {
    this.head(0xc4, value.length, binHeadBytes(value.length) - 1);
    this.target.set(value, this.at);
    this.at += value.length;
  }

  private array(value: readonly WireValue[]): void {
    const head = arrayHeadBytes(value.length);
    if (head === 1) this.byte(0x90 | value.length);
    else this.head(0xdb, value.length, head - 1);
    for (let i = 0; i < value.length; i++) this.value(value[i]!);
  }

  /** `type`: of the kind whose length would take one byte. */
  private head(type: number, length: number, lengthBytes: number): void {
    this.byte(type + (lengthBytes >> 1));
    this.uint(length, lengthBytes);
  }

  private byte(byte: number): void {
    this.target[this.at++] = byte;
  }

  /** Negative numbers as two's complement. */
  private uint(value: number, bytes: number): void {
    for (let shift = 8 * (bytes - 1); shift >= 0; shift -= 8) this.byte((value >> shift) & 0xff);
  }
}
