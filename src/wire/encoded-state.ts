/**
 * A key state as bytes; canonical, so equal states have equal bytes. Where in them what lies is
 * known here, and of the context in `encoded-context.ts`; nowhere else.
 *
 *   context
 *   u16 siblings · siblings × (actor 14, counter u32, written f64, expires f64,
 *                              operation length u8, operation, value length u32, value)
 *
 * A tombstone has the value length 2^32-1. Where copies of a put may come
 * (`actors/rules/operations.ts`), 128 is added to the length of its operation, and behind the
 * operation stands a f64 more: until when. When it is only remembered, its value has the length
 * 2^32-2. To the length of a manifest (`manifest.ts`) 2^31 is added.
 */
import { limits } from '../../actors/rules/limits.js';
import { isRemembered } from '../../actors/rules/operations.js';
import {
  DigestLanes,
  emptyDigest,
  type Digest,
  type KeyState,
  type Sibling,
} from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import {
  bytesBehind,
  checkDot,
  compareDots,
  countAt,
  countBytes,
  dotBytes,
  EncodedContext,
  endsEarly,
  mixDot,
  writeDot,
  writeLatin1,
} from './encoded-context.js';
import { checkManifest } from './manifest.js';

/** Of a sibling, which begins with its dot. */
const writtenAt = dotBytes;
const expiresAt = writtenAt + 8;
const operationAt = expiresAt + 8;
const headBytes = operationAt + 1;
/** Beside the length of an operation. */
const copiesFlag = 0x80;
const copiesBytes = 8;
const tombstoneLength = 0xffffffff;
const rememberedLength = 0xfffffffe;
/** Beside the length of a value; longer ones than that say what it is, and values are shorter. */
const manifestFlag = 0x80000000;
const lengthMask = 0x7fffffff;

/**
 * A key state wherever it lies. The offset of a sibling is that of its dot. All but `check`, and
 * `decode`, which checks, rely on bytes that have been checked.
 */
export class EncodedState extends EncodedContext {
  /** Throws `MalformedError` unless the bytes are one whole state. */
  check(): void {
    const { source } = this;
    const end = this.start + this.length;
    const siblingsAt = this.checkContext();
    let last = -1;
    let at = siblingsAt + countBytes;
    for (let left = this.checkCount(siblingsAt); left > 0; left--) {
      const behind = checkSibling(source, at, end);
      if (last >= 0 && compareDots(source, last, at) >= 0)
        throw new MalformedError('siblings do not ascend');
      // Merging relies on it: a state that does not claim its own sibling would get it back after
      // every replacement.
      if (!this.covers(this, at)) throw new MalformedError('a sibling without its claim');
      last = at;
      at = behind;
    }
    if (at !== end) throw bytesBehind();
  }

  /**
   * As `digestOf` the decoded state. Throws `MalformedError` unless the bytes are one whole state.
   */
  checkedDigest(): Digest {
    this.check();
    const { source, start } = this;
    const { contextEnd } = this;
    const end = start + this.length;
    const first = start + countBytes;
    if (contextEnd === first) return emptyDigest;
    const lanes = new DigestLanes();
    for (let at = first; at < contextEnd; at += dotBytes) mixDot(source, at, lanes);
    lanes.gap();
    for (let at = contextEnd + countBytes; at < end; at = endOfSibling(source, at)) {
      mixDot(source, at, lanes);
      const untilMs = copiesUntilMsAt(source, at);
      if (untilMs !== undefined) lanes.copies(untilMs, isRememberedAt(source, at));
    }
    return lanes.digest();
  }

  get siblings(): number {
    return countAt(this.source, this.contextEnd);
  }

  /** It lies before `end`, as do those that follow; `end` when there is none. */
  get firstSibling(): number {
    return this.contextEnd + countBytes;
  }

  nextSibling(at: number): number {
    return endOfSibling(this.source, at);
  }

  /** Wall clock. */
  writtenAtMs(at: number): number {
    return this.source.readDoubleBE(at + writtenAt);
  }

  /** Wall clock; 0: never. */
  expiresAtMs(at: number): number {
    return this.source.readDoubleBE(at + expiresAt);
  }

  /** Whether it ever does. Times are 0 or later than 1970, so their first byte tells. */
  expires(at: number): boolean {
    return this.source[at + expiresAt] !== 0;
  }

  hasOperation(at: number, operation: string): boolean {
    const { source } = this;
    const text = at + headBytes;
    if ((source[at + operationAt]! & ~copiesFlag) !== operation.length) return false;
    for (let i = 0; i < operation.length; i++)
      if (source[text + i] !== operation.charCodeAt(i)) return false;
    return true;
  }

  /** As of a `Sibling`. */
  copiesUntilMs(at: number): number | undefined {
    return copiesUntilMsAt(this.source, at);
  }

  isRemembered(at: number): boolean {
    return isRememberedAt(this.source, at);
  }

  /** Whether any sibling has a value: else there is a tombstone, or what has expired. */
  get holdsValue(): boolean {
    const { source, end } = this;
    for (let at = this.firstSibling; at < end; at = endOfSibling(source, at))
      if (bytesOfValue(source.readUInt32BE(valueLengthAt(source, at))) >= 0) return true;
    return false;
  }

  /** A view; null where there is none. */
  value(at: number): Buffer | null {
    const { source } = this;
    const lengthAt = valueLengthAt(source, at);
    const length = bytesOfValue(source.readUInt32BE(lengthAt));
    return length < 0 ? null : source.subarray(lengthAt + 4, lengthAt + 4 + length);
  }

  /** As `value`, but undefined also for a manifest. */
  plainValue(at: number): Buffer | undefined {
    const { source } = this;
    const lengthAt = valueLengthAt(source, at);
    const length = source.readUInt32BE(lengthAt);
    if (length >= manifestFlag) return undefined;
    return source.subarray(lengthAt + 4, lengthAt + 4 + length);
  }

  isManifest(at: number): boolean {
    return isManifestAt(this.source, at);
  }

  /** Values are views. Throws `MalformedError` unless the bytes are one whole state. */
  decode(): KeyState {
    this.check();
    const { end } = this;
    const siblings: Sibling[] = [];
    for (let at = this.firstSibling; at < end; at = this.nextSibling(at))
      siblings.push(this.sibling(at));
    return { context: this.context(), siblings };
  }

  private sibling(at: number): Sibling {
    const { source } = this;
    const text = at + headBytes;
    const textBytes = source[at + operationAt]! & ~copiesFlag;
    const head = {
      dot: this.dot(at),
      writtenAtMs: source.readDoubleBE(at + writtenAt),
      expiresAtMs: source.readDoubleBE(at + expiresAt),
      operation: source.toString('latin1', text, text + textBytes),
    };
    const value = this.value(at);
    const copiesUntilMs = copiesUntilMsAt(source, at);
    if (isManifestAt(source, at)) return manifestSibling({ ...head, value }, copiesUntilMs);
    if (copiesUntilMs === undefined) return { ...head, value };
    if (isRememberedAt(source, at)) return { ...head, value, copiesUntilMs, remembered: true };
    return { ...head, value, copiesUntilMs };
  }
}

export function stateIn(bytes: Buffer): EncodedState {
  return new EncodedState(bytes, 0, bytes.length);
}

/** Where the length of a sibling's value lies. */
function valueLengthAt(bytes: Buffer, at: number): number {
  const length = bytes[at + operationAt]!;
  const behind = at + headBytes + length;
  return length < copiesFlag ? behind : behind - copiesFlag + copiesBytes;
}

function copiesUntilMsAt(bytes: Buffer, at: number): number | undefined {
  if (bytes[at + operationAt]! < copiesFlag) return undefined;
  return bytes.readDoubleBE(valueLengthAt(bytes, at) - copiesBytes);
}

/** -1: there is no value. */
function bytesOfValue(length: number): number {
  if (length < manifestFlag) return length;
  return length >= rememberedLength ? -1 : length & lengthMask;
}

function isManifestAt(bytes: Buffer, at: number): boolean {
  const length = bytes.readUInt32BE(valueLengthAt(bytes, at));
  return length >= manifestFlag && length < rememberedLength;
}

function manifestSibling(head: Sibling, copiesUntilMs: number | undefined): Sibling {
  if (copiesUntilMs === undefined) return { ...head, manifest: true };
  return { ...head, copiesUntilMs, manifest: true };
}

function isRememberedAt(bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(valueLengthAt(bytes, at)) === rememberedLength;
}

function endOfSibling(bytes: Buffer, at: number): number {
  const lengthAt = valueLengthAt(bytes, at);
  return lengthAt + 4 + Math.max(0, bytesOfValue(bytes.readUInt32BE(lengthAt)));
}

/** Returns where the sibling ends. */
function checkSibling(bytes: Buffer, at: number, limit: number): number {
  if (at + headBytes > limit) throw endsEarly();
  checkDot(bytes, at);
  checkTime(bytes.readDoubleBE(at + writtenAt));
  checkTime(bytes.readDoubleBE(at + expiresAt));
  const operationBytes = bytes[at + operationAt]! & ~copiesFlag;
  if (operationBytes > limits.operationIdBytesMax)
    throw new MalformedError('operation id too long');
  if (valueLengthAt(bytes, at) + 4 > limit) throw endsEarly();
  const untilMs = copiesUntilMsAt(bytes, at);
  if (untilMs === undefined) {
    if (isRememberedAt(bytes, at)) throw new MalformedError('remembered without an end');
  } else {
    checkTime(untilMs);
    if (operationBytes === 0) throw new MalformedError('copies of a put without an operation');
  }
  const end = endOfSibling(bytes, at);
  if (end > limit) throw endsEarly();
  if (isManifestAt(bytes, at)) {
    const valueAt = valueLengthAt(bytes, at) + 4;
    checkManifest(bytes, valueAt, end - valueAt);
  }
  return end;
}

function checkTime(ms: number): void {
  if (!(ms >= 0 && ms < Infinity)) throw new MalformedError('not a time');
}

/** Behind the context. */
export function encodedSiblingsBytes(siblings: readonly Sibling[]): number {
  let bytes = countBytes;
  for (const sibling of siblings) bytes += encodedSiblingBytes(sibling);
  return bytes;
}

export function encodedLoneBytes(sibling: Sibling): number {
  return countBytes + encodedSiblingBytes(sibling);
}

function encodedSiblingBytes({ operation, value, copiesUntilMs }: Sibling): number {
  const copies = copiesUntilMs === undefined ? 0 : copiesBytes;
  return headBytes + operation.length + copies + 4 + (value?.length ?? 0);
}

/** Writes them behind their number and returns the offset behind them. */
export function writeSiblings(
  siblings: readonly Sibling[],
  target: Buffer,
  offset: number,
): number {
  let at = target.writeUInt16BE(siblings.length, offset);
  for (const sibling of siblings) at = writeSibling(sibling, target, at);
  return at;
}

/** As `writeSiblings` of this one, without a list. */
export function writeLone(sibling: Sibling, target: Buffer, offset: number): number {
  return writeSibling(sibling, target, target.writeUInt16BE(1, offset));
}

function writeSibling(sibling: Sibling, target: Buffer, offset: number): number {
  const { dot, value, writtenAtMs, expiresAtMs, operation, copiesUntilMs } = sibling;
  let at = writeDot(dot, target, offset);
  at = target.writeDoubleBE(writtenAtMs, at);
  at = target.writeDoubleBE(expiresAtMs, at);
  const flag = copiesUntilMs === undefined ? 0 : copiesFlag;
  at = target.writeUInt8(operation.length | flag, at);
  at = writeLatin1(operation, target, at);
  if (copiesUntilMs !== undefined) at = target.writeDoubleBE(copiesUntilMs, at);
  at = target.writeUInt32BE(value === null ? lengthOfNone(sibling) : lengthOf(sibling, value), at);
  if (value === null) return at;
  target.set(value, at);
  return at + value.length;
}

function lengthOf({ manifest }: Sibling, { length }: Uint8Array): number {
  return manifest === true ? manifestFlag + length : length;
}

function lengthOfNone(sibling: Sibling): number {
  return isRemembered(sibling) ? rememberedLength : tombstoneLength;
}
