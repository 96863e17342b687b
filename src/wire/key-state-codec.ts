/**
 * Key states, contexts and what clients have seen, from objects to bytes (`encoded-state.ts`,
 * `encoded-context.ts`) and back.
 *
 * What a client has seen is a context, and where dots stand beside the vector:
 * u16 dots · dots × (actor 14, counter u32)
 */
import { limits } from '../../actors/rules/limits.js';
import type { Context, Dot, KeyState, SeenContext } from '../../actors/rules/versions.js';
import { compareDots, covers, nothingSeen } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';
import {
  bytesBehind,
  contextIn,
  encodedDotsBytes,
  writeDots,
  type EncodedContext,
} from './encoded-context.js';
import { encodedSiblingsBytes, stateIn, writeSiblings } from './encoded-state.js';

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

export function encodedStateBytes({ context, siblings }: KeyState): number {
  return encodedDotsBytes(context) + encodedSiblingsBytes(siblings);
}

function writeState({ context, siblings }: KeyState, target: Buffer, offset: number): number {
  return writeSiblings(siblings, target, writeDots(context, target, offset));
}

export function encodeState(state: KeyState): Buffer {
  const bytes = Buffer.allocUnsafe(encodedStateBytes(state));
  writeState(state, bytes, 0);
  return bytes;
}

/**
 * Values are views into `bytes`. Throws `MalformedError` on anything that is not one whole state.
 */
export function decodeState(bytes: Buffer): KeyState {
  return stateIn(bytes).decode();
}

export function encodeContext(context: Context): Buffer {
  const bytes = Buffer.allocUnsafe(encodedDotsBytes(context));
  writeDots(context, bytes, 0);
  return bytes;
}

/** Throws `MalformedError` unless the bytes are one whole context, ascending by actor. */
export function decodeContext(bytes: Buffer): Context {
  const encoded = contextIn(bytes);
  if (encoded.checkContext() !== encoded.end) throw bytesBehind();
  return encoded.context();
}

export function encodedSeenBytes({ vector, dots }: SeenContext): number {
  return encodedDotsBytes(vector) + (dots.length === 0 ? 0 : encodedDotsBytes(dots));
}

export function encodeSeen(seen: SeenContext): Buffer {
  const bytes = Buffer.allocUnsafe(encodedSeenBytes(seen));
  const { vector, dots } = seen;
  const at = writeDots(vector, bytes, 0);
  if (dots.length > 0) writeDots(dots, bytes, at);
  return bytes;
}

/**
 * As it comes from outside: bounded. Throws `MalformedError` on what `encodeSeen` does not write.
 */
export function decodeSeen(bytes: Buffer): SeenContext {
  if (bytes.length === 0) return nothingSeen;
  const encoded = contextIn(bytes);
  if (encoded.checkCount(0) > limits.contextEntriesMax)
    throw new MalformedError(`a context has at most ${limits.contextEntriesMax} entries`);
  const vectorEnd = encoded.checkContext();
  const vector = encoded.context();
  const dots = vectorEnd === bytes.length ? nothingSeen.dots : dotsBeside(vector, encoded);
  checkCounters(vector);
  checkCounters(dots);
  return { vector, dots };
}

function checkCounters(dots: readonly Dot[]): void {
  for (const { counter } of dots)
    if (counter > limits.contextCounterMax)
      throw new MalformedError('the context has a counter no write can have');
}

function dotsBeside(vector: Context, encoded: EncodedContext): Dot[] {
  const at = encoded.contextEnd;
  const count = encoded.checkCount(at);
  if (count === 0 || count > limits.siblingsMax)
    throw new MalformedError(`beside a context stand at most ${limits.siblingsMax} dots`);
  const end = encoded.checkDots(at);
  const dots = encoded.dots(at);
  const isAfter = (dot: Dot, i: number): boolean => i === 0 || compareDots(dots[i - 1]!, dot) < 0;
  if (!dots.every((dot, i) => isAfter(dot, i) && !covers(vector, dot)))
    throw new MalformedError('dots beside a context ascend, and it covers none');
  if (end !== encoded.end) throw bytesBehind();
  return dots;
}
