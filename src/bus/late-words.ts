/**
 * Whether what the bus brings may have lain in a route between NATS servers. A route whose packets
 * are lost brings nothing for a while, and then everything, in order: words of the nodes behind it,
 * and what applications there have sent. A request does not say when it was sent; a word of a node
 * does, by the clock of who reads it (`src/bus/told-clocks.ts`). What comes with late words was
 * sent after the word before them, and it is over with a word that was sent after the first of them
 * had come: that one is behind all that lay there.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { Clock } from '../seams/clock.js';

/**
 * Of one node, on the own clock. A route delivers in order: behind a word comes nothing that was
 * sent before it.
 */
interface Words {
  /**
   * What came long enough before the last word was heard was sent before that moment; nothing
   * since.
   */
  sentAfterMs: number;
  /** Of the last word; of several that came together the first. */
  sentMs: number;
  heardMs: number;
}

/** Of one node, whose words come late. */
interface Delay {
  readonly beganMs: number;
  lastMs: number;
}

@scoped(Lifecycle.ContainerScoped)
export class LateWords {
  /**
   * A node is silent and not gone: late words of it may come at any moment, and before them what
   * else lies there.
   */
  areExpected = false;
  private readonly words = new Map<NodeId, Words>();
  private readonly delays = new Map<NodeId, Delay>();
  /** The last one that is over: what was read before its end is still looked at. */
  private over = { sentAfterMs: Infinity, endedMs: -Infinity };

  constructor(@inject(Clock) private readonly clock: Clock) {}

  /**
   * `sentMs`: a moment on the own clock before which the word was not sent. True: it is the first
   * late one.
   */
  heard(node: NodeId, sentMs: number): boolean {
    const nowMs = this.clock.monotonicMs();
    const delay = this.delays.get(node);
    const isBehindAll = delay === undefined || sentMs >= delay.beganMs;
    if (delay !== undefined && isBehindAll) this.end(node, nowMs);
    this.note(node, sentMs, nowMs);
    if (!isBehindAll) delay.lastMs = nowMs;
    const isLate = isBehindAll && nowMs - sentMs > limits.lateWordMsMax;
    if (isLate) this.delays.set(node, { beganMs: nowMs, lastMs: nowMs });
    return isLate;
  }

  /**
   * Before that moment nothing was sent that was read at `readMs` or since. As a rule that is
   * `readMs`.
   */
  sentAfterMs(readMs: number): number {
    let sentAfterMs = readMs;
    if (this.over.endedMs >= readMs) sentAfterMs = Math.min(sentAfterMs, this.over.sentAfterMs);
    if (this.delays.size === 0) return sentAfterMs;
    const nowMs = this.clock.monotonicMs();
    for (const [node, { lastMs }] of this.delays) {
      if (nowMs - lastMs > limits.lateSilenceMsMax) this.end(node, lastMs);
      else sentAfterMs = Math.min(sentAfterMs, this.sentBehind(node, readMs));
    }
    return sentAfterMs;
  }

  drop(node: NodeId): void {
    this.words.delete(node);
    this.delays.delete(node);
  }

  /** What was read a little later than a word may still have come in front of it. */
  private sentBehind(node: NodeId, readMs: number): number {
    const { sentAfterMs, sentMs, heardMs } = this.words.get(node)!;
    return readMs - heardMs > limits.wordsTogetherMsMax
      ? Math.max(sentAfterMs, sentMs)
      : sentAfterMs;
  }

  private note(node: NodeId, sentMs: number, nowMs: number): void {
    const words = this.words.get(node);
    if (words === undefined) {
      if (this.words.size >= limits.membersMax) this.clear();
      this.words.set(node, { sentAfterMs: sentMs, sentMs, heardMs: nowMs });
    } else if (nowMs - words.heardMs > limits.wordsTogetherMsMax)
      Object.assign(words, { sentAfterMs: words.sentMs, sentMs, heardMs: nowMs });
  }

  /** Nobody has so many members: these are names somebody made up. */
  private clear(): void {
    this.words.clear();
    this.delays.clear();
  }

  private end(node: NodeId, nowMs: number): void {
    this.delays.delete(node);
    const { sentAfterMs } = this.words.get(node)!;
    const { over } = this;
    const both = nowMs - over.endedMs <= limits.delayedPutMs;
    this.over = {
      sentAfterMs: both ? Math.min(over.sentAfterMs, sentAfterMs) : sentAfterMs,
      endedMs: nowMs,
    };
  }
}
