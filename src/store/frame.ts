/**
 * Frames of the commit log.
 *
 *   magic (8) · u32 CRC-32C over all that follows · u32 payload length · u8 kind · u8 zero
 *   · u48 sequence · payload
 *
 * The magic is drawn at random when a store is created and never leaves its directory: when a
 * damaged segment is searched for frames that are whole, no value that a client chose can pass for
 * one.
 */
import { crc32c } from '@node-rs/crc32';

export const frameHeadBytes = 24;
export const magicBytes = 8;
const crcAt = magicBytes;
const lengthAt = crcAt + 4;
const kindAt = lengthAt + 4;
const sequenceAt = kindAt + 2;
const sequenceBytes = 6;

export interface Frame {
  readonly sequence: number;
  readonly kind: number;
  /** A view into the segment. */
  readonly payload: Buffer;
  /** Offset behind the frame. */
  readonly end: number;
}

/** The head of a frame around `payload`; written in front of it. */
export function frameHead(
  magic: Buffer,
  frame: {
    readonly sequence: number;
    readonly kind: number;
    readonly payload: readonly Uint8Array[];
  },
): Buffer {
  let length = 0;
  for (const chunk of frame.payload) length += chunk.length;
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.set(magic, 0);
  head.writeUInt32BE(length, lengthAt);
  head.writeUInt16BE(frame.kind << 8, kindAt);
  head.writeUIntBE(frame.sequence, sequenceAt, sequenceBytes);
  let crc = crc32c(head.subarray(lengthAt));
  for (const chunk of frame.payload) crc = crc32c(chunk, crc);
  head.writeUInt32BE(crc, crcAt);
  return head;
}

/** The frame at `at`, or undefined when there is no whole and undamaged one. */
function frameAt(magic: Buffer, segment: Buffer, at: number): Frame | undefined {
  const payloadAt = at + frameHeadBytes;
  if (payloadAt > segment.length) return undefined;
  if (segment.compare(magic, 0, magicBytes, at, at + magicBytes) !== 0) return undefined;
  const end = payloadAt + segment.readUInt32BE(at + lengthAt);
  if (end > segment.length) return undefined;
  const crc = crc32c(segment.subarray(at + lengthAt, end));
  if (crc !== segment.readUInt32BE(at + crcAt)) return undefined;
  return {
    sequence: segment.readUIntBE(at + sequenceAt, sequenceBytes),
    kind: segment.readUInt8(at + kindAt),
    payload: segment.subarray(payloadAt, end),
    end,
  };
}

export interface SegmentContent {
  readonly frames: readonly Frame[];
  /** Length of the prefix that is to stay; behind it nothing is whole. */
  readonly validBytes: number;
  /**
   * Bytes behind it that look like a write of this segment, not like what its file held before
   * (older frames, zeros).
   */
  readonly tornBytes: number;
  /** Something between the frames can't be read. */
  readonly damaged: boolean;
}

/** All whole frames of a segment in order. `first`: the sequence its name promises. */
export function readSegment(magic: Buffer, segment: Buffer, first: number): SegmentContent {
  const frames: Frame[] = [];
  let expected = first;
  let at = 0;
  let damaged = false;
  for (;;) {
    let frame = frameAt(magic, segment, at);
    if (frame === undefined || frame.sequence !== expected) {
      frame = nextFrame(magic, segment, at, expected);
      if (frame === undefined) break;
      damaged = true;
    }
    frames.push(frame);
    at = frame.end;
    expected = frame.sequence + 1;
  }
  return { frames, validBytes: at, tornBytes: tornBytes(magic, segment, at, first), damaged };
}

/** The first whole frame behind `at` that is not older than `expected`. */
function nextFrame(
  magic: Buffer,
  segment: Buffer,
  at: number,
  expected: number,
): Frame | undefined {
  for (let next = segment.indexOf(magic, at); next >= 0; next = segment.indexOf(magic, next + 1)) {
    const frame = frameAt(magic, segment, next);
    if (frame !== undefined && frame.sequence >= expected) return frame;
  }
  return undefined;
}

/**
 * For the report only: nothing behind `at` is whole, so all of it is a guess at what was under way.
 */
function tornBytes(magic: Buffer, segment: Buffer, at: number, first: number): number {
  const rest = segment.length - at;
  if (rest < magicBytes) return rest;
  const begun = segment.compare(magic, 0, magicBytes, at, at + magicBytes) === 0;
  const claimed = begun ? Math.min(rest, claimedBytes(segment, at)) : 0;
  for (let next = segment.indexOf(magic, at); next >= 0; next = segment.indexOf(magic, next + 1)) {
    const older = frameAt(magic, segment, next);
    if (older !== undefined && older.sequence < first) return Math.min(next - at, claimed);
  }
  let end = segment.length;
  while (end > at && segment[end - 1] === 0) end -= 1;
  return Math.max(end - at, claimed);
}

function claimedBytes(segment: Buffer, at: number): number {
  if (at + frameHeadBytes > segment.length) return segment.length - at;
  return frameHeadBytes + segment.readUInt32BE(at + lengthAt);
}
