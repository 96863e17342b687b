/**
 * Answers of one turn of the event loop, sent as one message a peer, or as few as the payload limit
 * allows.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Clock } from '../seams/clock.js';
import { encodeArrayOf } from '../wire/message-pack.js';

export interface OutboxOptions {
  readonly clock: Clock;
  /** Encoded elements in front of the answers of every message. */
  readonly envelope: readonly Buffer[];
  bytesMax(): number;
  send(to: NodeId, message: Buffer): void;
}

interface Batch {
  answers: Buffer[];
  bytes: number;
}

export class AnswerOutbox {
  private batches = new Map<NodeId, Batch>();
  private readonly envelopeBytes: number;
  private armed = false;

  constructor(private readonly options: OutboxOptions) {
    // Five bytes are the longest array header there is.
    this.envelopeBytes = options.envelope.reduce((sum, part) => sum + part.length, 5);
  }

  /** Largest encoded answer that fits a message. */
  get answerBytesMax(): number {
    return this.options.bytesMax() - this.envelopeBytes;
  }

  add(to: NodeId, answer: Buffer): void {
    let batch = this.batches.get(to);
    if (batch === undefined) {
      batch = { answers: [], bytes: 0 };
      this.batches.set(to, batch);
    }
    if (batch.bytes + answer.length > this.answerBytesMax) this.send(to, batch);
    batch.answers.push(answer);
    batch.bytes += answer.length;
    if (this.armed) return;
    this.armed = true;
    this.options.clock.endOfTurn(this.flush);
  }

  readonly flush = (): void => {
    this.armed = false;
    for (const [to, batch] of this.batches) this.send(to, batch);
    // Peers come and go; those without an answer in this turn are not kept. Not cleared: see
    // `underway.ts`.
    this.batches = new Map();
  };

  private send(to: NodeId, batch: Batch): void {
    if (batch.answers.length === 0) return;
    this.options.send(to, encodeArrayOf([...this.options.envelope, ...batch.answers]));
    batch.answers = [];
    batch.bytes = 0;
  }
}
