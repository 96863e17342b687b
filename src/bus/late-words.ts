/**
 * Whether what the bus brings may have lain in a route between NATS servers. A route whose packets are lost brings nothing for a
 * while, and then everything, in order: words of the nodes behind it, and what applications there have sent. A request does not say
 * when it was sent; a word of a node does, by the clock of who reads it (`src/bus/told-clocks.ts`). What comes with late words was
 * sent after the word before them, and it is over with a word that was sent after the first of them had come: that one is behind
 * all that lay there.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { Clock } from '../seams/clock.js';

/** Of one node, whose words come late. On the own clock. */
interface Delay {
  /** Before that moment nothing was sent that comes now. */
  readonly sentAfterMs: number;
  readonly beganMs: number;
  lastMs: number;
}

/** Two beats: who says nothing more has nothing more to bring. */
const delayMsMax = 2 * limits.gossipIntervalMs;

@scoped(Lifecycle.ContainerScoped)
export class LateWords {
  /** A node is silent and not gone: late words of it may come at any moment, and before them what else lies there. */
  areExpected = false;
  /** When the last word of a node was sent. */
  private readonly sentMs = new Map<NodeId, number>();
  private readonly delays = new Map<NodeId, Delay>();
  /** The last one that is over: what was read before its end is still looked at. */
  private over = { sentAfterMs: Infinity, endedMs: -Infinity };

  constructor(@inject(Clock) private readonly clock: Clock) {}

  /** `sentMs`: a moment on the own clock before which the word was not sent. True: it is the first late one. */
  heard(node: NodeId, sentMs: number): boolean {
    const nowMs = this.clock.monotonicMs();
    const delay = this.delays.get(node);
    if (delay !== undefined && sentMs < delay.beganMs) {
      delay.lastMs = nowMs;
      return false;
    }
    if (delay !== undefined) this.end(node, delay, nowMs);
    if (!this.sentMs.has(node) && this.sentMs.size >= limits.membersMax) this.clear();
    const isLate = nowMs - sentMs > limits.lateWordMsMax;
    const sentAfterMs = this.sentMs.get(node) ?? sentMs;
    if (isLate) this.delays.set(node, { sentAfterMs, beganMs: nowMs, lastMs: nowMs });
    this.sentMs.set(node, sentMs);
    return isLate;
  }

  /** Before that moment nothing was sent that was read at `readMs` or since. As a rule that is `readMs`. */
  sentAfterMs(readMs: number): number {
    let sentAfterMs = readMs;
    if (this.over.endedMs >= readMs) sentAfterMs = Math.min(sentAfterMs, this.over.sentAfterMs);
    if (this.delays.size === 0) return sentAfterMs;
    const nowMs = this.clock.monotonicMs();
    for (const [node, delay] of this.delays) {
      if (nowMs - delay.lastMs > delayMsMax) this.end(node, delay, delay.lastMs);
      else sentAfterMs = Math.min(sentAfterMs, delay.sentAfterMs);
    }
    return sentAfterMs;
  }

  forget(node: NodeId): void {
    this.sentMs.delete(node);
    this.delays.delete(node);
  }

  /** Nobody has so many members: these are names somebody made up. */
  private clear(): void {
    this.sentMs.clear();
    this.delays.clear();
  }

  private end(node: NodeId, { sentAfterMs }: Delay, nowMs: number): void {
    this.delays.delete(node);
    const { over } = this;
    const both = nowMs - over.endedMs <= limits.heldPutMs;
    this.over = {
      sentAfterMs: both ? Math.min(over.sentAfterMs, sentAfterMs) : sentAfterMs,
      endedMs: nowMs,
    };
  }
}
