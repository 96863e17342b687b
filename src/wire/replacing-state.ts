/**
 * The state a put leaves when it replaces all that is held of its key: the context with one entry raised, and one sibling.
 * It is made from the bytes of what was held, because objects are most of what it would cost to decode them.
 */
import { actorBytes } from '../../actors/rules/actor.js';
import { forgottenAtMs } from '../../actors/rules/operations.js';
import type { Actor, Dot, KeyState, SeenContext, Sibling } from '../../actors/rules/versions.js';
import {
  contextAt,
  copiesUntilMsAt,
  counterAt,
  endOfContext,
  entryFor,
  operationAt,
  someSibling,
  type StateSpan,
} from './encoded-states.js';
import {
  copiesFlag,
  decodeContext,
  encodedSiblingBytes,
  entryBytes,
  writeDot,
  writeSibling,
  type EncodableState,
} from './key-state-codec.js';

export class ReplacingState implements EncodableState {
  readonly encodedBytes: number;

  constructor(
    /** Encoded; with the sibling's dot. */
    readonly context: Buffer,
    private readonly sibling: Sibling,
  ) {
    this.encodedBytes = context.length + 2 + encodedSiblingBytes(sibling);
  }

  get state(): KeyState {
    return { context: decodeContext(this.context), siblings: [this.sibling] };
  }

  write(target: Buffer, offset: number): number {
    target.set(this.context, offset);
    const at = target.writeUInt16BE(1, offset + this.context.length);
    return writeSibling(this.sibling, target, at);
  }
}

/** Whether a put whose author has seen this much replaces all that is held, and claims nothing that is not. False where dots stand beside what was seen. */
export function seesAllOf(held: StateSpan, { vector, dots }: SeenContext): boolean {
  if (dots.length > 0) return false;
  const { source, start } = held;
  for (const { actor, counter } of vector) {
    const at = entryOf(source, start, actor);
    if (at < 0 || counterAt(source, at) < counter) return false;
  }
  return !someSibling(held, (at) => {
    const entry = vector.find(({ actor }) => isActorAt(source, at, actor));
    return entry === undefined || entry.counter < counterAt(source, at);
  });
}

/** The highest counter of the actor that the state claims; 0 when it has seen none. */
export function counterIn({ source, start }: StateSpan, actor: Actor): number {
  const at = entryOf(source, start, actor);
  return at < 0 ? 0 : counterAt(source, at);
}

export function contextEntriesIn({ source, start }: StateSpan): number {
  return source.readUInt16BE(start);
}

/** The state's context, encoded, with this dot as the actor's entry. */
export function contextWith({ source, start }: StateSpan, dot: Dot): Buffer {
  const { actor, counter } = dot;
  const end = endOfContext(source, start);
  const known = entryOf(source, start, actor);
  if (known >= 0) {
    const context = Buffer.from(source.subarray(start, end));
    context.writeUInt32BE(counter, known - start + actorBytes);
    return context;
  }
  const context = Buffer.allocUnsafe(end - start + entryBytes);
  let at = start + contextAt;
  while (at < end && source.toString('latin1', at, at + actorBytes) < actor) at += entryBytes;
  context.writeUInt16BE(source.readUInt16BE(start) + 1, 0);
  source.copy(context, contextAt, start + contextAt, at);
  const entry = at - start;
  writeDot(dot, context, entry);
  source.copy(context, entry + entryBytes, at, end);
  return context;
}

export function hasOperation(held: StateSpan, operation: string): boolean {
  return someSibling(held, (at) => isOperationAt(held.source, at + operationAt, operation));
}

/** Whether there are puts whose copies the state must know when they are replaced, or that it remembers. */
export function hasCopies(held: StateSpan, nowMs: number): boolean {
  return someSibling(held, (at) => {
    const untilMs = copiesUntilMsAt(held.source, at);
    return untilMs !== undefined && nowMs < forgottenAtMs(untilMs);
  });
}

/** Whether it lies there, behind its length. */
function isOperationAt(source: Buffer, at: number, operation: string): boolean {
  if ((source[at]! & ~copiesFlag) !== operation.length) return false;
  for (let i = 0; i < operation.length; i++)
    if (source[at + 1 + i] !== operation.charCodeAt(i)) return false;
  return true;
}

/** Where the actor's entry lies; -1 when there is none. */
function entryOf(source: Buffer, start: number, actor: Actor): number {
  if (source.readUInt16BE(start) > 8)
    return entryFor(source, start, (at) => compareActor(source, at, actor));
  const end = endOfContext(source, start);
  for (let at = start + contextAt; at < end; at += entryBytes)
    if (isActorAt(source, at, actor)) return at;
  return -1;
}

function compareActor(source: Buffer, at: number, actor: Actor): number {
  for (let i = 0; i < actorBytes; i++) {
    const difference = source[at + i]! - actor.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isActorAt(source: Buffer, at: number, actor: Actor): boolean {
  for (let i = 0; i < actorBytes; i++) if (source[at + i] !== actor.charCodeAt(i)) return false;
  return true;
}
