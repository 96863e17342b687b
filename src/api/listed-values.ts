/**
 * The values of listed keys, read as any get is: some at a time, as many as fit an answer. A key
 * that is gone by now is left out; one whose value does not fit an answer is named without it.
 */
import { partitionOf, type ByteString } from '../../actors/rules/key.js';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import type { Coordinator, GetReply } from '../coordinator/coordinator.js';
import type { ListPosition } from '../coordinator/listings.js';
import type { QuorateError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { jsonOfBytes, type JsonBytes, type JsonEntry } from '../wire/keys-document.js';
import { latin1Of } from '../wire/text.js';
import { contextText } from './headers.js';

export interface ReadEntries {
  readonly entries: readonly JsonEntry[];
  /** Of the keys, how many were looked at. */
  readonly readTo: number;
  /** Where the last one of those was. */
  readonly last: ListPosition;
  /** Why no more were. */
  readonly error: QuorateError | undefined;
}

interface HowToRead {
  readonly bucket: ByteString;
  readonly quorum: number;
  readonly strict: boolean;
  readonly deadlineMs: number;
}

export class ListedValues {
  constructor(
    private readonly coordinator: Pick<Coordinator, 'get'>,
    private readonly clock: Pick<Clock, 'endOfTurn'>,
    private readonly partitions: number,
  ) {}

  read(how: HowToRead, keys: readonly ByteString[], onRead: (read: ReadEntries) => void): void {
    new Reading(this.coordinator, this.clock, {
      ...how,
      keys,
      partitions: this.partitions,
      onRead,
    }).go();
  }
}

class Reading {
  private readonly entries: JsonEntry[] = [];
  private bytes = 0;
  private readTo = 0;

  constructor(
    private readonly coordinator: Pick<Coordinator, 'get'>,
    private readonly clock: Pick<Clock, 'endOfTurn'>,
    private readonly work: HowToRead & {
      readonly keys: readonly ByteString[];
      readonly partitions: number;
      readonly onRead: (read: ReadEntries) => void;
    },
  ) {}

  go(): void {
    const { keys } = this.work;
    const batch = keys.slice(this.readTo, this.readTo + this.batchSize());
    if (batch.length === 0) return this.end(undefined);
    const replies: GetReply[] = [];
    let left = batch.length;
    for (const [i, key] of batch.entries())
      this.get(key, (reply) => {
        replies[i] = reply;
        if (--left === 0) this.take(batch, replies);
      });
  }

  /** What is read and does not fit is read in vain, and takes memory. */
  private batchSize(): number {
    const { readTo, bytes } = this;
    const { pageBytesMax, valuesAtOnceMax } = listingLimits;
    if (readTo === 0) return 1;
    const each = Math.max(1, bytes / readTo);
    const room = Math.floor((pageBytesMax - bytes) / each);
    return Math.min(Math.max(1, room), valuesAtOnceMax, 4 * readTo);
  }

  private get(key: ByteString, onReply: (reply: GetReply) => void): void {
    const { bucket, quorum, strict, deadlineMs, partitions } = this.work;
    const partition = partitionOf({ bucket, key }, partitions);
    this.coordinator.get({ bucket, key, partition, quorum, strict, deadlineMs, onReply });
  }

  private take(batch: readonly ByteString[], replies: readonly GetReply[]): void {
    for (const [i, key] of batch.entries()) {
      const reply = replies[i]!;
      if (!reply.ok && reply.error.code !== 404 && reply.error.code !== 413)
        return this.end(reply.error);
      const entry = entryOf(key, reply);
      if (entry !== undefined) {
        const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
        if (this.entries.length > 0 && this.bytes + bytes > listingLimits.pageBytesMax)
          return this.end(undefined);
        const isTooLarge = bytes > listingLimits.entryBytesMax;
        this.entries.push(isTooLarge ? { key: entry.key, tooLarge: true } : entry);
        this.bytes += isTooLarge ? 0 : bytes;
      }
      this.readTo++;
    }
    if (this.bytes >= listingLimits.pageBytesMax) return this.end(undefined);
    this.clock.endOfTurn(() => this.go());
  }

  private end(error: QuorateError | undefined): void {
    const { entries, readTo } = this;
    const { keys, bucket, partitions, onRead } = this.work;
    const key = keys[readTo - 1];
    const last =
      key === undefined
        ? { partition: 0, after: '' }
        : { partition: partitionOf({ bucket, key }, partitions), after: key };
    onRead({ entries, readTo, last, error });
  }
}

/** Undefined: there is none any more. */
function entryOf(key: ByteString, reply: GetReply): JsonEntry | undefined {
  const name = jsonOfBytes(key);
  if (!reply.ok) return reply.error.code === 413 ? { key: name, tooLarge: true } : undefined;
  if (reply.manifests !== undefined) return { key: name, tooLarge: true };
  const context = contextText(reply.context);
  const values = reply.values.map((value): JsonBytes | null =>
    value === null ? null : jsonOfBytes(latin1Of(value)),
  );
  const [only] = values;
  if (values.length === 1 && only !== null && only !== undefined)
    return { key: name, value: only, context };
  return { key: name, values, context };
}
