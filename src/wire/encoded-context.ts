/**
 * A context as bytes, which is also how a key state begins. Where in it what lies is known here and
 * nowhere else.
 *
 *   u16 entries · entries × (actor 14, counter u32), ascending by actor
 */
import { actorBytes } from '../../actors/rules/actor.js';
import type { Actor, Context, DigestLanes, Dot } from '../../actors/rules/versions.js';
import { emptyContext } from '../../actors/rules/versions.js';
import { MalformedError } from '../errors.js';

export const countBytes = 2;
export const dotBytes = actorBytes + 4;

/** Of so few, halving would cost more than it saves; most contexts have fewer. */
const fewEntries = 8;
/** An actor that is looked for among more, as bytes. */
const wanted = Buffer.alloc(actorBytes);

/**
 * What begins with a context, wherever it lies. An *offset* is where one of its dots begins; it
 * means something only to who gave it. All but the checks rely on bytes that have been checked.
 */
export class EncodedContext {
  constructor(
    readonly source: Buffer,
    readonly start: number,
    readonly length: number,
  ) {}

  /** A view. */
  get bytes(): Buffer {
    return this.source.subarray(this.start, this.start + this.length);
  }

  get end(): number {
    return this.start + this.length;
  }

  /** Throws `MalformedError` unless a context stands at the start; returns where it ends. */
  checkContext(): number {
    const { source, start } = this;
    const first = start + countBytes;
    const end = checkedEnd(source, start, start + this.length);
    for (let at = first; at < end; at += dotBytes) {
      checkDot(source, at);
      if (at > first && compareActors(source, at - dotBytes, source, at) >= 0)
        throw new MalformedError('context entries do not ascend');
    }
    return end;
  }

  /**
   * Throws `MalformedError` unless dots stand there behind their number; returns where they end.
   */
  checkDots(at: number): number {
    const { source } = this;
    const end = checkedEnd(source, at, this.end);
    for (let dot = at + countBytes; dot < end; dot += dotBytes) checkDot(source, dot);
    return end;
  }

  /** Throws `MalformedError` unless a number stands there, and returns it. */
  checkCount(at: number): number {
    return checkedCount(this.source, at, this.end);
  }

  get entries(): number {
    return countAt(this.source, this.start);
  }

  get firstEntry(): number {
    return this.start + countBytes;
  }

  nextEntry(at: number): number {
    return at + dotBytes;
  }

  get contextEnd(): number {
    return endOfDots(this.source, this.start);
  }

  /** A view of the context alone. */
  get contextBytes(): Buffer {
    return this.source.subarray(this.start, this.contextEnd);
  }

  counter(at: number): number {
    return counterAt(this.source, at);
  }

  isActor(at: number, actor: Actor): boolean {
    return isActorAt(this.source, at, actor);
  }

  /** By the actor of a dot here and of one of another. */
  compareActors(at: number, other: EncodedContext, otherAt: number): number {
    return compareActors(this.source, at, other.source, otherAt);
  }

  /** Whether the context covers the dot that lies there in another. */
  covers(other: EncodedContext, at: number): boolean {
    const entry = this.entryOf(other.source, at);
    return entry >= 0 && counterAt(this.source, entry) >= counterAt(other.source, at);
  }

  /** The highest counter of the actor that the context claims; 0 when it has seen none. */
  counterOf(actor: Actor): number {
    const entry = this.entryOfActor(actor);
    return entry < 0 ? 0 : counterAt(this.source, entry);
  }

  /** The offset of its entry; -1 when there is none. */
  private entryOfActor(actor: Actor): number {
    const { source, start } = this;
    const entries = countAt(source, start);
    if (entries > fewEntries) {
      writeLatin1(actor, wanted, 0);
      return this.entryOf(wanted, 0);
    }
    const first = start + countBytes;
    const end = first + entries * dotBytes;
    for (let at = first; at < end; at += dotBytes) if (isActorAt(source, at, actor)) return at;
    return -1;
  }

  /** The offset of the entry whose actor stands there; -1 when there is none. */
  private entryOf(other: Buffer, otherAt: number): number {
    const { source, start } = this;
    const first = start + countBytes;
    let low = 0;
    let high = countAt(source, start);
    while (high - low > fewEntries) {
      const middle = (low + high) >>> 1;
      if (compareActors(source, first + middle * dotBytes, other, otherAt) <= 0) low = middle;
      else high = middle;
    }
    const end = first + high * dotBytes;
    for (let at = first + low * dotBytes; at < end; at += dotBytes)
      if (compareActors(source, at, other, otherAt) === 0) return at;
    return -1;
  }

  /** The context's bytes with this dot as the entry of its actor. */
  contextWith(dot: Dot): Buffer {
    const { source, start } = this;
    const end = endOfDots(source, start);
    const known = this.entryOfActor(dot.actor);
    if (known >= 0) {
      const context = Buffer.from(source.subarray(start, end));
      context.writeUInt32BE(dot.counter, known - start + actorBytes);
      return context;
    }
    const context = Buffer.allocUnsafe(end - start + dotBytes);
    const first = start + countBytes;
    let at = first;
    writeLatin1(dot.actor, wanted, 0);
    while (at < end && compareActors(source, at, wanted, 0) < 0) at += dotBytes;
    context.writeUInt16BE(countAt(source, start) + 1, 0);
    source.copy(context, countBytes, first, at);
    const behind = writeDot(dot, context, at - start);
    source.copy(context, behind, at, end);
    return context;
  }

  context(): Context {
    return this.entries === 0 ? emptyContext : this.dots(this.start);
  }

  /** That stand there behind their number. */
  dots(at: number): Dot[] {
    const { source } = this;
    const dots: Dot[] = [];
    const end = endOfDots(source, at);
    for (let dot = at + countBytes; dot < end; dot += dotBytes) dots.push(dotAt(source, dot));
    return dots;
  }

  dot(at: number): Dot {
    return dotAt(this.source, at);
  }
}

export function contextIn(bytes: Buffer): EncodedContext {
  return new EncodedContext(bytes, 0, bytes.length);
}

export function encodedDotsBytes(dots: readonly Dot[]): number {
  return countBytes + dotBytes * dots.length;
}

/** Writes them behind their number and returns the offset behind them. */
export function writeDots(dots: readonly Dot[], target: Buffer, offset: number): number {
  let at = target.writeUInt16BE(dots.length, offset);
  for (const dot of dots) at = writeDot(dot, target, at);
  return at;
}

export function writeDot(dot: Dot, target: Buffer, offset: number): number {
  return target.writeUInt32BE(dot.counter, writeLatin1(dot.actor, target, offset));
}

/** Actors and operation ids are so short that a call into the runtime would cost more. */
export function writeLatin1(text: string, target: Buffer, offset: number): number {
  for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i);
  return offset + text.length;
}

export function compareDots(bytes: Buffer, left: number, right: number): number {
  const order = compareActors(bytes, left, bytes, right);
  return order === 0 ? counterAt(bytes, left) - counterAt(bytes, right) : order;
}

export function mixDot(bytes: Buffer, at: number, lanes: DigestLanes): void {
  for (let i = 0; i < actorBytes; i++) lanes.actorByte(bytes[at + i]!);
  lanes.counter(counterAt(bytes, at));
}

function isActorAt(bytes: Buffer, at: number, actor: Actor): boolean {
  for (let i = 0; i < actorBytes; i++) if (bytes[at + i] !== actor.charCodeAt(i)) return false;
  return true;
}

function compareActors(left: Buffer, leftAt: number, right: Buffer, rightAt: number): number {
  for (let i = 0; i < actorBytes; i++) {
    const difference = left[leftAt + i]! - right[rightAt + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function dotAt(bytes: Buffer, at: number): Dot {
  return { actor: bytes.toString('latin1', at, at + actorBytes), counter: counterAt(bytes, at) };
}

function counterAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at + actorBytes);
}

export function checkDot(bytes: Buffer, at: number): void {
  if (counterAt(bytes, at) === 0) throw new MalformedError('a dot counts from 1');
}

function checkedEnd(bytes: Buffer, at: number, limit: number): number {
  const end = at + countBytes + dotBytes * checkedCount(bytes, at, limit);
  if (end > limit) throw endsEarly();
  return end;
}

function checkedCount(bytes: Buffer, at: number, limit: number): number {
  if (at + countBytes > limit) throw endsEarly();
  return countAt(bytes, at);
}

/** The bytes are there: that needs no call that looks once more. */
export function countAt(bytes: Buffer, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function endOfDots(bytes: Buffer, at: number): number {
  return at + countBytes + dotBytes * countAt(bytes, at);
}

export function endsEarly(): MalformedError {
  return new MalformedError('key state ends early');
}

export function bytesBehind(): MalformedError {
  return new MalformedError('bytes behind the key state');
}
