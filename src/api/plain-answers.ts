/** What plain requests are answered, in payload and headers. */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { GetReply, GetRequest, PutReply } from '../coordinator/coordinator.js';
import { ConditionError, MalformedError, QuorateError, TooLargeError } from '../errors.js';
import { NodeOptions } from '../options/node-options.js';
import { Bus } from '../seams/bus.js';
import type { TraceMark } from '../seams/tracing.js';
import { encode } from '../wire/message-pack.js';
import { headerNames, type RequestVerb } from '../wire/subjects.js';
import type { ShareDemand } from '../wire/upload-headers.js';
import { errorHeaders, getHeaders, putHeaders, type ReplyHeaders } from './headers.js';
import { mayBeDoneElsewhere } from './plain-terms.js';
import { PlainShares } from './plain-shares.js';
import { shownInstead } from './put-conditions.js';
import type { Taken } from './traffic.js';
import { WorkQueue } from './work-queue.js';

const nothing = Buffer.alloc(0);

/** A request that was taken. */
export interface Request {
  readonly verb: RequestVerb;
  readonly reply: string;
  readonly taken: Taken;
  /** How long at most it had lain unread, after a standstill of this node. */
  readonly unreadMs: number;
  /** Not there unless it is under the glass. */
  trace?: TraceMark;
  /** Not there unless a put is to be answered in the payload as well. */
  tellsInJson?: true;
}

@scoped(Lifecycle.ContainerScoped)
export class PlainAnswers {
  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(PlainShares) private readonly shares: PlainShares,
    @inject(WorkQueue) private readonly queue: WorkQueue,
    @inject(NodeOptions) private readonly options: NodeOptions,
  ) {}

  put(request: Request, reply: PutReply): void {
    if (!reply.ok) return this.refuse(request, reply.error);
    request.taken.answered();
    if (request.reply === '') return;
    const headers = putHeaders(reply);
    const payload = request.tellsInJson === true ? putBody(headers) : nothing;
    this.bus.publish(request.reply, payload, { headers: namingTrace(request, headers) });
  }

  get(
    request: Request,
    reply: GetReply,
    asked: { readonly get: GetRequest; readonly share: ShareDemand | undefined },
  ): void {
    if (!reply.ok) return this.refuse(request, reply.error, reply.context);
    if (asked.share !== undefined || reply.manifests !== undefined)
      return this.share(request, reply, asked.get, asked.share);
    const { values } = reply;
    const payload = values.length === 1 ? values[0]! : encode(values);
    this.answer(request, payload, namingTrace(request, getHeaders(reply)));
  }

  private answer(request: Request, payload: Uint8Array, headers: ReplyHeaders): void {
    // Some room for the headers, which count as payload.
    if (payload.length + headerBytes(headers) > this.bus.payloadBytesMax)
      return this.refuse(request, new TooLargeError('the siblings are larger than a message'));
    request.taken.answered();
    this.bus.publish(request.reply, payload, { headers });
  }

  /** An upload, which has such headers. */
  begun(request: Request, headers: ReplyHeaders): void {
    request.taken.answered();
    if (request.reply !== '') this.bus.publish(request.reply, nothing, { headers });
  }

  /** Of a big value, or of what was asked for in part. */
  private share(
    request: Request,
    reply: Extract<GetReply, { ok: true }>,
    get: GetRequest,
    share: ShareDemand = theWhole,
  ): void {
    const bytesMax = this.bus.payloadBytesMax;
    this.shares.of(reply, share, { get, bytesMax }, (shown) => {
      if (shown instanceof QuorateError) return this.refuse(request, shown);
      const headers = namingTrace(request, { ...getHeaders(reply), ...shown.headers });
      this.answer(request, shown.payload, headers);
    });
  }

  refuseSubject(verb: RequestVerb | undefined, reply: string): void {
    if (reply === '') return;
    const { prefix } = this.options;
    const text = `a request goes to ${prefix}.put, ${prefix}.get or ${prefix}.del, with .<bucket>.<key> behind it`;
    const headers = errorHeaders(new MalformedError(text), { write: verb !== 'get' });
    this.bus.publish(reply, nothing, { headers });
  }

  refuse(
    request: Request,
    error: QuorateError,
    context?: Extract<GetReply, { ok: false }>['context'],
  ): void {
    request.taken.answered(error);
    if (request.reply === '') return;
    const write = request.verb !== 'get';
    const doubled = mayBeDoneElsewhere(this.queue, request.unreadMs);
    const instead =
      error instanceof ConditionError ? shownInstead(error, this.bus.payloadBytesMax) : undefined;
    const about = { write, doubled, context: context ?? instead?.context };
    // Who takes a payload for success is not told what is there.
    const shown = request.tellsInJson === true ? undefined : instead;
    const headers = namingTrace(request, { ...errorHeaders(error, about), ...shown?.headers });
    this.bus.publish(request.reply, shown?.payload ?? nothing, { headers });
  }
}

/** For those who take an answer without payload for none. What is refused has none. */
function putBody(headers: ReplyHeaders): Buffer {
  const { [headerNames.context]: context, [headerNames.receipt]: receipt } = headers;
  return Buffer.from(JSON.stringify({ context, receipt }));
}

const theWhole: ShareDemand = { range: undefined, sibling: undefined };

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
