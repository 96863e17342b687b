/**
 * The way in for listings, of any NATS client: `kv.keys.<bucket>`, JSON there and back, a page a
 * message (`src/wire/keys-document.ts`). Any node answers.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { Coordinator } from '../coordinator/coordinator.js';
import { Listings, type ListPosition, type ListReply } from '../coordinator/listings.js';
import { QuorateError } from '../errors.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import {
  cursorOf,
  jsonBytesOf,
  jsonOfBytes,
  keysQuestionOf,
  positionOf,
  type CountPage,
  type EntriesPage,
  type KeysPage,
  type KeysQuestion,
} from '../wire/keys-document.js';
import { isInbox, Subjects } from '../wire/subjects.js';
import { byteStringOf } from '../wire/text.js';
import { errorHeaders, getDemands } from './headers.js';
import { ListedValues, type ReadEntries } from './listed-values.js';
import { checkBucket, checkText } from './names.js';
import { checkWait } from './plain-terms.js';
import { Traffic, type Taken } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);
const noBytes = (): number => 0;

interface Asked extends KeysQuestion {
  readonly bucket: string;
  readonly quorum: number;
  readonly strict: boolean;
  readonly deadlineMs: number;
  readonly reply: string;
  readonly taken: Taken;
}

@scoped(Lifecycle.ContainerScoped)
export class KeysApi {
  private readonly subject: string;
  private subscription: BusSubscription | undefined;
  private readonly values: ListedValues;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Listings) private readonly listings: Listings,
    @inject(Coordinator) coordinator: Coordinator,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(Clock) clock: Clock,
    @inject(WorkQueue) private readonly queue: WorkQueue,
  ) {
    this.subject = new Subjects(options.prefix).keys('*');
    this.values = new ListedValues(coordinator, clock, options.partitions);
  }

  open(): void {
    this.subscription = this.queue.subscribe(this.subject, (message) => this.take(message));
  }

  close(): void {
    this.subscription?.unsubscribe();
  }

  /** When what was taken has been answered. */
  silence(): void {
    this.listings.close();
  }

  private take(message: BusMessage): void {
    const { reply, subject } = message;
    if (reply === '') return;
    if (!isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    const taken = this.traffic.take('keys');
    try {
      checkWait(this.hearing, taken.atMs);
      checkText(subject);
      const bucket = byteStringOf(subject.slice(this.subject.length - 1));
      checkBucket(bucket);
      const { quorum, strict, timeoutMs } = getDemands(message, this.buckets.of(bucket));
      const deadlineMs = taken.atMs - this.hearing.unreadMs(taken.atMs) + timeoutMs;
      const question = keysQuestionOf(message.data);
      this.list({ ...question, bucket, quorum, strict, deadlineMs, reply, taken });
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.refuse({ reply, taken }, error);
    }
  }

  private list(asked: Asked): void {
    const { bucket, prefix, limit, quorum, strict, deadlineMs, cursor, what } = asked;
    const { partitions } = this.options;
    const [i, n] = asked.slice;
    const first = Math.floor((i * partitions) / n);
    const start: ListPosition = { partition: first, after: '' };
    const from = cursor === undefined ? start : positionOf(cursor, partitions);
    this.listings.page({
      bucket,
      prefix,
      from: from.partition < first ? start : from,
      endPartition: Math.floor(((i + 1) * partitions) / n),
      limit,
      bytesOf: what === 'keys' ? jsonBytesOf : noBytes,
      quorum,
      strict,
      deadlineMs,
      onReply: (reply) => this.answer(asked, reply),
    });
  }

  private answer(asked: Asked, reply: ListReply): void {
    if (!reply.ok) return this.refuse(asked, reply.error);
    const { keys, next } = reply;
    if (asked.what === 'count') return this.tell(asked, { count: keys.length }, next);
    if (asked.what === 'keys') return this.tell(asked, { keys: keys.map(jsonOfBytes) }, next);
    this.values.read(asked, keys, (read) => this.answerValues(asked, { keys, next }, read));
  }

  private answerValues(
    asked: Asked,
    { keys, next }: Pick<Extract<ListReply, { ok: true }>, 'keys' | 'next'>,
    { entries, readTo, last, error }: ReadEntries,
  ): void {
    if (error !== undefined && readTo === 0) return this.refuse(asked, error);
    this.tell(asked, { entries }, readTo === keys.length ? next : last);
  }

  private tell(
    asked: Asked,
    page: KeysPage | CountPage | EntriesPage,
    next: ListPosition | undefined,
  ): void {
    const { reply, taken } = asked;
    const { partitions } = this.options;
    const whole = next === undefined ? page : { ...page, cursor: cursorOf(next, partitions) };
    taken.answered();
    this.bus.publish(reply, Buffer.from(JSON.stringify(whole)));
  }

  private refuse({ reply, taken }: Pick<Asked, 'reply' | 'taken'>, error: QuorateError): void {
    taken.answered(error);
    this.bus.publish(reply, nothing, { headers: errorHeaders(error, { write: false }) });
  }
}
