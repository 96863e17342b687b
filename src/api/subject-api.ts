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
import {
  Coordinator,
  type GetReply,
  type GetRequest,
  type PutReply,
  type PutRequest,
} from '../coordinator/coordinator.js';
import {
  ConditionError,
  DeadlineError,
  MalformedError,
  OverloadedError,
  QuorateError,
  TooLargeError,
} from '../errors.js';
import { tracedGet, tracedPut } from '../coordinator/traced-request.js';
import { ClusterView } from '../membership/cluster-view.js';
import { clientName } from '../insight/notes.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Tracing, type TraceMark } from '../seams/tracing.js';
import type { Copy } from '../wire/copy-age.js';
import { encode } from '../wire/message-pack.js';
import { operationOfReply } from '../wire/reply-operation.js';
import {
  headerNames,
  isInbox,
  requestVerbs,
  Subjects,
  type RequestVerb,
} from '../wire/subjects.js';
import { shownNames } from '../wire/shown-bytes.js';
import { byteStringOf } from '../wire/text.js';
import {
  errorHeaders,
  getHeaders,
  putHeaders,
  getDemands,
  putDemands,
  traceDemand,
  type PutDemands,
  type ReplyHeaders,
} from './headers.js';
import { checkBucket, checkKey, checkText } from './names.js';
import { PlainPuts } from './plain-puts.js';
import { checkedIf, shownInstead } from './put-conditions.js';
import { Traffic, type Taken } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);

/** A request that was taken. */
interface Request {
  readonly verb: RequestVerb;
  readonly reply: string;
  readonly taken: Taken;
  /** How long at most it had lain unread, after a standstill of this node. */
  readonly unreadMs: number;
  /** Not there unless it is under the glass. */
  trace?: TraceMark;
}

@scoped(Lifecycle.ContainerScoped)
export class SubjectApi {
  private readonly subjects: Subjects;
  private readonly unmapped: BusSubscription[] = [];
  private readonly byPartition = new Map<number, BusSubscription>();
  private isOpen = false;

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(PlainPuts) private readonly puts: PlainPuts,
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
    if (verb === undefined || keyAt === 0) return this.refuseSubject(verb, reply);
    const taken = this.traffic.take(verb);
    const unreadMs = this.hearing.unreadMs(taken.atMs);
    const request: Request = { verb, reply, taken, unreadMs };
    try {
      this.checkWait(request);
      checkText(subject);
      const bucket = byteStringOf(subject.slice(bucketAt, keyAt - 1));
      const key = byteStringOf(subject.slice(keyAt));
      checkBucket(bucket);
      checkKey(key);
      if (verb === 'get') this.get(message, { bucket, key }, request);
      else this.put(message, { bucket, key }, request);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.refuse(request, error);
    }
  }

  /**
   * Clients that hold nothing back: what can't be read in time is refused while that costs little,
   * so that the rest is done in time.
   */
  private checkWait({ taken }: Request): void {
    const waitedMs = this.hearing.waitedMs(taken.atMs);
    if (waitedMs > limits.waitMsMax)
      throw new OverloadedError(`requests wait ${Math.round(waitedMs)} ms until they are read`);
  }

  private get(message: BusMessage, name: Name, request: Request): void {
    const { quorum, strict, timeoutMs } = getDemands(message, this.buckets.of(name.bucket));
    const get: GetRequest = {
      ...name,
      partition: partitionOf(name, this.options.partitions),
      quorum,
      strict,
      deadlineMs: request.taken.atMs + timeoutMs,
      onReply: (reply) => this.answerGet(request, reply),
    };
    const trace = this.traceOf(message, name, request);
    this.coordinator.get(trace === undefined ? get : tracedGet(get, trace, this.tracing));
  }

  private put(message: BusMessage, name: Name, request: Request): void {
    const demands = putDemands(message, this.buckets.of(name.bucket));
    const { data } = message;
    const deletes = request.verb === 'del';
    if (deletes && data.length > 0) throw new MalformedError('a delete has no payload');
    if (data.length > limits.valueBytesMax) throw new TooLargeError();
    const deadlineMs = this.deadlineOf(request, demands);
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
      copy: this.copyOf(demands),
      askedMs: request.taken.atMs - request.unreadMs - ageMs,
      onReply: (reply) => this.answerPut(request, reply),
    };
    const { onlyIf } = demands;
    const asked = onlyIf === undefined ? put : { ...put, ...checkedIf(put, onlyIf) };
    const timeoutMs = demands.untilWallMs === Infinity ? demands.timeoutMs : Infinity;
    const { taken, unreadMs } = request;
    const trace = this.traceOf(message, name, request);
    const glass = trace === undefined ? asked : tracedPut(asked, trace, this.tracing);
    this.puts.put(glass, { readMs: taken.atMs, timeoutMs, unreadMs });
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

  /**
   * While others may be given the same message, each of them has a copy that says nothing of the
   * others.
   */
  private copyOf({ operation, ageMs }: PutDemands): Copy {
    if (ageMs > 0) return 'later';
    return operation !== '' || this.queue.isDoubled ? 'any' : 'first';
  }

  /**
   * Of a put, as this node can tell it: a plain request says how long, but not since when. Throws
   * when it may be past already: its author may have put another value since, here or elsewhere.
   */
  private deadlineOf(request: Request, { timeoutMs, untilWallMs }: PutDemands): number {
    const { taken, unreadMs } = request;
    const { atMs } = taken;
    if (unreadMs >= timeoutMs)
      throw new DeadlineError(
        `it may have waited ${Math.round(unreadMs)} ms until it was read, and had ${timeoutMs} ms`,
        'none',
      );
    const deadlineMs = atMs - unreadMs + timeoutMs;
    if (untilWallMs === Infinity) return deadlineMs;
    const leftMs = untilWallMs - this.clock.wallMs();
    if (leftMs < 0)
      throw new DeadlineError(`read ${-leftMs} ms after its ${headerNames.deadline}`, 'none');
    return Math.min(deadlineMs, atMs + leftMs);
  }

  private answerPut(request: Request, reply: PutReply): void {
    if (!reply.ok) return this.refuse(request, reply.error);
    request.taken.answered();
    if (request.reply !== '')
      this.bus.publish(request.reply, nothing, {
        headers: namingTrace(request, putHeaders(reply)),
      });
  }

  private answerGet(request: Request, reply: GetReply): void {
    if (!reply.ok) return this.refuse(request, reply.error, reply.context);
    const { values } = reply;
    const payload = values.length === 1 ? values[0]! : encode(values);
    const headers = namingTrace(request, getHeaders(reply));
    // Some room for the headers, which count as payload.
    if (payload.length + headerBytes(headers) > this.bus.payloadBytesMax)
      return this.refuse(request, new TooLargeError('the siblings are larger than a message'));
    request.taken.answered();
    this.bus.publish(request.reply, payload, { headers });
  }

  private refuseSubject(verb: RequestVerb | undefined, reply: string): void {
    if (reply === '') return;
    const { prefix } = this.options;
    const text = `a request goes to ${prefix}.put, ${prefix}.get or ${prefix}.del, with .<bucket>.<key> behind it`;
    const headers = errorHeaders(new MalformedError(text), { write: verb !== 'get' });
    this.bus.publish(reply, nothing, { headers });
  }

  private refuse(
    request: Request,
    error: QuorateError,
    context?: Extract<GetReply, { ok: false }>['context'],
  ): void {
    request.taken.answered(error);
    if (request.reply === '') return;
    const write = request.verb !== 'get';
    // A node that stood still does not know yet that others were given its share.
    const doubled = this.queue.refusesForItselfAlone || request.unreadMs >= limits.silenceMsMax;
    const instead =
      error instanceof ConditionError ? shownInstead(error, this.bus.payloadBytesMax) : undefined;
    const about = { write, doubled, context: context ?? instead?.context };
    const headers = namingTrace(request, { ...errorHeaders(error, about), ...instead?.headers });
    this.bus.publish(request.reply, instead?.payload ?? nothing, { headers });
  }
}

interface Name {
  readonly bucket: ByteString;
  readonly key: ByteString;
}

/** Of a trace that others can ask for; its author, and who looks at the node, find it by that. */
function namingTrace({ trace }: Request, headers: ReplyHeaders): ReplyHeaders {
  if (trace === undefined || !trace.travels) return headers;
  return { ...headers, [headerNames.trace]: trace.id };
}

/** As NATS writes them: a first line, `name: value` and a line break each, an empty line. */
function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 16;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + 4;
  return bytes;
}
