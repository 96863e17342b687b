/**
 * Reads parts of one big value in their order, a few at once: what is in memory of it stays below
 * `partLimits.readAtOnceMax` parts, however many there are.
 */
import { partLimits } from '../../actors/rules/limits/parts.js';
import type { Coordinator, GetReply, GetRequest } from '../coordinator/coordinator.js';
import type { QuorateError } from '../errors.js';
import { partBucket, partKey, type UploadId } from '../wire/part-names.js';

/** Of which key, and how each of its parts is asked for. */
export interface PartsAsked extends Pick<
  GetRequest,
  'bucket' | 'key' | 'partition' | 'quorum' | 'strict' | 'deadlineMs'
> {
  readonly upload: UploadId;
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
}

export interface PartsListener {
  /** In order, each once; lent for the call. An error ends the reading. */
  onPart(index: number, bytes: Uint8Array): QuorateError | undefined;
  /** Once: all were given, or why not. */
  onEnd(error: QuorateError | undefined): void;
}

export function readParts(
  coordinator: Pick<Coordinator, 'get'>,
  asked: PartsAsked,
  listener: PartsListener,
): void {
  new PartReading(coordinator, asked, listener).begin();
}

class PartReading {
  /** To be asked for next, and to be given next. */
  private asking: number;
  private giving: number;
  /** Came before one that stands in front of them. */
  private readonly early = new Map<number, Uint8Array>();
  private hasEnded = false;

  constructor(
    private readonly coordinator: Pick<Coordinator, 'get'>,
    private readonly asked: PartsAsked,
    private readonly listener: PartsListener,
  ) {
    this.asking = asked.first;
    this.giving = asked.first;
  }

  begin(): void {
    if (this.asked.first >= this.asked.end) return this.end(undefined);
    this.askOn();
  }

  private askOn(): void {
    while (
      !this.hasEnded &&
      this.asking < this.asked.end &&
      this.asking < this.giving + partLimits.readAtOnceMax
    )
      this.ask(this.asking++);
  }

  private ask(index: number): void {
    const { bucket, key, partition, quorum, strict, deadlineMs, upload } = this.asked;
    this.coordinator.get({
      bucket: partBucket(bucket),
      key: partKey(key, upload, index),
      partition,
      quorum,
      strict,
      deadlineMs,
      onReply: (reply) => this.came(index, reply),
    });
  }

  private came(index: number, reply: GetReply): void {
    if (this.hasEnded) return;
    if (!reply.ok) return this.end(reply.error);
    // Put twice, by way of two nodes: the same bytes.
    this.early.set(
      index,
      reply.values.find((value) => value !== null)!,
    );
    this.giveOn();
  }

  private giveOn(): void {
    for (
      let bytes = this.early.get(this.giving);
      bytes !== undefined;
      bytes = this.early.get(this.giving)
    ) {
      this.early.delete(this.giving);
      const error = this.listener.onPart(this.giving, bytes);
      if (error !== undefined) return this.end(error);
      this.giving++;
    }
    if (this.giving === this.asked.end) this.end(undefined);
    else this.askOn();
  }

  private end(error: QuorateError | undefined): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.early.clear();
    this.listener.onEnd(error);
  }
}
