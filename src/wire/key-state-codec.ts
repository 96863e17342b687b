/**
 * A key state as bytes; canonical, so equal states have equal bytes.
 *
 *   u16 entries · entries × (actor 14, counter u32)
 *   u16 siblings · siblings × (actor 14, counter u32, written f64, expires f64,
 *                              operation length u8, operation, value length u32 or 2^32-1 for a tombstone, value)
 *
 * Where copies of a put may come (`actors/rules/operations.ts`), 128 is added to the length of its operation, and behind the
 * operation stands a f64 more: until when. When it is only remembered, its value has the length 2^32-2.
 *
 * What a client has seen is a context, and where dots stand beside the vector: u16 dots · dots × (actor 14, counter u32)
 */
import { actorBytes } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { isRemembered } from '../../actors/rules/operations.js';
import type { Context, Dot, KeyState, SeenContext, Sibling } from '../../actors/rules/versions.js';
import { compareDots, covers, emptyContext, nothingSeen } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';

export const entryBytes = actorBytes + 4;
export const siblingHeadBytes = entryBytes + 8 + 8 + 1;
export const tombstoneLength = 0xffffffff;
export const rememberedLength = 0xfffffffe;
/** Beside the length of an operation. */
export const copiesFlag = 0x80;
export const copiesBytes = 8;

/** A state as who makes it has it: with objects, or nearly encoded. */
export interface EncodableState {
  readonly encodedBytes: number;
  /** Writes at `offset` and returns the offset behind it; `target` has `encodedBytes` left. */
  write(target: Buffer, offset: number): number;
}

export function encodable(state: KeyState): EncodableState {
  return {
    encodedBytes: encodedStateBytes(state),
    write: (target, offset) => writeState(state, target, offset),
  };
}

export function encodedStateBytes(state: KeyState): number {
  let bytes = 4 + entryBytes * state.context.length;
  for (const sibling of state.siblings) bytes += encodedSiblingBytes(sibling);
  return bytes;
}

export function encodedSiblingBytes({ operation, value, copiesUntilMs }: Sibling): number {
  const copies = copiesUntilMs === undefined ? 0 : copiesBytes;
  return siblingHeadBytes + operation.length + copies + 4 + (value?.length ?? 0);
}

/** Writes at `offset` and returns the offset behind it; `target` has `encodedStateBytes` left. */
export function writeState(state: KeyState, target: Buffer, offset: number): number {
  let at = writeContext(state.context, target, offset);
  at = target.writeUInt16BE(state.siblings.length, at);
  for (const sibling of state.siblings) at = writeSibling(sibling, target, at);
  return at;
}

export function writeSibling(sibling: Sibling, target: Buffer, offset: number): number {
  const { dot, value, writtenAtMs, expiresAtMs, operation, copiesUntilMs } = sibling;
  let at = writeDot(dot, target, offset);
  at = target.writeDoubleBE(writtenAtMs, at);
  at = target.writeDoubleBE(expiresAtMs, at);
  const flag = copiesUntilMs === undefined ? 0 : copiesFlag;
  at = target.writeUInt8(operation.length | flag, at);
  at = writeLatin1(operation, target, at);
  if (copiesUntilMs !== undefined) at = target.writeDoubleBE(copiesUntilMs, at);
  at = target.writeUInt32BE(value === null ? lengthOfNone(sibling) : value.length, at);
  if (value === null) return at;
  target.set(value, at);
  return at + value.length;
}

function lengthOfNone(sibling: Sibling): number {
  return isRemembered(sibling) ? rememberedLength : tombstoneLength;
}

export function encodeState(state: KeyState): Buffer {
  const bytes = Buffer.allocUnsafe(encodedStateBytes(state));
  writeState(state, bytes, 0);
  return bytes;
}

/** Values are views into `bytes`. Throws `MalformedError` on anything that is not one whole state. */
export function decodeState(bytes: Buffer): KeyState {
  const reader = new Reader(bytes);
  const context = reader.context();
  const count = reader.uint16();
  const siblings: Sibling[] = [];
  for (let i = 0; i < count; i++) {
    const sibling = reader.sibling();
    const last = siblings[i - 1];
    if (last !== undefined && compareDots(last.dot, sibling.dot) >= 0)
      throw new MalformedError('siblings do not ascend');
    // Merging relies on it: a state that does not claim its own sibling would get it back after every replacement.
    if (!covers(context, sibling.dot)) throw new MalformedError('a sibling without its claim');
    siblings.push(sibling);
  }
  reader.end();
  return { context, siblings };
}

export function encodeContext(context: Context): Buffer {
  const bytes = Buffer.allocUnsafe(2 + entryBytes * context.length);
  writeContext(context, bytes, 0);
  return bytes;
}

/** Throws `MalformedError` unless the bytes are one whole context, ascending by actor. */
export function decodeContext(bytes: Buffer): Context {
  const reader = new Reader(bytes);
  const context = reader.context();
  reader.end();
  return context;
}

export function encodedSeenBytes({ vector, dots }: SeenContext): number {
  const besideBytes = dots.length === 0 ? 0 : 2 + entryBytes * dots.length;
  return 2 + entryBytes * vector.length + besideBytes;
}

export function encodeSeen(seen: SeenContext): Buffer {
  const bytes = Buffer.allocUnsafe(encodedSeenBytes(seen));
  const { vector, dots } = seen;
  let at = writeContext(vector, bytes, 0);
  if (dots.length === 0) return bytes;
  at = bytes.writeUInt16BE(dots.length, at);
  for (const dot of dots) at = writeDot(dot, bytes, at);
  return bytes;
}

/** As it comes from outside: bounded. Throws `MalformedError` on what `encodeSeen` does not write. */
export function decodeSeen(bytes: Buffer): SeenContext {
  if (bytes.length === 0) return nothingSeen;
  const reader = new Reader(bytes);
  const vector = reader.context(limits.contextEntriesMax);
  const dots = reader.isAtEnd ? nothingSeen.dots : reader.dotsBeside(vector);
  reader.end();
  for (const list of [vector, dots])
    if (list.some(({ counter }) => counter > limits.contextCounterMax))
      throw new MalformedError('the context has a counter no write can have');
  return { vector, dots };
}

function writeContext(context: Context, target: Buffer, offset: number): number {
  let at = target.writeUInt16BE(context.length, offset);
  for (const entry of context) at = writeDot(entry, target, at);
  return at;
}

export function writeDot(dot: Dot, target: Buffer, offset: number): number {
  writeLatin1(dot.actor, target, offset);
  return target.writeUInt32BE(dot.counter, offset + actorBytes);
}

/** Actors and operation ids are so short that the call into the runtime would cost more than the loop. */
function writeLatin1(text: string, target: Buffer, offset: number): number {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i);
  return offset + text.length;
}

export function isTime(ms: number): boolean {
  return ms >= 0 && ms < Infinity;
}

class Reader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  private take(count: number): number {
    const start = this.at;
    if (start + count > this.bytes.length) throw new MalformedError('key state ends early');
    this.at = start + count;
    return start;
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.take(2));
  }

  dot(): Dot {
    const start = this.take(entryBytes);
    const counter = this.bytes.readUInt32BE(start + actorBytes);
    if (counter === 0) throw new MalformedError('a dot counts from 1');
    return { actor: this.bytes.toString('latin1', start, start + actorBytes), counter };
  }

  context(entriesMax = Infinity): Context {
    const count = this.uint16();
    if (count === 0) return emptyContext;
    if (count > entriesMax) throw new MalformedError(`a context has at most ${entriesMax} entries`);
    const context: Dot[] = [];
    let last = '';
    for (let i = 0; i < count; i++) {
      const entry = this.dot();
      if (entry.actor <= last) throw new MalformedError('context entries do not ascend');
      last = entry.actor;
      context.push(entry);
    }
    return context;
  }

  dotsBeside(vector: Context): Dot[] {
    const count = this.uint16();
    if (count === 0 || count > limits.siblingsMax)
      throw new MalformedError(`beside a context stand at most ${limits.siblingsMax} dots`);
    const dots: Dot[] = [];
    for (let i = 0; i < count; i++) {
      const dot = this.dot();
      const last = dots.at(-1);
      if (covers(vector, dot) || (last !== undefined && compareDots(last, dot) >= 0))
        throw new MalformedError('dots beside a context ascend, and it covers none');
      dots.push(dot);
    }
    return dots;
  }

  sibling(): Sibling {
    const dot = this.dot();
    const writtenAtMs = this.bytes.readDoubleBE(this.take(8));
    const expiresAtMs = this.bytes.readDoubleBE(this.take(8));
    if (!isTime(writtenAtMs) || !isTime(expiresAtMs)) throw new MalformedError('not a time');
    const lengthAndFlag = this.bytes.readUInt8(this.take(1));
    const operationLength = lengthAndFlag & ~copiesFlag;
    if (operationLength > limits.operationIdBytesMax)
      throw new MalformedError('operation id too long');
    const operationAt = this.take(operationLength);
    const operation = this.bytes.toString('latin1', operationAt, operationAt + operationLength);
    const head = { dot, writtenAtMs, expiresAtMs, operation };
    if (lengthAndFlag >= copiesFlag) return this.copied(head);
    const valueLength = this.bytes.readUInt32BE(this.take(4));
    if (valueLength === rememberedLength) throw new MalformedError('remembered without an end');
    return { ...head, value: this.value(valueLength) };
  }

  private copied(head: Omit<Sibling, 'value'>): Sibling {
    const copiesUntilMs = this.bytes.readDoubleBE(this.take(copiesBytes));
    if (!isTime(copiesUntilMs)) throw new MalformedError('not a time');
    if (head.operation === '') throw new MalformedError('copies of a put without an operation');
    const valueLength = this.bytes.readUInt32BE(this.take(4));
    if (valueLength === rememberedLength)
      return { ...head, value: null, copiesUntilMs, remembered: true };
    return { ...head, value: this.value(valueLength), copiesUntilMs };
  }

  private value(length: number): Uint8Array | null {
    if (length === tombstoneLength) return null;
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  end(): void {
    if (this.at !== this.bytes.length) throw new MalformedError('bytes behind the key state');
  }
}
