/**
 * Puts of plain clients, which don't say when they were sent. One that lay in a route
 * (`src/bus/late-words.ts`) for longer than its author waits is older than what its author has put
 * since, so it does not replace what was written since it may have been sent: it is taken for a
 * later copy of itself. Where the last writer wins only one of the two can stay, and nobody knows
 * which: it is refused. So is one there that lay unread at this node, whatever it says: dated back
 * it would hide behind what was acknowledged before it was sent. And so is a later copy that
 * expires: it lives from when its author asked, and dated back too far it would be acknowledged and
 * gone.
 *
 * Which message of a route comes first, a put or a word that tells how old both are, is chance. So
 * while a node is silent and not gone, blind puts are delayed a moment, in which that word comes.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { lifetimeMs } from '../../actors/rules/expiry.js';
import { limits } from '../../actors/rules/limits.js';
import { Buckets } from '../buckets/buckets.js';
import { LateWords } from '../bus/late-words.js';
import type { PutRequest } from '../coordinator/coordinator.js';
import { bytesOf } from '../coordinator/put-round-runner.js';
import { OverloadedError, UnavailableError } from '../errors.js';
import { Clock } from '../seams/clock.js';
import type { PutSink } from './frame-rows.js';
import { PutOrdering } from './put-ordering.js';
import { WorkQueue } from './work-queue.js';

/**
 * When it was read, on the monotonic clock, and for how long its author waits; Infinity: it says
 * itself until when.
 */
export interface PlainTimes {
  readonly readMs: number;
  readonly timeoutMs: number;
  /** For how long at most it lay unread here. */
  readonly unreadMs: number;
}

interface DelayedPut {
  readonly request: PutRequest;
  readonly times: PlainTimes;
  readonly sink: PutSink;
}

@scoped(Lifecycle.ContainerScoped)
export class PlainPuts {
  private delayed: DelayedPut[] = [];
  private delayedBytes = 0;

  constructor(
    @inject(PutOrdering) private readonly puts: Pick<PutOrdering, 'readAt'>,
    @inject(LateWords) private readonly lateWords: LateWords,
    @inject(WorkQueue) private readonly queue: Pick<WorkQueue, 'isDoubled'>,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Clock) private readonly clock: Clock,
  ) {}

  put(request: PutRequest, times: PlainTimes): void {
    const sink = this.puts.readAt(times.readMs);
    if (times.unreadMs > 0 && this.isDated(request)) return refuse(request, unreadText);
    const isBlind = request.context === undefined || this.lastWriterWins(request);
    if (!isBlind) return sink.put(request);
    // Behind those that are delayed still, so that none overtakes another.
    if (this.lateWords.areExpected || this.delayed.length > 0) this.delay({ request, times, sink });
    else this.pass({ request, times, sink });
  }

  private lastWriterWins({ bucket }: PutRequest): boolean {
    return this.buckets.of(bucket).conflict === 'last-writer-wins';
  }

  /** What becomes of a later copy follows from when its author asked. */
  private isDated(request: PutRequest): boolean {
    return this.lastWriterWins(request) || this.expires(request);
  }

  private expires({ bucket, ttlMs, value }: PutRequest): boolean {
    return value !== null && lifetimeMs(ttlMs, this.buckets.of(bucket).ttlMs) > 0;
  }

  private delay(put: DelayedPut): void {
    const { request } = put;
    const bytes = bytesOf(request);
    const isFull =
      this.delayed.length >= limits.requestsInFlightMax ||
      this.delayedBytes + bytes > limits.requestBytesInFlightMax;
    if (isFull) {
      const error = new OverloadedError('too many puts at once while a node is silent');
      request.onReply({ ok: false, error });
      return;
    }
    this.delayedBytes += bytes;
    this.delayed.push(put);
    if (this.delayed.length === 1) this.clock.setTimeout(this.release, limits.delayedPutMs);
  }

  /** Those that have been delayed for long enough; in the order in which they came. */
  private readonly release = (): void => {
    const delayedSinceMs = this.clock.monotonicMs() - limits.delayedPutMs;
    const { delayed } = this;
    const rest = delayed.findIndex(({ times }) => times.readMs > delayedSinceMs);
    this.delayed = rest < 0 ? [] : delayed.slice(rest);
    const released = rest < 0 ? delayed : delayed.slice(0, rest);
    for (const put of released) {
      this.delayedBytes -= bytesOf(put.request);
      this.pass(put);
    }
    const [next] = this.delayed;
    if (next !== undefined)
      this.clock.setTimeout(this.release, Math.max(1, next.times.readMs - delayedSinceMs));
  };

  private pass({ request, times, sink }: DelayedPut): void {
    const { readMs, timeoutMs } = times;
    const sentAfterMs = this.lateWords.sentAfterMs(readMs);
    // Its author waits still, and has put nothing since; unless another node was given it too, and
    // has refused it.
    const isAwaited = readMs - sentAfterMs < timeoutMs && !this.queue.isDoubled;
    if (sentAfterMs >= readMs || isAwaited) return sink.put(request);
    const askedMs = Math.min(request.askedMs, sentAfterMs);
    const late: PutRequest = { ...request, copy: 'later', askedMs };
    if (this.isDated(late)) refuse(request, lateText);
    else sink.put(late);
  }
}

/**
 * Which of two such puts is the last, nobody knows. An earlier copy of an operation may be done.
 */
function refuse(request: PutRequest, text: string): void {
  const outcome = request.operation === '' ? 'none' : 'unknown';
  request.onReply({ ok: false, error: new UnavailableError(text, outcome) });
}

const lateText = 'words of a node come late, and this put may have: try again';
const unreadText = 'the node stood still, and this put may have waited meanwhile: try again';
