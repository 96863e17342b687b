/** Puts on their way to the node that orders them: one frame, and what becomes of each row. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';
import { limits } from '../../actors/rules/limits.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { nothingSeen } from '../../actors/rules/versions.js';
import type { PutReply, PutRequest } from '../coordinator/coordinator.js';
import {
  DeadlineError,
  errorOfCode,
  type FoundInstead,
  MalformedError,
  OtherConfigurationError,
  UnavailableError,
} from '../errors.js';
import { copiedBytesOf, copiedColumn } from '../wire/copied-puts.js';
import { agesOf } from '../wire/copy-age.js';
import { type FrameRefusal, type PutFrameReply } from '../wire/frame-replies.js';
import {
  rowOverheadBytes,
  traceIdBytes,
  type PutFrame,
  type TracesColumn,
} from '../wire/frames.js';
import { decodeSeen, encodedSeenBytes, encodeSeen } from '../wire/key-state-codec.js';
import type { Request } from '../wire/protocol/bodies.js';
import { forwardBody, forwardRoomBytes, orderedOf } from '../wire/protocol/forward.js';
import { receiptOf } from '../wire/receipt.js';
import { ifsColumn } from '../wire/put-ifs.js';
import type { WireValue } from '../wire/wire-value.js';

export function rowBytesOf(request: PutRequest): number {
  const contextBytes = request.context === undefined ? 2 : encodedSeenBytes(request.context);
  const valueBytes = request.value?.length ?? 0;
  const bytes = rowOverheadBytes + request.key.length + valueBytes + contextBytes;
  const traceBytes = request.trace === undefined ? 0 : traceIdBytes;
  return bytes + limits.operationIdBytesMax + copiedBytesOf(request.copied) + traceBytes;
}

export interface ForwardOptions {
  /** This node had read the puts late, and is not to coordinate them while others can. */
  readonly late: boolean;
  /** By which the other node was chosen. */
  readonly configuration: ConfigurationNumber;
  /** The other node refused them once, as past their deadline on its clock. */
  readonly again?: boolean;
}

/** What an answer says. */
interface Taken {
  /** Of the other node. */
  readonly clock: Moment | null;
  /**
   * It has not begun any, as if the deadline were past: on its clock, of which this node may know
   * too little.
   */
  readonly unread: boolean;
  /** Nor has it because it goes by another configuration. */
  readonly differs: boolean;
  /** Those it could do nothing for, and never will. */
  readonly left: readonly PutRequest[];
}

export class Forward {
  readonly requests: PutRequest[] = [];
  bytes = 0;
  /** What the other node has. */
  readonly timeoutMs: number;
  /** The end of it, on this node's clock. */
  readonly deadlineMs: number;
  /** What this node gives it; longer, because the other's 504 says more than ours. */
  readonly waitMs: number;
  readonly late: boolean;
  readonly again: boolean;
  private readonly configuration: ConfigurationNumber;
  /** Some of the puts are under the glass. */
  private isTraced = false;
  /** Set when it was sent: ends call and timer. */
  stop: () => void = () => undefined;

  constructor(
    /** Who is to coordinate it. */
    readonly to: NodeId,
    remainingMs: number,
    nowMs: number,
    { late, configuration, again = false }: ForwardOptions,
  ) {
    this.late = late;
    this.configuration = configuration;
    this.again = again;
    this.timeoutMs = Math.max(1, stepsIn(remainingMs) * limits.deadlineStepMs);
    this.deadlineMs = nowMs + this.timeoutMs;
    this.waitMs = this.timeoutMs + limits.deadlineStepMs;
  }

  /** Puts of one name may share a frame. */
  static nameOf(request: PutRequest, remainingMs: number, options: ForwardOptions): string {
    const { bucket, quorum, strict } = request;
    const { late, again } = options;
    return `${stepsIn(remainingMs)} ${quorum} ${strict} ${late} ${again === true} ${bucket}`;
  }

  hasRoomFor(bytes: number): boolean {
    return this.requests.length < limits.frameRequestsMax && this.bytes + bytes <= forwardRoomBytes;
  }

  add(request: PutRequest, bytes: number): void {
    this.requests.push(request);
    if (request.trace?.travels === true) this.isTraced = true;
    this.bytes += bytes;
  }

  /** `until`: the end of `timeoutMs` on the other node's clock. */
  body(until: Moment): Request<'forward'> {
    const { requests, timeoutMs, configuration } = this;
    const { bucket, quorum, strict } = requests[0]!;
    const sentMs = this.deadlineMs - timeoutMs;
    const blind = requests.every(({ context }) => context === undefined);
    const frame: PutFrame = {
      kind: 'put',
      bucket,
      quorum,
      strict,
      timeoutMs,
      keys: requests.map(({ key }) => Buffer.from(key, 'latin1')),
      values: requests.map(({ value }) => value),
      contexts: blind
        ? null
        : requests.map(({ context }) => (context === undefined ? null : encodeSeen(context))),
      operations: requests.map(({ operation }) => operation),
      ttls: requests.every(({ ttlMs }) => ttlMs === 0) ? null : requests.map(({ ttlMs }) => ttlMs),
      until,
      sooner: null,
      ages: agesOf(requests, sentMs),
      copied: copiedColumn(requests, sentMs),
      configuration,
    };
    const traced = this.isTraced ? { ...frame, traces: this.travelling() } : frame;
    const ifs = ifsColumn(requests);
    const onIfs = ifs === undefined ? traced : { ...traced, ifs };
    if (!requests.some(({ isManifest }) => isManifest === true)) return forwardBody(onIfs);
    const manifests = requests.map(({ isManifest }) => isManifest === true);
    return forwardBody({ ...onIfs, manifests });
  }

  /** By row, the traces that the other node is told of. */
  private travelling(): TracesColumn {
    return this.requests.map(({ trace }) => (trace?.travels === true ? trace.id : null));
  }

  /** Answers the rows, but for those that are left. */
  take(body: readonly WireValue[]): Taken {
    const { requests } = this;
    const reply = this.replyOf(body);
    const clock = reply?.clock ?? null;
    if (reply?.kind === 'refusal' && reply.code === 504 && reply.outcome === 'none')
      return { clock, unread: true, differs: false, left: requests };
    if (reply?.kind === 'refusal' && reply.code === OtherConfigurationError.code)
      return { clock, unread: false, differs: true, left: requests };
    const replies = reply?.kind === 'put' ? putReplies(reply) : requests.map(() => malformed);
    const left: PutRequest[] = [];
    for (const [i, request] of requests.entries()) {
      const reply = replies[i]!;
      if (!reply.ok && reply.error instanceof UnavailableError && reply.error.outcome === 'none')
        left.push(request);
      else request.onReply(reply);
    }
    return { clock, unread: false, differs: false, left };
  }

  expire(): void {
    const error = new DeadlineError('the node that orders this put has not answered in time');
    for (const request of this.requests) request.onReply({ ok: false, error });
  }

  private replyOf(body: readonly WireValue[]): PutFrameReply | FrameRefusal | undefined {
    try {
      return orderedOf(body, this.requests.length);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return undefined;
    }
  }
}

function stepsIn(remainingMs: number): number {
  return Math.max(0, Math.floor(remainingMs / limits.deadlineStepMs));
}

function putReplies(reply: PutFrameReply): PutReply[] {
  const receipts = reply.receipts.map(receiptOf);
  const replies: PutReply[] = reply.contexts.map((bytes, i) => {
    const receipt = receipts[reply.receiptOf?.[i] ?? 0];
    const context = bytes === null ? nothingSeenBytes : Buffer.from(bytes);
    decodeSeen(context);
    return receipt === undefined ? missing : { ok: true, context, receipt };
  });
  for (const { index, code, outcome, message } of reply.errors) {
    const found = foundAt(reply, index);
    replies[index] = { ok: false, error: errorOfCode(code, message, outcome, found) };
  }
  return replies;
}

/** Of a put that was refused for its condition. Copied: the message goes with this turn. */
function foundAt(reply: PutFrameReply, index: number): FoundInstead | undefined {
  const { found, contexts, manifests } = reply;
  const values = found?.[index];
  if (values === undefined || values === null) return undefined;
  const context = contexts[index]!;
  return {
    manifests: manifests?.filter(([row]) => row === index).map(([, place]) => place),
    values: values.map((value) => (value === null ? null : Buffer.from(value))),
    context: context === null ? undefined : Buffer.from(context),
  };
}

const nothingSeenBytes = encodeSeen(nothingSeen);

/** It was done or it was not: nobody here can tell. */
const malformed: PutReply = {
  ok: false,
  error: new UnavailableError('the answer of another node was malformed', 'unknown'),
};

const missing: PutReply = {
  ok: false,
  error: new UnavailableError('another node answered without a receipt', 'unknown'),
};
