/**
 * Encoded key states (`key-state-codec.ts`) checked, hashed and compared as they are. A replica merges most states into an
 * older form of themselves: that takes no objects, which are most of what decoding costs now and the collector later.
 */
import { actorBytes } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { DigestLanes, emptyDigest, type Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import {
  copiesBytes,
  copiesFlag,
  entryBytes,
  isTime,
  rememberedLength,
  siblingHeadBytes,
} from './key-state-codec.js';

export const contextAt = 2;
const writtenAt = entryBytes;
export const expiresAt = writtenAt + 8;
export const operationAt = expiresAt + 8;

/** An encoded state inside other bytes, such as a batch. */
export interface StateSpan {
  readonly source: Buffer;
  readonly start: number;
  readonly length: number;
}

export function spanOf(bytes: Buffer): StateSpan {
  return { source: bytes, start: 0, length: bytes.length };
}

export function bytesOf({ source, start, length }: StateSpan): Buffer {
  return source.subarray(start, start + length);
}

/** The digest of the state (`digestOf`). Throws `MalformedError` where `decodeState` does. */
export function checkedDigest({ source: bytes, start, length }: StateSpan): Digest {
  const end = start + length;
  const siblingsAt = checkContext(bytes, start, end);
  const siblings = bytes.readUInt16BE(siblingsAt);
  if (siblingsAt === start + contextAt && siblings === 0 && end === siblingsAt + 2)
    return emptyDigest;
  const lanes = new DigestLanes();
  for (let at = start + contextAt; at < siblingsAt; at += entryBytes) mixDot(lanes, bytes, at);
  lanes.gap();
  let last = 0;
  let at = siblingsAt + 2;
  for (let i = 0; i < siblings; i++) {
    const siblingEnd = checkSibling(bytes, at, end);
    if (last > 0 && compareDots(bytes, last, at) >= 0)
      throw new MalformedError('siblings do not ascend');
    if (!covers(bytes, start, bytes, at)) throw new MalformedError('a sibling without its claim');
    mixDot(lanes, bytes, at);
    const untilMs = copiesUntilMsAt(bytes, at);
    if (untilMs !== undefined) lanes.copies(untilMs, isRememberedAt(bytes, at));
    last = at;
    at = siblingEnd;
  }
  if (at !== end) throw new MalformedError('bytes behind the key state');
  return lanes.digest();
}

/**
 * Whether `newer` merged with `older` is `newer`, seen from contexts alone: it has seen all that the older one has, and its
 * siblings are news to it. False says nothing. Both have been checked.
 */
export function replaces(newer: StateSpan, older: StateSpan): boolean {
  const olderEnd = endOfContext(older.source, older.start);
  const newerEnd = endOfContext(newer.source, newer.start);
  let entry = newer.start + contextAt;
  for (let at = older.start + contextAt; at < olderEnd; at += entryBytes) {
    let order = -1;
    for (; entry < newerEnd; entry += entryBytes) {
      order = compareActors(newer.source, entry, older.source, at);
      if (order >= 0) break;
    }
    if (order !== 0 || counterAt(newer.source, entry) < counterAt(older.source, at)) return false;
  }
  return !someSibling(newer, (at) => covers(older.source, older.start, newer.source, at));
}

/** Whether it holds for the place of some sibling; asked from the first on, until it does. */
export function someSibling({ source, start }: StateSpan, holds: (at: number) => boolean): boolean {
  const siblingsAt = endOfContext(source, start);
  let at = siblingsAt + 2;
  for (let left = source.readUInt16BE(siblingsAt); left > 0; left--) {
    if (holds(at)) return true;
    at = endOfSibling(source, at);
  }
  return false;
}

/** A view; as `encodeContext` would write the state's context. */
export function contextBytesOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, endOfContext(bytes, 0));
}

export function endOfContext(bytes: Buffer, start: number): number {
  return start + contextAt + entryBytes * bytes.readUInt16BE(start);
}

/** Where the length of a sibling's value lies. */
export function valueLengthAt(bytes: Buffer, at: number): number {
  const length = bytes[at + operationAt]!;
  const behind = at + operationAt + 1 + length;
  return length < copiesFlag ? behind : behind - copiesFlag + copiesBytes;
}

/** Wall clock until when copies of a sibling's put may come; undefined: none do. */
export function copiesUntilMsAt(bytes: Buffer, at: number): number | undefined {
  if (bytes[at + operationAt]! < copiesFlag) return undefined;
  return bytes.readDoubleBE(valueLengthAt(bytes, at) - copiesBytes);
}

function isRememberedAt(bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(valueLengthAt(bytes, at)) === rememberedLength;
}

function endOfSibling(bytes: Buffer, at: number): number {
  const lengthAt = valueLengthAt(bytes, at);
  const length = bytes.readUInt32BE(lengthAt);
  return lengthAt + 4 + (length >= rememberedLength ? 0 : length);
}

/** Returns where the context ends. */
function checkContext(bytes: Buffer, start: number, stateEnd: number): number {
  const first = start + contextAt;
  if (first + 2 > stateEnd) throw endsEarly();
  const end = endOfContext(bytes, start);
  if (end + 2 > stateEnd) throw endsEarly();
  for (let at = first; at < end; at += entryBytes) {
    if (bytes.readUInt32BE(at + actorBytes) === 0) throw new MalformedError('a dot counts from 1');
    if (at > first && compareActors(bytes, at - entryBytes, bytes, at) >= 0)
      throw new MalformedError('context entries do not ascend');
  }
  return end;
}

/** Returns where the sibling ends. */
function checkSibling(bytes: Buffer, at: number, stateEnd: number): number {
  if (at + siblingHeadBytes > stateEnd) throw endsEarly();
  if (bytes.readUInt32BE(at + actorBytes) === 0) throw new MalformedError('a dot counts from 1');
  const areTimes =
    isTime(bytes.readDoubleBE(at + writtenAt)) && isTime(bytes.readDoubleBE(at + expiresAt));
  if (!areTimes) throw new MalformedError('not a time');
  const operationBytes = bytes[at + operationAt]! & ~copiesFlag;
  if (operationBytes > limits.operationIdBytesMax)
    throw new MalformedError('operation id too long');
  const lengthAt = valueLengthAt(bytes, at);
  if (lengthAt + 4 > stateEnd) throw endsEarly();
  checkCopies(bytes, at);
  const end = endOfSibling(bytes, at);
  if (end > stateEnd) throw endsEarly();
  return end;
}

function checkCopies(bytes: Buffer, at: number): void {
  const untilMs = copiesUntilMsAt(bytes, at);
  if (untilMs === undefined) {
    if (isRememberedAt(bytes, at)) throw new MalformedError('remembered without an end');
    return;
  }
  if (!isTime(untilMs)) throw new MalformedError('not a time');
  if (bytes[at + operationAt] === copiesFlag)
    throw new MalformedError('copies of a put without an operation');
}

/** Whether the context of the state at `start` covers the dot at `at` in `other`. */
function covers(state: Buffer, start: number, other: Buffer, at: number): boolean {
  const entry = entryFor(state, start, (place) => compareActors(state, place, other, at));
  return entry >= 0 && counterAt(state, entry) >= counterAt(other, at);
}

/** Where the entry lies whose actor compares as 0; -1 when there is none. */
export function entryFor(source: Buffer, start: number, compare: (at: number) => number): number {
  const first = start + contextAt;
  let low = 0;
  let high = source.readUInt16BE(start);
  // Most contexts have so few entries that halving costs more than it saves.
  while (high - low > 8) {
    const middle = (low + high) >>> 1;
    if (compare(first + middle * entryBytes) <= 0) low = middle;
    else high = middle;
  }
  for (; low < high; low++)
    if (compare(first + low * entryBytes) === 0) return first + low * entryBytes;
  return -1;
}

export function counterAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + actorBytes);
}

function compareDots(bytes: Buffer, a: number, b: number): number {
  const order = compareActors(bytes, a, bytes, b);
  if (order !== 0) return order;
  return bytes.readUInt32BE(a + actorBytes) - bytes.readUInt32BE(b + actorBytes);
}

function compareActors(left: Buffer, leftAt: number, right: Buffer, rightAt: number): number {
  for (let i = 0; i < actorBytes; i++) {
    const difference = left[leftAt + i]! - right[rightAt + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function mixDot(lanes: DigestLanes, bytes: Buffer, at: number): void {
  for (let i = 0; i < actorBytes; i++) lanes.actorByte(bytes[at + i]!);
  lanes.counter(bytes.readUInt32BE(at + actorBytes));
}

function endsEarly(): MalformedError {
  return new MalformedError('key state ends early');
}
