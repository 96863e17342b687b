/**
 * The way in for new lifetimes, of any NATS client: `kv.touch.<bucket>.<key>` with `Kv-TTL`. Any
 * node answers: it reads the value of R nodes, and puts it again with the context of that, only if
 * nothing else was written meanwhile. So it is a put like any other, of a value that its author
 * need not have.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { partitionOf, type ByteString } from '../../actors/rules/key.js';
import { Buckets, type BucketTerms } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import {
  Coordinator,
  type GetReply,
  type PutReply,
  type PutRequest,
} from '../coordinator/coordinator.js';
import {
  ConditionError,
  DeadlineError,
  MalformedError,
  QuorateError,
  TooManySiblingsError,
} from '../errors.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { decodeSeen } from '../wire/key-state-codec.js';
import { operationOfReply } from '../wire/reply-operation.js';
import { headerNames, isInbox, Subjects } from '../wire/subjects.js';
import { byteStringOf } from '../wire/text.js';
import { errorHeaders, getDemands, putDemands, putHeaders, type PutDemands } from './headers.js';
import { checkBucket, checkKey, checkText } from './names.js';
import { PlainPuts } from './plain-puts.js';
import { checkWait, copyOf, plainTimes } from './plain-terms.js';
import { shownInstead } from './put-conditions.js';
import { Traffic, type Taken } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);

interface Asked {
  readonly name: { readonly bucket: ByteString; readonly key: ByteString };
  readonly demands: PutDemands;
  readonly deadlineMs: number;
  readonly unreadMs: number;
  readonly reply: string;
  readonly taken: Taken;
}

@scoped(Lifecycle.ContainerScoped)
export class TouchApi {
  private readonly subject: string;
  private subscription: BusSubscription | undefined;

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
  ) {
    this.subject = new Subjects(options.prefix).touch;
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
    const taken = this.traffic.take('touch');
    try {
      this.read(message, taken);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.refuse({ reply, taken }, error);
    }
  }

  private read(message: BusMessage, taken: Taken): void {
    const { hearing, subject } = this;
    checkWait(hearing, taken.atMs);
    checkText(message.subject);
    const bucketAt = subject.length - 1;
    const keyAt = message.subject.indexOf('.', bucketAt) + 1;
    if (keyAt === 0) throw new MalformedError('the subject ends in .<bucket>.<key>');
    const bucket = byteStringOf(message.subject.slice(bucketAt, keyAt - 1));
    const key = byteStringOf(message.subject.slice(keyAt));
    checkBucket(bucket);
    checkKey(key);
    const options = this.buckets.of(bucket);
    const demands = touchDemands(message, options);
    const unreadMs = hearing.unreadMs(taken.atMs);
    const deadlineMs = this.deadlineOf(taken.atMs, unreadMs, demands);
    const { quorum, strict } = getDemands(message, options);
    const name = { bucket, key };
    const { reply } = message;
    const asked: Asked = { name, demands, deadlineMs, unreadMs, reply, taken };
    this.coordinator.get({
      ...name,
      partition: partitionOf(name, this.options.partitions),
      quorum,
      strict,
      deadlineMs,
      onReply: (found) => this.put(asked, found),
    });
  }

  /** As of a put. */
  private deadlineOf(
    atMs: number,
    unreadMs: number,
    { timeoutMs, untilWallMs }: PutDemands,
  ): number {
    const leftMs = Math.min(timeoutMs - unreadMs, untilWallMs - this.clock.wallMs());
    if (leftMs <= 0) throw new DeadlineError('it was read after its deadline', 'none');
    return atMs + leftMs;
  }

  private put(asked: Asked, found: GetReply): void {
    if (!found.ok) return this.refuse(asked, found.error, found.context);
    const { values, context, manifests } = found;
    const [value] = values;
    if (values.length !== 1 || value === undefined || value === null) {
      const text = `the key has ${values.length} siblings: get it, merge them, and put with the context`;
      return this.refuse(asked, new TooManySiblingsError(text));
    }
    const { demands, name, deadlineMs, reply, taken, unreadMs } = asked;
    const { operation, ageMs, quorum, strict, ttlMs } = demands;
    const put: PutRequest = {
      ...name,
      partition: partitionOf(name, this.options.partitions),
      quorum,
      strict,
      deadlineMs,
      value: Buffer.from(value),
      ...(manifests !== undefined && { isManifest: true }),
      context: decodeSeen(context),
      onlyIf: { is: 'context', r: 0 },
      ttlMs,
      operation: operation === '' ? operationOfReply(reply, value) : operation,
      copy: copyOf(demands, this.queue),
      askedMs: taken.atMs - unreadMs - ageMs,
      onReply: (done) => this.answer(asked, done),
    };
    this.puts.put(put, plainTimes(demands, { readMs: taken.atMs, unreadMs }));
  }

  private answer(asked: Asked, done: PutReply): void {
    if (!done.ok) return this.refuse(asked, done.error);
    asked.taken.answered();
    if (asked.reply !== '') this.bus.publish(asked.reply, nothing, { headers: putHeaders(done) });
  }

  private refuse(
    { reply, taken }: Pick<Asked, 'reply' | 'taken'>,
    error: QuorateError,
    context?: Buffer,
  ): void {
    taken.answered(error);
    if (reply === '') return;
    const doubled = this.queue.refusesForItselfAlone;
    const instead =
      error instanceof ConditionError ? shownInstead(error, this.bus.payloadBytesMax) : undefined;
    const about = { write: true, doubled, context: context ?? instead?.context };
    const headers = { ...errorHeaders(error, about), ...instead?.headers };
    this.bus.publish(reply, instead?.payload ?? nothing, { headers });
  }
}

/** Throws `MalformedError`. */
function touchDemands(
  message: BusMessage,
  bucket: Pick<BucketTerms, 'quorumMax' | 'r' | 'w'>,
): PutDemands {
  const demands = putDemands(message, bucket);
  if (message.data.length > 0) throw new MalformedError('a touch has no payload');
  if (demands.ttlMs === 0)
    throw new MalformedError(`a touch says by ${headerNames.ttl} how long the value is to live`);
  if (demands.context !== undefined || demands.onlyIf !== undefined)
    throw new MalformedError(
      `a touch goes without ${headerNames.context} and ${headerNames.onlyIf}`,
    );
  return demands;
}
