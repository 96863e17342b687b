/**
 * Listens to what nodes send each other and checks (f) dots name one write for ever, and (g) states
 * stay within the limits. It also learns which write got which dots, so that what is minted twice
 * is known.
 */
import { crc32 } from 'node:zlib';
import type { Publication } from '../seams/sim-nats.js';
import {
  type Plain,
  readBatch,
  readMessagePack,
  type SeenRecord,
  type SeenSibling,
  type SeenState,
} from './message-reader.js';
import type { Violations } from './violations.js';

export interface StateBounds {
  /**
   * Of one actor: no put leaves more, and an actor holds all its own. Those of several are merged,
   * never dropped.
   */
  readonly siblingsMax: number;
  readonly contextEntriesMax: number;
  readonly stateBytesMax: number;
  /**
   * Replaced puts that a key remembers beyond their time; of more it forgets some before their
   * copies are over.
   */
  readonly operationsRememberedKept: number;
}

/** What other oracles ask of puts that may be two. */
export type CopiesSeen = Pick<DotOracle, 'maybeMintedTwice' | 'toldByAuthor' | 'isGivenToTwo'>;

/** Of a merge; others bring what was minted before. */
const putReason = 0;

export class DotOracle {
  /** `<name> <dot>` → what was written under it. */
  private readonly writes = new Map<string, string>();
  private readonly dotsOf = new Map<string, Set<string>>();
  /**
   * Puts that one node passed on to another, which it may have coordinated as well when no answer
   * came.
   */
  private readonly passedOn = new Set<string>();
  /** Puts of the TypeScript client, which tries again elsewhere. */
  private readonly framed = new Set<string>();
  /** Those that it did try again, with their keys. */
  private readonly framedAgain = new Map<string, string>();
  /** Plain puts and deletes, by key: while nodes take each other for hung it remembers each. */
  private readonly plainWrites = new Map<string, number>();
  /** Plain puts that two nodes were given, by key. */
  private readonly doubled = new Map<string, Set<string>>();
  /**
   * Told of the newest dot of its coordinator where a put round shows it for the first time: it has
   * just been minted.
   */
  onMinted: ((token: string, dot: string, coordinator: string) => void) | undefined;
  statesSeen = 0;
  siblingsSeenMax = 0;

  constructor(
    private readonly violations: Violations,
    private readonly bounds: StateBounds,
    private readonly tokenOf: (value: Buffer) => string,
    /** What a right clock shows; Infinity where wrong ones are believed. */
    private readonly wallMs: () => number,
  ) {}

  /** To be told of every publication. */
  hear(publication: Publication): void {
    const { subject } = publication;
    const key = keyIn(subject);
    if (key !== undefined) this.plainWrites.set(key, 1 + (this.plainWrites.get(key) ?? 0));
    if (publication.payload.length === 0) return;
    if (subject.startsWith('_') && subject.endsWith('.forward'))
      for (const token of tokensIn(readMessagePack(publication.payload))) this.passedOn.add(token);
    else if (subject.startsWith('kv.frame.'))
      for (const [token, name] of putsIn(readMessagePack(publication.payload))) {
        if (this.framed.has(token)) this.framedAgain.set(token, name);
        this.framed.add(token);
      }
    if (!subject.startsWith('_') || !subject.endsWith('.merge')) return;
    const message = readMessagePack(publication.payload);
    const body = Array.isArray(message) ? message[3] : undefined;
    const batch = Array.isArray(body) ? body[3] : undefined;
    if (!Buffer.isBuffer(batch)) throw new Error(`a merge message without a batch`);
    const isPut = Array.isArray(body) && body[0] === putReason;
    const from = isPut && Array.isArray(message) ? String(message[1]) : undefined;
    for (const record of readBatch(batch)) this.check(record, from);
  }

  /** To be told of what several queue groups are given, while nodes take each other for hung. */
  hearDoubled({ subject, payload }: Publication): void {
    const key = keyIn(subject);
    if (key === undefined) return;
    const tokens = this.doubled.get(key) ?? new Set();
    this.doubled.set(key, tokens);
    for (const token of tokensIn(payload)) tokens.add(token);
  }

  /**
   * Tokens that may stand under more than one dot where no state remembers them: a client asked two
   * nodes, or one passed them on. Of what two queue groups were given both nodes know, so it is not
   * among these but for keys that had more such puts than they remember.
   */
  maybeMintedTwice(): Set<string> {
    const tokens = new Set([...this.passedOn, ...this.framedAgain.keys()]);
    for (const [key, doubled] of this.doubled)
      if (this.mayForget(key)) for (const token of doubled) tokens.add(token);
    return tokens;
  }

  /**
   * Those of them of which an author tells nodes with its next write of their key: its own client
   * asked two nodes, nobody passed them on, and their keys did not forget them.
   */
  toldByAuthor(): Set<string> {
    const tokens = new Set<string>();
    for (const [token, key] of this.framedAgain)
      if (!this.passedOn.has(token) && !this.mayForget(key)) tokens.add(token);
    return tokens;
  }

  /** Whether two nodes were asked for a write, whatever its key remembers. */
  isGivenToTwo(token: string): boolean {
    if (this.passedOn.has(token) || this.framedAgain.has(token)) return true;
    return [...this.doubled.values()].some((tokens) => tokens.has(token));
  }

  private mayForget(key: string): boolean {
    return (this.plainWrites.get(key) ?? 0) > this.bounds.operationsRememberedKept;
  }

  /** Tokens seen under more than one dot. */
  mintedTwice(): Set<string> {
    const twice = new Set<string>();
    for (const [token, dots] of this.dotsOf) if (dots.size > 1) twice.add(token);
    return twice;
  }

  /**
   * `coordinator`: whose put round told it. Beside what it minted it may tell what it found
   * elsewhere.
   */
  check({ name, state }: SeenRecord, coordinator?: string): void {
    this.statesSeen++;
    this.siblingsSeenMax = Math.max(this.siblingsSeenMax, state.siblings.length);
    for (const sibling of state.siblings) {
      const { dot, value, writtenAtMs, expiresAtMs, operation, remembered } = sibling;
      if (remembered) continue;
      if (isEmptied(sibling)) {
        this.checkEmptied(name, sibling);
        continue;
      }
      const what = `${value === undefined ? 'tombstone' : `${value.length}/${crc32(value)}`} ${writtenAtMs} ${expiresAtMs} ${operation}`;
      const known = this.writes.get(`${name} ${dot}`);
      if (known === undefined) this.writes.set(`${name} ${dot}`, what);
      else if (known !== what)
        this.violations.add('safety', 'dot-reused', `${dot} of ${name} names ${known} and ${what}`);
      if (value === undefined) continue;
      const token = this.tokenOf(value);
      this.learn(token, dot);
      const isMinted = coordinator !== undefined && isNewest(dot, coordinator, state);
      if (isMinted && known === undefined) this.onMinted?.(token, dot, coordinator);
    }
    this.checkShape(name, state);
    this.checkBounds(name, state);
  }

  /** Its value is over and gone: nobody shows it whose clock is right but for a second. */
  private checkEmptied(name: string, sibling: SeenSibling): void {
    const { dot, writtenAtMs, expiresAtMs, operation } = sibling;
    const known = this.writes.get(`${name} ${dot}`);
    const times = ` ${writtenAtMs} ${expiresAtMs} ${operation}`;
    if (known?.endsWith(times) === false)
      this.violations.add('safety', 'dot-reused', `${dot} of ${name} names ${known} and${times}`);
    const leftMs = expiresAtMs - this.wallMs();
    if (leftMs > 0)
      this.violations.add(
        'safety',
        'emptied-early',
        `${dot} of ${name}, ${leftMs} ms before its end`,
      );
  }

  private learn(token: string, dot: string): void {
    const dots = this.dotsOf.get(token);
    if (dots === undefined) this.dotsOf.set(token, new Set([dot]));
    else dots.add(dot);
  }

  private checkShape(name: string, { context, siblings }: SeenState): void {
    const dots = new Set(siblings.map(({ dot }) => dot));
    if (dots.size !== siblings.length)
      this.violations.add('safety', 'state-shape', `${name} holds one dot twice`);
    for (const dot of dots) {
      const [actor, counter] = dot.split(':') as [string, string];
      if ((context.get(actor) ?? 0) < Number(counter))
        this.violations.add('safety', 'state-shape', `${name}: the context misses ${dot}`);
    }
  }

  private checkBounds(name: string, { context, siblings, bytes }: SeenState): void {
    const { siblingsMax, contextEntriesMax, stateBytesMax } = this.bounds;
    const passed =
      mostOfOneActor(siblings) > siblingsMax ||
      context.size > contextEntriesMax ||
      bytes > stateBytesMax;
    if (passed)
      this.violations.add(
        'safety',
        'limit-passed',
        `${name}: ${siblings.length} siblings, ${context.size} entries, ${bytes} bytes`,
      );
  }
}

/**
 * A round mints the newest dot of its node, under that one's last epoch; what stands beside it may
 * be of a round that told nobody (W is 1, all others away), of an earlier life too.
 */
function isNewest(dot: string, coordinator: string, { context }: SeenState): boolean {
  const [actor = '', counter = ''] = dot.split(':');
  if (!actor.startsWith(coordinator) || context.get(actor) !== Number(counter)) return false;
  return [...context.keys()].every((other) => !other.startsWith(coordinator) || other <= actor);
}

function isEmptied({ value, expiresAtMs }: SeenSibling): boolean {
  return value === undefined && expiresAtMs !== 0;
}

function mostOfOneActor(siblings: readonly SeenSibling[]): number {
  const counts = new Map<string, number>();
  for (const { dot, remembered } of siblings) {
    if (remembered) continue;
    const actor = dot.slice(0, dot.indexOf(':'));
    counts.set(actor, (counts.get(actor) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

/** Of a frame of puts: tokens, with the keys as `keyIn` names them. */
function* putsIn(frame: Plain): Generator<[token: string, key: string]> {
  const [, , bucket, , , , keys, values] = Array.isArray(frame) ? frame : [];
  if (!Array.isArray(keys) || !Array.isArray(values)) return;
  for (const [i, key] of keys.entries())
    for (const token of tokensIn(values[i]!)) yield [token, `${String(bucket)}.${String(key)}`];
}

/** Of a plain put or delete. */
function keyIn(subject: string): string | undefined {
  return /^kv\.(?:p\.\d+\.)?(?:put|del)\.(.+)$/.exec(subject)?.[1];
}

/** Of all values anywhere in a message. */
function* tokensIn(message: Plain): Generator<string> {
  if (Array.isArray(message)) for (const part of message) yield* tokensIn(part);
  else if (Buffer.isBuffer(message)) {
    const token = /^[a-z]+\d*\.\d+(?= )/.exec(message.toString('latin1', 0, 32))?.[0];
    if (token !== undefined) yield token;
  }
}
