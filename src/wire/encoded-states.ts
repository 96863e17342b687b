/**
 * Encoded key states (`key-state-codec.ts`) checked, hashed and compared as they are. A replica merges most states into an
 * older form of themselves: that takes no objects, which are most of what decoding costs now and the collector later.
 */
import { actorBytes } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { DigestLanes, emptyDigest, type Digest } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import { entryBytes, isTime, siblingHeadBytes, tombstoneLength } from './key-state-codec.js';

const contextAt = 2;
const writtenAt = entryBytes;
const expiresAt = writtenAt + 8;
const operationAt = expiresAt + 8;

/** The digest of the state (`digestOf`). Throws `MalformedError` where `decodeState` does. */
export function checkedDigest(bytes: Buffer): Digest {
  const siblingsAt = checkContext(bytes);
  const siblings = bytes.readUInt16BE(siblingsAt);
  if (siblingsAt === contextAt && siblings === 0 && bytes.length === siblingsAt + 2)
    return emptyDigest;
  const lanes = new DigestLanes();
  for (let at = contextAt; at < siblingsAt; at += entryBytes) mixDot(lanes, bytes, at);
  lanes.gap();
  let last = 0;
  let at = siblingsAt + 2;
  for (let i = 0; i < siblings; i++) {
    const end = checkSibling(bytes, at);
    if (last > 0 && compareDots(bytes, last, at) >= 0)
      throw new MalformedError('siblings do not ascend');
    if (!covers(bytes, bytes, at)) throw new MalformedError('a sibling without its claim');
    mixDot(lanes, bytes, at);
    last = at;
    at = end;
  }
  if (at !== bytes.length) throw new MalformedError('bytes behind the key state');
  return lanes.digest();
}

/**
 * Whether `newer` merged with `older` is `newer`, seen from contexts alone: it has seen all that the older one has, and its
 * siblings are news to it. False says nothing. Both have been checked.
 */
export function replaces(newer: Buffer, older: Buffer): boolean {
  const olderEnd = endOfContext(older);
  for (let at = contextAt; at < olderEnd; at += entryBytes)
    if (!covers(newer, older, at)) return false;
  const siblingsAt = endOfContext(newer);
  let at = siblingsAt + 2;
  for (let left = newer.readUInt16BE(siblingsAt); left > 0; left--) {
    if (covers(older, newer, at)) return false;
    at = endOfSibling(newer, at);
  }
  return true;
}

/** A view; as `encodeContext` would write the state's context. */
export function contextBytesOf(bytes: Buffer): Buffer {
  return bytes.subarray(0, endOfContext(bytes));
}

function endOfContext(bytes: Buffer): number {
  return contextAt + entryBytes * bytes.readUInt16BE(0);
}

function endOfSibling(bytes: Buffer, at: number): number {
  const lengthAt = at + operationAt + 1 + bytes[at + operationAt]!;
  const length = bytes.readUInt32BE(lengthAt);
  return lengthAt + 4 + (length === tombstoneLength ? 0 : length);
}

/** Returns where the context ends. */
function checkContext(bytes: Buffer): number {
  if (bytes.length < contextAt + 2) throw endsEarly();
  const end = endOfContext(bytes);
  if (end + 2 > bytes.length) throw endsEarly();
  for (let at = contextAt; at < end; at += entryBytes) {
    if (bytes.readUInt32BE(at + actorBytes) === 0) throw new MalformedError('a dot counts from 1');
    if (at > contextAt && compareActors(bytes, at - entryBytes, bytes, at) >= 0)
      throw new MalformedError('context entries do not ascend');
  }
  return end;
}

/** Returns where the sibling ends. */
function checkSibling(bytes: Buffer, at: number): number {
  if (at + siblingHeadBytes > bytes.length) throw endsEarly();
  if (bytes.readUInt32BE(at + actorBytes) === 0) throw new MalformedError('a dot counts from 1');
  const areTimes =
    isTime(bytes.readDoubleBE(at + writtenAt)) && isTime(bytes.readDoubleBE(at + expiresAt));
  if (!areTimes) throw new MalformedError('not a time');
  const operationBytes = bytes[at + operationAt]!;
  if (operationBytes > limits.operationIdBytesMax)
    throw new MalformedError('operation id too long');
  if (at + siblingHeadBytes + operationBytes + 4 > bytes.length) throw endsEarly();
  const end = endOfSibling(bytes, at);
  if (end > bytes.length) throw endsEarly();
  return end;
}

/** Whether the context of `state` covers the dot at `at` in `other`. */
function covers(state: Buffer, other: Buffer, at: number): boolean {
  const end = endOfContext(state);
  for (let entry = contextAt; entry < end; entry += entryBytes)
    if (compareActors(state, entry, other, at) === 0)
      return state.readUInt32BE(entry + actorBytes) >= other.readUInt32BE(at + actorBytes);
  return false;
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
