/** What `Announced` messages share, as the bytes of the NATS protocol. */
import type { Announced } from '../seams/bus.js';
import {
  base64urlLength,
  textBytes,
  writeBase64url,
  writeDecimal,
  writeText,
} from '../wire/short-text.js';
import { headerText } from './header-text.js';

const space = 0x20;
const lineEnd = '\r\n';
/** At most: two numbers, the blanks before them and the line end behind. */
const sizesBytes = 24;

export class Announcement {
  private readonly start: Buffer;
  /** Up to the value. */
  private readonly head: Buffer;
  /** Behind the value; the line end of the message is its last. */
  private readonly tail: Buffer;
  private readonly fixedBytes: number;

  /** Throws on a line break in a header. */
  constructor({ subject, header, headers = {} }: Announced) {
    const text = headerText({ [header]: '', ...headers });
    const valueAt = text.indexOf(lineEnd, text.indexOf(lineEnd) + lineEnd.length);
    this.start = Buffer.from(`HPUB ${subject}`);
    this.head = Buffer.from(text.slice(0, valueAt));
    this.tail = Buffer.from(`${text.slice(valueAt)}${lineEnd}`);
    this.fixedBytes = this.start.length + this.head.length + this.tail.length + sizesBytes;
  }

  /** Of a message at most. */
  bytesMax(subjectEnd: string, value: Uint8Array): number {
    return this.fixedBytes + textBytes(subjectEnd) + base64urlLength(value.length);
  }

  /** Returns the offset behind the message. */
  write(subjectEnd: string, value: Uint8Array, target: Buffer, offset: number): number {
    const { start, head, tail } = this;
    const headBytes = head.length + base64urlLength(value.length) + tail.length - lineEnd.length;
    let at = writeText(subjectEnd, target, writeBytes(start, target, offset));
    target[at++] = space;
    at = writeDecimal(headBytes, target, at);
    target[at++] = space;
    at = writeDecimal(headBytes, target, at);
    at = writeText(lineEnd, target, at);
    at = writeBase64url(value, target, writeBytes(head, target, at));
    return writeBytes(tail, target, at);
  }
}

/** For so few, `set` costs more. */
function writeBytes(bytes: Buffer, target: Buffer, offset: number): number {
  for (let i = 0; i < bytes.length; i++) target[offset + i] = bytes[i]!;
  return offset + bytes.length;
}
