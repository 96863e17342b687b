/**
 * Operations whose values were replaced lately. A put may travel twice (its client asked a second node, a node took back what it had
 * passed on), and the copy may arrive when another put has replaced it already: carried out, it would undo what came after it.
 *
 * Kept by the node that did the replacing, which is the one that orders the key's next puts as well. In memory and bounded: what it has
 * forgotten, or what another node replaced, is one write more, as it is for a put without an operation id.
 *
 * Every put asks here, and nearly every put replaces one: so they lie as bytes in a ring, found by chains through it that
 * end where the ring was written over, as deflate keeps the strings it has seen (RFC 1951, section 4).
 */
import { actorBytes } from '../../actors/rules/actor.js';
import { fnvBasis, hashText, mixed } from '../../actors/rules/hash.js';
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import type { Dot, KeyState } from '../../actors/rules/versions.js';
import { covers } from '../../actors/rules/versions.js';
import { operationAt, someSibling, type StateSpan } from '../wire/encoded-states.js';
import { encodedSiblingBytes, entryBytes, writeSibling } from '../wire/key-state-codec.js';
import { isOperationAt } from '../wire/replacing-state.js';

/** A power of two. */
const places = limits.replacedOperationsMax;
const chains = 2 * places;
/** Dot, length of the operation u8, operation. */
const lengthAt = entryBytes;
const textAt = lengthAt + 1;
const placeBytes = textAt + limits.operationIdBytesMax;

export class ReplacedOperations {
  /** Numbers of writes go up and round (32 bits). The first is so large that 0, which is no write, lies outside the ring. */
  private last: number = places;
  private readonly ring = Buffer.alloc(places * placeBytes);
  private readonly hashes = new Int32Array(places);
  /** By place: the write before it in its chain. */
  private readonly earlier = new Int32Array(places);
  /** By hash: the last write of a chain. */
  private readonly heads = new Int32Array(chains);

  /** To be told what a mint has made of a state. */
  note(before: KeyState, after: KeyState): void {
    for (const sibling of before.siblings) {
      if (sibling.operation === '' || after.siblings.includes(sibling)) continue;
      const head = { ...sibling, value: null };
      const encoded = Buffer.allocUnsafe(encodedSiblingBytes(head));
      writeSibling(head, encoded, 0);
      this.add(encoded, 0);
    }
  }

  /** All siblings of the state are replaced. */
  noteAll(state: StateSpan): void {
    const { source } = state;
    someSibling(state, (at) => {
      if (source[at + operationAt] !== 0) this.add(source, at);
      return false;
    });
  }

  /** Whether the operation was noted, of whatever key. */
  has(operation: ByteString): boolean {
    return this.find(operation) >= 0;
  }

  /** The dot of the operation, if the state has replaced its value. Actors are of one key, so another key's state covers no such dot. */
  dotOf(operation: ByteString, { context }: KeyState): Dot | undefined {
    const at = this.find(operation);
    if (at < 0) return undefined;
    const actor = this.ring.toString('latin1', at, at + actorBytes);
    const dot = { actor, counter: this.ring.readUInt32BE(at + actorBytes) };
    return covers(context, dot) ? dot : undefined;
  }

  /** Where in the ring it lies; -1 when it does not. */
  private find(operation: ByteString): number {
    const hash = hashOfText(operation);
    let write = this.heads[hash & (chains - 1)]!;
    while (this.isInRing(write)) {
      const place = write & (places - 1);
      const at = place * placeBytes;
      if (this.hashes[place] === hash && isOperationAt(this.ring, at + lengthAt, operation))
        return at;
      write = this.earlier[place]!;
    }
    return -1;
  }

  private isInRing(write: number): boolean {
    return (this.last - write) >>> 0 < places;
  }

  /** The sibling that lies encoded there. */
  private add(source: Buffer, sibling: number): void {
    const { ring } = this;
    this.last = (this.last + 1) | 0;
    const place = this.last & (places - 1);
    const at = place * placeBytes;
    const length = source[sibling + operationAt]!;
    for (let i = 0; i < entryBytes; i++) ring[at + i] = source[sibling + i]!;
    for (let i = 0; i <= length; i++) ring[at + lengthAt + i] = source[sibling + operationAt + i]!;
    const hash = hashOfBytes(ring, at + textAt, at + textAt + length);
    this.hashes[place] = hash;
    this.earlier[place] = this.heads[hash & (chains - 1)]!;
    this.heads[hash & (chains - 1)] = this.last;
  }
}

function hashOfBytes(bytes: Buffer, start: number, end: number): number {
  let hash = fnvBasis;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return mixed(hash) | 0;
}

/** As `hashOfBytes` of its bytes. */
function hashOfText(text: ByteString): number {
  return mixed(hashText(fnvBasis, text)) | 0;
}
