/**
 * What a socket delivers, cut where messages of the NATS protocol end. A parser that is handed a
 * message in parts has to put it together itself; here its bytes lie one behind the other already,
 * because that is where they were read to.
 */

import { busLimits } from '../../actors/rules/limits/bus.js';
const slabBytes = 256 * 1024;

const newLine = 0x0a;
const carriageReturn = 0x0d;
const digitZero = 0x30;

export class WholeMessages {
  private slab = Buffer.allocUnsafeSlow(slabBytes);
  /**
   * Read into next: what the last read brought may not be handled yet when room for more is asked
   * for (before the handshake is done).
   */
  private spare = Buffer.allocUnsafeSlow(slabBytes);
  /** In the slab: from here on nothing was handed over, up to `end` it was received. */
  private start = 0;
  private end = 0;
  /** Bytes of the message at `start`, once its first line tells. */
  private awaited = 0;

  /** Where the next bytes go. */
  room(): Buffer {
    const behind = Math.max(this.end + busLimits.readBytesMin, this.start + this.awaited);
    if (behind > this.slab.length) this.changeSlab();
    return this.slab.subarray(this.end);
  }

  /**
   * So many bytes were written into the room. Returns the messages that are whole now, if any: a
   * view that lasts until the next bytes are received.
   */
  received(bytes: number): Buffer | undefined {
    this.end += bytes;
    let at = this.start;
    for (;;) {
      if (at > this.start) this.awaited = 0;
      if (this.awaited === 0) this.awaited = this.lengthAt(at);
      if (this.awaited === 0 || at + this.awaited > this.end) break;
      at += this.awaited;
    }
    if (at === this.start) return undefined;
    const whole = this.slab.subarray(this.start, at);
    this.start = at;
    return whole;
  }

  /** Of the message at `at`; 0 while its first line is not whole. */
  private lengthAt(at: number): number {
    const { slab, end } = this;
    let line = at;
    while (line < end && slab[line] !== newLine) line++;
    if (line === end) return 0;
    const lineBytes = line + 1 - at;
    // MSG and HMSG, and nothing else, have a payload; its size is the last word of the line.
    const first = slab[at]! | 0x20;
    if (first !== 0x6d && first !== 0x68) return lineBytes;
    return lineBytes + this.numberBefore(line) + 2;
  }

  private numberBefore(line: number): number {
    const { slab } = this;
    let at = slab[line - 1] === carriageReturn ? line - 2 : line - 1;
    let number = 0;
    for (let unit = 1; ; unit *= 10) {
      const digit = slab[at--]! - digitZero;
      if (digit < 0 || digit > 9) return number;
      number += digit * unit;
    }
  }

  private changeSlab(): void {
    const { slab } = this;
    const left = slab.subarray(this.start, this.end);
    const bytes = Math.max(left.length, this.awaited) + busLimits.readBytesMin;
    this.slab = bytes <= this.spare.length ? this.spare : Buffer.allocUnsafeSlow(bytes);
    this.spare = slab;
    this.slab.set(left);
    this.start = 0;
    this.end = left.length;
  }
}
