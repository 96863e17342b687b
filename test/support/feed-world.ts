/** The dashboard's feed on a network in memory, before whoever answers in the place of nodes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ClusterFeed } from '../../src/dashboard/cluster-feed.js';
import { NodeQuestions } from '../../src/dashboard/node-questions.js';
import type { Breaking } from '../../src/dashboard/breaking.js';
import type { ClusterPicture, NoteBatch } from '../../src/dashboard/wire.js';
import { decodeDocument, encodeDocument, type DocumentValue } from '../../src/wire/message-pack.js';
import { ManualClock } from './manual-clock.js';
import { MemoryNetwork } from './memory-bus.js';

const stepsMax = 1_000;

export class FeedWorld {
  readonly network = new MemoryNetwork();
  readonly clock = new ManualClock();
  readonly feed: ClusterFeed;
  readonly pictures: ClusterPicture[] = [];
  readonly batches: NoteBatch[] = [];
  private readonly nodes = this.network.connect();

  constructor(breaking?: Breaking) {
    const { clock } = this;
    const bus = this.network.connect();
    const questions = new NodeQuestions({ bus, clock, prefix: 'kv' });
    this.feed = new ClusterFeed({ bus, clock, questions, servers: 'nats://here', breaking });
  }

  /** Whatever `answers` gives is said to it, one after the other. */
  answer(subject: string, answers: (asked: DocumentValue) => readonly Uint8Array[]): void {
    this.nodes.subscribe(subject, ({ data, reply }) => {
      const asked = data.length === 0 ? null : decodeDocument(Buffer.from(data));
      for (const bytes of answers(asked)) this.nodes.publish(reply, bytes);
    });
  }

  say(subject: string, document: DocumentValue): void {
    this.nodes.publish(subject, encodeDocument(document));
  }

  /** Returns what ends it. */
  watch(): () => void {
    return this.feed.watch({
      pictured: (picture) => this.pictures.push(picture),
      noted: (batch) => this.batches.push(batch),
    });
  }

  /** Goes on until so many more pictures have come. */
  async look(count = 1): Promise<ClusterPicture> {
    const wanted = this.pictures.length + count;
    await this.until(() => this.pictures.length >= wanted);
    return this.pictures.at(-1)!;
  }

  /** Throws where it does not come to that. */
  async until(condition: () => boolean): Promise<void> {
    for (let steps = 0; !condition(); steps++) {
      if (steps > stepsMax) throw new Error(`still not so: ${condition.toString()}`);
      await this.step();
    }
  }

  async step(ms = 50): Promise<void> {
    this.network.settle();
    await nextTurn();
    this.clock.advance(ms);
  }
}
