/**
 * The way in for many keys of one bucket in one message, of any NATS client: `kv.multi.<bucket>`
 * (`src/wire/multi-document.ts`). Any node answers, with one message.
 *
 * Each row is a plain request of its own, with the headers of the message: it meets its quorum or
 * fails by itself, and the answer says which. Given to the coordinator in one turn they share
 * rounds, as the rows of a frame do. An operation id names a put of its key; the keys of a message
 * differ, so the message's own serves all its rows, and some of them may be tried again alone.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { partitionOf, type ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { multiLimits } from '../../actors/rules/limits/multi.js';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { Coordinator, type PutRequest } from '../coordinator/coordinator.js';
import { MalformedError, OverloadedError, QuorateError, TooLargeError } from '../errors.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Counter, Metrics } from '../seams/metrics.js';
import { multiQuestionOf, type MultiPutRow, type MultiQuestion } from '../wire/multi-document.js';
import { operationOfReply } from '../wire/reply-operation.js';
import { headerNames, isInbox, Subjects } from '../wire/subjects.js';
import { byteStringOf } from '../wire/text.js';
import { contextOf, errorHeaders, getDemands, putDemands } from './headers.js';
import { MultiRows, type HeldBytes } from './multi-rows.js';
import { checkBucket, checkText } from './names.js';
import { PlainPuts } from './plain-puts.js';
import { checkWait, copyOf, mayBeDoneElsewhere, plainTimes } from './plain-terms.js';
import { putDeadline } from './put-deadline.js';
import { Traffic, type Taken } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);

type MultiGet = Extract<MultiQuestion, { kind: 'get' }>;
type MultiPut = Extract<MultiQuestion, { kind: 'put' }>;

/** A message that was taken. */
interface Asked {
  readonly message: BusMessage;
  readonly bucket: ByteString;
  readonly taken: Taken;
  readonly unreadMs: number;
}

/** What all puts of a message have in common. */
interface SharedPut extends Pick<
  PutRequest,
  'bucket' | 'quorum' | 'strict' | 'deadlineMs' | 'ttlMs' | 'copy' | 'askedMs'
> {
  readonly named: ByteString;
  readonly reply: string;
}

@scoped(Lifecycle.ContainerScoped)
export class MultiApi {
  private readonly subject: string;
  private subscription: BusSubscription | undefined;
  private underway = 0;
  private readonly held: HeldBytes = { bytes: 0 };
  private readonly rowsTaken: Counter;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(PlainPuts) private readonly puts: PlainPuts,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(Clock) private readonly clock: Clock,
    @inject(WorkQueue) private readonly queue: WorkQueue,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.subject = new Subjects(options.prefix).multi('*');
    this.rowsTaken = metrics.counter('api.multiRows', 'keys that messages on kv.multi named');
  }

  open(): void {
    this.subscription = this.queue.subscribe(this.subject, (message) => this.take(message));
  }

  close(): void {
    this.subscription?.unsubscribe();
  }

  private take(message: BusMessage): void {
    const { reply } = message;
    if (reply !== '' && !isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    const taken = this.traffic.take('multi');
    const unreadMs = this.hearing.unreadMs(taken.atMs);
    let kind: MultiQuestion['kind'] = 'put';
    try {
      const bucket = this.admit(message, taken);
      // One copy for all rows; the message itself is gone when this turn ends.
      const question = multiQuestionOf(Buffer.from(message.data));
      ({ kind } = question);
      const asked = { message, bucket, taken, unreadMs };
      if (question.kind === 'put') this.put(asked, question);
      else if (reply === '') taken.answered();
      else this.get(asked, question);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      taken.answered(error);
      if (reply === '') return;
      const about = { write: kind === 'put', doubled: mayBeDoneElsewhere(this.queue, unreadMs) };
      this.bus.publish(reply, nothing, { headers: errorHeaders(error, about) });
    }
  }

  /** The bucket of a message that may be read. Throws what it is refused for. */
  private admit(message: BusMessage, taken: Taken): ByteString {
    checkWait(this.hearing, taken.atMs);
    checkText(message.subject);
    const bucket = byteStringOf(message.subject.slice(this.subject.length - 1));
    checkBucket(bucket);
    const { messageBytesMax } = limits;
    if (message.data.length > messageBytesMax)
      throw new TooLargeError(`a message has at most ${messageBytesMax} bytes: send several`);
    for (const name of ofOneKey)
      if (message.header(name) !== undefined)
        throw new MalformedError(`${name} is of one key: a message of many has none`);
    if (this.underway >= multiLimits.messagesUnderwayMax)
      throw new OverloadedError('too many messages of many keys at once: try again later');
    return bucket;
  }

  private get(asked: Asked, { keys, form }: MultiGet): void {
    const { message, bucket, taken } = asked;
    const { quorum, strict, timeoutMs } = getDemands(message, this.buckets.of(bucket));
    const deadlineMs = taken.atMs + timeoutMs;
    const rows = this.rowsOf(asked, keys.length, form);
    for (const [i, key] of keys.entries())
      this.coordinator.get({
        bucket,
        key,
        partition: partitionOf({ bucket, key }, this.options.partitions),
        quorum,
        strict,
        deadlineMs,
        onReply: (reply) => rows.get(i, reply),
      });
  }

  private put(asked: Asked, question: MultiPut): void {
    const { message, bucket, taken, unreadMs } = asked;
    const demands = putDemands(message, this.buckets.of(bucket));
    const { quorum, strict, ttlMs, operation, ageMs } = demands;
    const { atMs } = taken;
    const shared: SharedPut = {
      bucket,
      quorum,
      strict,
      deadlineMs: putDeadline(demands, { atMs, unreadMs }, this.clock),
      ttlMs,
      copy: copyOf(demands, this.queue),
      askedMs: atMs - unreadMs - ageMs,
      named: operation,
      reply: message.reply,
    };
    const times = plainTimes(demands, { readMs: atMs, unreadMs });
    const requests = question.rows.map((row, i) => this.requestOf(row, i, shared));
    const rows = this.rowsOf(asked, requests.length, question.form);
    for (const [i, request] of requests.entries())
      if ((request.value?.length ?? 0) > limits.valueBytesMax)
        rows.putFailed(i, new TooLargeError());
      else this.puts.put({ ...request, onReply: (reply) => rows.put(i, reply) }, times);
  }

  /** Throws `MalformedError`. */
  private requestOf(
    { key, value, context, ttlMs }: MultiPutRow,
    index: number,
    { named, reply, ...shared }: SharedPut,
  ): Omit<PutRequest, 'onReply'> {
    return {
      ...shared,
      key,
      partition: partitionOf({ bucket: shared.bucket, key }, this.options.partitions),
      value,
      context: rowContextOf(context, index),
      ttlMs: ttlMs ?? shared.ttlMs,
      operation: named === '' ? operationOfReply(reply, value ?? nothing) : named,
    };
  }

  private rowsOf(asked: Asked, rows: number, form: MultiQuestion['form']): MultiRows {
    const { message, taken, unreadMs } = asked;
    this.underway++;
    this.rowsTaken.value += rows;
    return new MultiRows({
      form,
      rows,
      bytesMax: Math.min(this.bus.payloadBytesMax, limits.messageBytesMax),
      held: this.held,
      isDoubled: () => mayBeDoneElsewhere(this.queue, unreadMs),
      done: (answer, failure) => {
        this.underway--;
        taken.answered(failure);
        if (message.reply !== '') this.bus.publish(message.reply, answer);
      },
    });
  }
}

/** Rows have contexts of their own; conditions and uploads are of plain puts. */
const ofOneKey = [
  headerNames.context,
  headerNames.onlyIf,
  headerNames.upload,
  headerNames.range,
  headerNames.sibling,
] as const;

/** Throws `MalformedError`. */
function rowContextOf(text: string | undefined, index: number): PutRequest['context'] {
  try {
    return contextOf(text);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new MalformedError(`put[${index}].context is none that a reply has given, nor -`);
  }
}
