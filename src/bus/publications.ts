/**
 * What is published, in the words of the NATS protocol, joined in one buffer that leaves in one
 * write a turn. The buffer is used again: a node of three under load went through 20 MB/s of
 * buffers here, which is what its collector ran for.
 */
import { busLimits } from '../../actors/rules/limits/bus.js';
import type { PublishOptions } from '../seams/bus.js';
import type { Announcement } from './announcement.js';
import { headerText } from './header-text.js';

/**
 * Takes bytes for the server, in order. True: they are read already, and may be written over.
 * `onRead` is called behind this turn, once they are; never where the connection ends before.
 */
export type SendBytes = (bytes: Uint8Array, onRead?: () => void) => boolean;

const firstBytes = 64 * 1024;
const lineEnd = '\r\n';

export class Publications {
  private text = '';
  private buffer = Buffer.allocUnsafeSlow(firstBytes);
  private end = 0;
  /** Of large payloads that were read. */
  private readonly spares: Buffer[] = [];
  private isScheduled = false;

  constructor(private readonly send: SendBytes) {}

  /**
   * Throws on a line break in a header, and past `bytesMax` of headers and payload together, as the
   * server counts.
   */
  add(
    subject: string,
    payload: Uint8Array,
    { reply, headers }: PublishOptions = {},
    bytesMax = Number.POSITIVE_INFINITY,
  ): void {
    const to = reply === undefined || reply === '' ? subject : `${subject} ${reply}`;
    if (headers === undefined) {
      checkBytes(subject, payload.length, bytesMax);
      this.text += `PUB ${to} ${payload.length}\r\n`;
    } else {
      const head = headerText(headers);
      const headBytes = Buffer.byteLength(head);
      checkBytes(subject, headBytes + payload.length, bytesMax);
      this.text += `HPUB ${to} ${headBytes} ${headBytes + payload.length}\r\n${head}`;
    }
    if (payload.length >= busLimits.writeAloneBytesMin) return this.sendAlone(payload);
    if (payload.length > 0) this.addBytes(payload);
    this.text += lineEnd;
    if (this.text.length > busLimits.writeTextMax) this.takeText();
    this.added();
  }

  /**
   * A large payload, whose head was added: in memory of its own size. Joined with others it would
   * be copied each time the buffer grows, which it mostly has to.
   */
  private sendAlone(payload: Uint8Array): void {
    const head = this.text;
    this.text = '';
    this.flush();
    const headBytes = Buffer.byteLength(head);
    const bytes = headBytes + payload.length + lineEnd.length;
    const buffer = this.takeSpare(bytes);
    buffer.write(head);
    buffer.set(payload, headBytes);
    buffer.write(lineEnd, headBytes + payload.length);
    this.send(buffer.subarray(0, bytes), () => this.giveBack(buffer));
  }

  private takeSpare(bytes: number): Buffer {
    const spare = this.spares.pop();
    return spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(bytes);
  }

  private giveBack(buffer: Buffer): void {
    if (this.spares.length < busLimits.writeAloneSparesMax) this.spares.push(buffer);
  }

  announce(announcement: Announcement, subjectEnd: string, value: Uint8Array): void {
    if (this.text !== '') this.takeText();
    const buffer = this.room(announcement.bytesMax(subjectEnd, value));
    this.end = announcement.write(subjectEnd, value, buffer, this.end);
    this.added();
  }

  /** All that was added is handed over. */
  flush(): void {
    this.takeText();
    if (this.end === 0) return;
    const isRead = this.send(this.buffer.subarray(0, this.end));
    if (!isRead) this.buffer = Buffer.allocUnsafeSlow(firstBytes);
    this.end = 0;
  }

  private added(): void {
    if (this.end > busLimits.writeBytesMax) this.flush();
    else this.schedule();
  }

  private takeText(): void {
    // Three bytes are the most a character takes.
    const buffer = this.room(3 * this.text.length);
    this.end += buffer.write(this.text, this.end);
    this.text = '';
  }

  private addBytes(bytes: Uint8Array): void {
    this.takeText();
    this.room(bytes.length).set(bytes, this.end);
    this.end += bytes.length;
  }

  private room(bytes: number): Buffer {
    const needed = this.end + bytes;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length));
      larger.set(this.buffer.subarray(0, this.end));
      this.buffer = larger;
    }
    return this.buffer;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      this.flush();
    });
  }
}

function checkBytes(subject: string, bytes: number, bytesMax: number): void {
  if (bytes > bytesMax)
    throw new RangeError(`${bytes} bytes for ${subject}; the server takes ${bytesMax}`);
}
