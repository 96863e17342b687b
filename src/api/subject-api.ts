/**
 * The way in for any NATS client: `kv.put|get|del.<bucket>.<key>`, one message a request.
 *
 * Where the server maps subjects to partitions, requests come to `kv.p.<partition>.…`, to which the
 * primaries of the partition listen; without the mapping (and for keys of more tokens than it
 * covers) any node takes them. A node that is no primary coordinates gets all the same; its puts go
 * to one through `PutOrdering`.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import { partitionOf, type ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { listensTo } from '../../actors/rules/routing.js';
import { Buckets } from '../buckets/buckets.js';
import { Hearing } from '../bus/hearing.js';
import { Coordinator, type GetRequest, type PutRequest } from '../coordinator/coordinator.js';
import { MalformedError, QuorateError, TooLargeError } from '../errors.js';
import { tracedGet, tracedPut } from '../coordinator/traced-request.js';
import { ClusterView } from '../membership/cluster-view.js';
import { clientName } from '../insight/notes.js';
import { NodeOptions } from '../options/node-options.js';
import type { BusMessage, BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Tracing, type TraceMark } from '../seams/tracing.js';
import { operationOfReply } from '../wire/reply-operation.js';
import { headerNames, isInbox, requestVerbs, Subjects } from '../wire/subjects.js';
import { shownNames } from '../wire/shown-bytes.js';
import { byteStringOf } from '../wire/text.js';
import { shareDemand, uploadDemand } from '../wire/upload-headers.js';
import { getDemands, putDemands, traceDemand } from './headers.js';
import { checkBucket, checkKey, checkText } from './names.js';
import { PlainAnswers, type Request } from './plain-answers.js';
import { PlainPuts } from './plain-puts.js';
import { checkWait, copyOf, plainTimes } from './plain-terms.js';
import { PlainUploads } from './plain-uploads.js';
import { checkedIf } from './put-conditions.js';
import { putDeadline } from './put-deadline.js';
import { Traffic } from './traffic.js';
import { WorkQueue } from './work-queue.js';

@scoped(Lifecycle.ContainerScoped)
export class SubjectApi {
  private readonly subjects: Subjects;
  private readonly unmapped: BusSubscription[] = [];
  private readonly byPartition = new Map<number, BusSubscription>();
  private isOpen = false;

  constructor(
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(PlainPuts) private readonly puts: PlainPuts,
    @inject(PlainUploads) private readonly uploads: PlainUploads,
    @inject(PlainAnswers) private readonly answers: PlainAnswers,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Traffic) private readonly traffic: Traffic,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(Clock) private readonly clock: Clock,
    @inject(WorkQueue) private readonly queue: WorkQueue,
    @inject(Tracing) private readonly tracing: Tracing,
  ) {
    this.subjects = new Subjects(options.prefix);
    view.onChange(() => {
      if (this.isOpen) this.followView();
    });
  }

  open(): void {
    this.isOpen = true;
    const head = this.subjects.requests('put').length - 'put.>'.length;
    for (const verb of requestVerbs)
      this.unmapped.push(this.listen(this.subjects.requests(verb), head));
    this.followView();
  }

  close(): void {
    this.isOpen = false;
    for (const subscription of this.unmapped.splice(0)) subscription.unsubscribe();
    for (const subscription of this.byPartition.values()) subscription.unsubscribe();
    this.byPartition.clear();
  }

  private followView(): void {
    const { view } = this;
    for (let partition = 0; partition < view.ring.partitions; partition++) {
      const placement = view.placement(partition, this.buckets.largest);
      const serves = listensTo(placement, view, view.self.id);
      const listening = this.byPartition.get(partition);
      if (serves && listening === undefined) {
        const subject = this.subjects.partition(partition);
        this.byPartition.set(partition, this.listen(subject, subject.length - 1));
      } else if (!serves && listening !== undefined) {
        listening.unsubscribe();
        this.byPartition.delete(partition);
      }
    }
  }

  /** `headLength`: characters in front of `<verb>.<bucket>.<key>`. */
  private listen(subject: string, headLength: number): BusSubscription {
    const take = (message: BusMessage): void => this.take(message, headLength);
    return this.queue.subscribe(subject, take);
  }

  private take(message: BusMessage, headLength: number): void {
    const { subject, reply } = message;
    if (reply !== '' && !isInbox(reply)) {
      this.traffic.repliesRefused.value++;
      return;
    }
    const bucketAt = headLength + 4;
    const verb = requestVerbs.find((verb) => subject.startsWith(`${verb}.`, headLength));
    const keyAt = subject.indexOf('.', bucketAt) + 1;
    if (verb === 'get' && reply === '') return;
    if (verb === undefined || keyAt === 0) return this.answers.refuseSubject(verb, reply);
    const taken = this.traffic.take(verb);
    const unreadMs = this.hearing.unreadMs(taken.atMs);
    const request: Request = { verb, reply, taken, unreadMs };
    try {
      checkWait(this.hearing, taken.atMs);
      checkText(subject);
      const bucket = byteStringOf(subject.slice(bucketAt, keyAt - 1));
      const key = byteStringOf(subject.slice(keyAt));
      checkBucket(bucket);
      checkKey(key);
      if (verb === 'get') this.get(message, { bucket, key }, request);
      else this.put(message, { bucket, key }, request);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.answers.refuse(request, error);
    }
  }

  private get(message: BusMessage, name: Name, request: Request): void {
    const { quorum, strict, timeoutMs } = getDemands(message, this.buckets.of(name.bucket));
    const share = shareDemand(message);
    const get: GetRequest = {
      ...name,
      partition: partitionOf(name, this.options.partitions),
      quorum,
      strict,
      deadlineMs: request.taken.atMs + timeoutMs,
      onReply: (reply) => this.answers.get(request, reply, { get, share }),
    };
    const trace = this.traceOf(message, name, request);
    this.coordinator.get(trace === undefined ? get : tracedGet(get, trace, this.tracing));
  }

  private put(message: BusMessage, name: Name, request: Request): void {
    const demands = putDemands(message, this.buckets.of(name.bucket));
    const { data } = message;
    const { taken, unreadMs } = request;
    const deletes = request.verb === 'del';
    if (message.header(headerNames.accept) === 'json') request.tellsInJson = true;
    const upload = uploadDemand(message, deletes);
    if (upload?.kind === 'begin') return this.beginUpload(request, name, upload.size);
    if (deletes && data.length > 0) throw new MalformedError('a delete has no payload');
    if (data.length > limits.valueBytesMax) throw new TooLargeError();
    const deadlineMs = putDeadline(demands, { atMs: taken.atMs, unreadMs }, this.clock);
    const { operation, ageMs } = demands;
    const put: PutRequest = {
      ...name,
      partition: partitionOf(name, this.options.partitions),
      quorum: demands.quorum,
      strict: demands.strict,
      deadlineMs,
      value: deletes ? null : Buffer.from(data),
      context: demands.context,
      ttlMs: demands.ttlMs,
      operation: operation === '' ? operationOfReply(message.reply, data) : operation,
      copy: copyOf(demands, this.queue),
      askedMs: taken.atMs - unreadMs - ageMs,
      onReply: (reply) => this.answers.put(request, reply),
    };
    const { onlyIf } = demands;
    const asked = onlyIf === undefined ? put : { ...put, ...checkedIf(put, onlyIf) };
    const trace = this.traceOf(message, name, request);
    const glass = trace === undefined ? asked : tracedPut(asked, trace, this.tracing);
    const times = plainTimes(demands, { readMs: taken.atMs, unreadMs });
    if (!upload) this.puts.put(glass, times);
    else this.uploads.put(upload, glass, (part) => this.puts.put(part, times));
  }

  private beginUpload(request: Request, { bucket }: Name, size: number | undefined): void {
    this.answers.begun(request, this.uploads.begin(bucket, size));
  }

  /** Undefined: nobody looks at this one. */
  private traceOf(message: BusMessage, name: Name, request: Request): TraceMark | undefined {
    const wanted = message.header(headerNames.trace);
    const { tracing } = this;
    if (wanted === undefined && !tracing.isSampling) return undefined;
    const { verb } = request;
    const what = verb === 'del' ? 'delete' : verb;
    const asked = { what, ...shownNames(name), from: clientName } as const;
    const trace =
      wanted === undefined ? tracing.sample(asked) : tracing.begin(asked, traceDemand(wanted));
    if (trace !== undefined) request.trace = trace;
    return trace;
  }
}

interface Name {
  readonly bucket: ByteString;
  readonly key: ByteString;
}
