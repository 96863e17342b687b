/**
 * The headers of a NATS message, read from its bytes when somebody asks, up to a bound and no
 * further. The package's own reader throws a plain error at what others may send, and looks through
 * all names for each it reads: 20 000 of them stopped a node for seconds.
 */
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const colon = 0x3a;
const blank = 0x20;
const tab = 0x09;
const lowerCaseBit = 0x20;
/** `NATS/1.0`, and the digits of a status behind a blank. */
const firstLineBytes = 8;
const statusAt = firstLineBytes + 1;

export class NatsHeaders {
  /** Of each header: where its name starts and ends, where its value does. */
  private offsets: number[] | undefined;

  /** From the first line to the empty one behind the last. */
  constructor(private readonly bytes: Buffer) {}

  /**
   * The first of that name, in whatever case it was sent: libraries differ. Throws
   * `MalformedError`.
   */
  value(name: string): string | undefined {
    const offsets = (this.offsets ??= this.read());
    for (let i = 0; i < offsets.length; i += 4)
      if (this.isNamed(name, offsets[i]!, offsets[i + 1]!)) {
        const [start, end] = [offsets[i + 2]!, offsets[i + 3]!];
        return this.bytes.toString('utf8', start, end);
      }
    return undefined;
  }

  /** The server has nobody to pass the message on to. */
  get isNoResponders(): boolean {
    const { bytes } = this;
    const [five, zero, three] = [0x35, 0x30, 0x33];
    return (
      bytes[statusAt] === five && bytes[statusAt + 1] === zero && bytes[statusAt + 2] === three
    );
  }

  private isNamed(name: string, start: number, end: number): boolean {
    if (end - start !== name.length) return false;
    const { bytes } = this;
    for (let i = 0; i < name.length; i++) {
      const wanted = name.charCodeAt(i);
      const found = bytes[start + i]!;
      if (found === wanted) continue;
      if ((found | lowerCaseBit) !== (wanted | lowerCaseBit) || !isLetter(wanted)) return false;
    }
    return true;
  }

  private read(): number[] {
    const { bytes } = this;
    if (bytes.length > limits.headerBytesMax)
      throw new MalformedError(`headers have at most ${limits.headerBytesMax} bytes together`);
    const offsets: number[] = [];
    let at = this.lineEnd(0) + 2;
    while (at < bytes.length && bytes[at] !== carriageReturn) {
      if (offsets.length === 4 * limits.headersMax)
        throw new MalformedError(`a message has at most ${limits.headersMax} headers`);
      const end = this.lineEnd(at);
      this.readLine(at, end, offsets);
      at = end + 2;
    }
    return offsets;
  }

  private readLine(start: number, end: number, offsets: number[]): void {
    const { bytes } = this;
    let nameEnd = start;
    while (nameEnd < end && bytes[nameEnd] !== colon) {
      const byte = bytes[nameEnd++]!;
      if (byte <= blank || byte > 0x7e)
        throw new MalformedError('names of headers are printable ASCII without blanks');
    }
    if (nameEnd === start || nameEnd === end)
      throw new MalformedError('a header is a name, a colon and a value');
    let valueStart = nameEnd + 1;
    let valueEnd = end;
    while (valueStart < valueEnd && isBlank(bytes[valueStart]!)) valueStart++;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1]!)) valueEnd--;
    offsets.push(start, nameEnd, valueStart, valueEnd);
  }

  /** Where the line break is. */
  private lineEnd(start: number): number {
    const { bytes } = this;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === carriageReturn && bytes[at + 1] === lineFeed) return at;
      if (byte === carriageReturn || byte === lineFeed) break;
    }
    throw new MalformedError('a header ends with CR LF and has neither inside');
  }
}

function isBlank(byte: number): boolean {
  return byte === blank || byte === tab;
}

function isLetter(code: number): boolean {
  const lower = code | lowerCaseBit;
  return lower >= 0x61 && lower <= 0x7a;
}
