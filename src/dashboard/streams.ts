/**
 * The pages that watch, each over a response that goes on (server-sent events). Whoever reads too
 * slowly gets the next picture instead of all, and is told how many notes were left out; whoever
 * does not read at all is sent away. Nobody waits for anybody.
 */
import type { ServerResponse } from 'node:http';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { ClusterFeed, FeedListener } from './cluster-feed.js';
import { Unread } from './unread.js';
import type { ClusterPicture, Greeting, NoteBatch } from './wire.js';

export class Streams {
  private readonly open = new Set<Reader>();

  constructor(
    private readonly feed: Pick<ClusterFeed, 'watch'> | undefined,
    private readonly clock: Clock,
  ) {}

  get isFull(): boolean {
    return this.open.size >= dashboardLimits.streamsMax;
  }

  /** Takes the response over, whose head has been written. */
  add(response: ServerResponse, greeting: Greeting): void {
    const reader = new Reader(response, this.clock);
    this.open.add(reader);
    reader.tell('greeting', JSON.stringify(greeting));
    const unwatch = this.feed?.watch(reader);
    response.once('close', () => {
      unwatch?.();
      reader.end();
      this.open.delete(reader);
    });
  }

  close(): void {
    for (const reader of this.open) reader.leave();
  }
}

class Reader implements FeedListener {
  private dropped = 0;
  private readonly unread: Unread;
  private heartbeat: TimerId;

  constructor(
    private readonly response: ServerResponse,
    private readonly clock: Clock,
  ) {
    // A broken socket closes by itself.
    response.on('error', () => undefined);
    const bytes = (): number => response.writableLength;
    this.unread = new Unread({ clock, bytes, sendAway: () => this.leave() });
    this.beat();
  }

  pictured(picture: ClusterPicture): void {
    if (this.hasRead()) this.tell('cluster', JSON.stringify(picture));
  }

  noted({ notes, dropped }: NoteBatch): void {
    this.dropped += dropped;
    if (!this.hasRead()) {
      this.dropped += notes.length;
      return;
    }
    this.tell('notes', JSON.stringify({ notes, dropped: this.dropped }));
    this.dropped = 0;
  }

  tell(event: string, data: string): void {
    this.response.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  end(): void {
    this.clock.clearTimeout(this.heartbeat);
  }

  leave(): void {
    this.response.destroy();
  }

  private beat(): void {
    this.heartbeat = this.clock.setTimeout(() => {
      if (this.hasRead()) this.response.write(':\n\n');
      this.beat();
    }, dashboardLimits.heartbeatMs);
  }

  private hasRead(): boolean {
    return !this.response.destroyed && this.unread.hasRead();
  }
}
