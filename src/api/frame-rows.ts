/**
 * The rows of a frame as requests to a coordinator, and their replies as columns again: one pass
 * each way, and one reply when the last row is done.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { OnlyIf } from '../../actors/rules/condition.js';
import { isServed } from '../../actors/rules/said-configuration.js';
import { partitionOf, type ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { quorumFor } from '../../actors/rules/quorum.js';
import type { SeenContext } from '../../actors/rules/versions.js';
import { Buckets } from '../buckets/buckets.js';
import { OwnTime } from '../bus/own-time.js';
import {
  Coordinator,
  type GetReply,
  type GetRequest,
  type PutReply,
  type PutRequest,
  type Receipt,
} from '../coordinator/coordinator.js';
import {
  ConditionError,
  MalformedError,
  OtherConfigurationError,
  type QuorateError,
} from '../errors.js';
import { clientName } from '../insight/notes.js';
import { ClusterView } from '../membership/cluster-view.js';
import { NodeOptions } from '../options/node-options.js';
import { Clock } from '../seams/clock.js';
import { Tracing } from '../seams/tracing.js';
import { asBuffer } from '../wire/as-buffer.js';
import { copiedPutsOf } from '../wire/copied-puts.js';
import { copyOfAge } from '../wire/copy-age.js';
import type { FrameValue, ManifestPlace, RowError } from '../wire/frame-replies.js';
import type { Frame, GetFrame, PutFrame } from '../wire/frames.js';
import { decodeSeen } from '../wire/key-state-codec.js';
import { checkManifest } from '../wire/manifest.js';
import { isPartBucket } from '../wire/part-names.js';
import { receiptText } from '../wire/receipt.js';
import { FrameGlass } from './frame-glass.js';
import { checkFrameBucket, keysOf } from './names.js';
import { checkedIf } from './put-conditions.js';

/** Who takes the puts: the coordinator itself, or whoever orders them first. */
export interface PutSink {
  put(request: PutRequest): void;
}

export interface FrameOutcome {
  readonly contexts: (Uint8Array | null)[];
  /** Of gets; empty for puts. */
  readonly values: FrameValue[];
  readonly receipts: string[];
  readonly receiptOf: number[] | null;
  readonly errors: RowError[];
  /** Of puts, where some were refused for their condition. */
  found?: (readonly (Uint8Array | null)[] | null)[];
  /** Where values, or those found, are manifests. */
  manifests?: ManifestPlace[];
}

@scoped(Lifecycle.ContainerScoped)
export class FrameRows {
  constructor(
    @inject(Coordinator) private readonly coordinator: Coordinator,
    @inject(Clock) private readonly clock: Clock,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(OwnTime) private readonly time: OwnTime,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Tracing) private readonly tracing: Tracing,
  ) {}

  /**
   * Throws `MalformedError`, `OtherConfigurationError`, and `DeadlineError` after the frame's
   * moment, before anything is done. The bytes of the frame are kept.
   */
  run(frame: Frame, puts: PutSink, done: (outcome: FrameOutcome) => void, from = clientName): void {
    if (!isServed(frame.configuration, this.view.configuration))
      throw new OtherConfigurationError();
    checkFrameBucket(frame.bucket);
    const { quorumMax, r, w } = this.buckets.of(frame.bucket);
    const usual = frame.kind === 'put' ? w : r;
    const quorum = frame.quorum === 0 ? usual : quorumFor(frame.quorum, usual, frame.strict);
    if (quorum > quorumMax)
      throw new MalformedError(`the quorum is a number from 1 to ${quorumMax}`);
    const timeoutMs = frame.timeoutMs === 0 ? limits.requestTimeoutMsDefault : frame.timeoutMs;
    if (timeoutMs > limits.requestTimeoutMsMax)
      throw new MalformedError(`the timeout is at most ${limits.requestTimeoutMsMax} ms`);
    const nowMs = this.clock.monotonicMs();
    const until = frame.kind === 'put' ? frame.until : null;
    this.time.check(until, nowMs);
    const deadlineMs = Math.min(nowMs + timeoutMs, until?.ms ?? Infinity);
    const sentMs = until === null ? nowMs : Math.min(nowMs, until.ms - timeoutMs);
    const shared = { quorum, deadlineMs, sentMs, keyOf: keysOf(frame.bucket) };
    const rows = new Rows(frame, done);
    const { tracing } = this;
    const glass =
      tracing.isSampling || frame.traces !== undefined
        ? new FrameGlass(tracing, frame.traces, from)
        : undefined;
    if (frame.kind === 'put') this.runPuts(frame, shared, rows, puts, glass);
    else this.runGets(frame, shared, rows, glass);
  }

  private runPuts(
    frame: PutFrame,
    shared: Shared,
    rows: Rows,
    puts: PutSink,
    glass: FrameGlass | undefined,
  ): void {
    for (let i = 0; i < frame.keys.length; i++) {
      const request = this.putOf(frame, i, shared, rows);
      if (request !== undefined) puts.put(glass === undefined ? request : glass.put(request, i));
    }
  }

  private runGets(
    frame: GetFrame,
    shared: Shared,
    rows: Rows,
    glass: FrameGlass | undefined,
  ): void {
    for (let i = 0; i < frame.keys.length; i++) {
      const request = this.getOf(frame, i, shared, rows);
      if (request === undefined) continue;
      this.coordinator.get(glass === undefined ? request : glass.get(request, i));
    }
  }

  /** Undefined when the row is malformed; it is answered then. */
  private putOf(frame: PutFrame, i: number, shared: Shared, rows: Rows): PutRequest | undefined {
    try {
      const { bucket, strict, contexts, operations, ttls, sooner, ages, copied } = frame;
      const { ifs, manifests } = frame;
      const ageMs = ages === null ? null : ages[i]!;
      const key = shared.keyOf(frame.keys[i]!);
      const request: PutRequest = {
        bucket,
        key,
        partition: partitionOf({ bucket, key }, this.options.partitions),
        quorum: shared.quorum,
        strict,
        deadlineMs: shared.deadlineMs - (sooner === null ? 0 : sooner[i]!),
        value: frame.values[i]!,
        context: contexts === null ? undefined : contextOf(contexts[i]!),
        ttlMs: ttls === null ? 0 : ttls[i]!,
        operation: operations === null ? '' : operationOf(operations[i]!),
        copy: copyOfAge(ageMs),
        askedMs: shared.sentMs - (ageMs ?? 0),
        copied: copied === null ? undefined : copiedPutsOf(copied[i]!, shared.sentMs),
        onReply: (reply) => rows.put(i, reply),
      };
      const put = manifests?.[i] === true ? ofManifest(request) : request;
      return ifs === undefined ? put : onCondition(put, ifs[i]!);
    } catch (error) {
      rows.refuse(i, error);
      return undefined;
    }
  }

  private getOf(frame: GetFrame, i: number, shared: Shared, rows: Rows): GetRequest | undefined {
    try {
      const { bucket, strict } = frame;
      const key = shared.keyOf(frame.keys[i]!);
      return {
        bucket,
        key,
        partition: partitionOf({ bucket, key }, this.options.partitions),
        quorum: shared.quorum,
        strict,
        deadlineMs: shared.deadlineMs,
        onReply: (reply) => rows.get(i, reply),
      };
    } catch (error) {
      rows.refuse(i, error);
      return undefined;
    }
  }
}

interface Shared {
  readonly quorum: number;
  readonly deadlineMs: number;
  /** When the frame was sent, on this node's clock; when it was read, if nothing is known. */
  readonly sentMs: number;
  readonly keyOf: (bytes: Uint8Array) => ByteString;
}

/** Throws `MalformedError`. */
function onCondition(request: PutRequest, onlyIf: OnlyIf | null): PutRequest {
  return onlyIf === null ? request : { ...request, ...checkedIf(request, onlyIf) };
}

/** Throws `MalformedError`. */
function ofManifest(request: PutRequest): PutRequest {
  const { bucket, value } = request;
  if (value === null || isPartBucket(bucket))
    throw new MalformedError('a manifest is the value of a key');
  checkManifest(asBuffer(value), 0, value.length);
  return { ...request, isManifest: true };
}

function contextOf(bytes: Uint8Array | null): SeenContext | undefined {
  return bytes === null ? undefined : decodeSeen(asBuffer(bytes));
}

function operationOf(operation: ByteString): ByteString {
  if (operation.length > limits.operationIdBytesMax)
    throw new MalformedError(`an operation id has at most ${limits.operationIdBytesMax} bytes`);
  return operation;
}

/** Collects the replies of one frame. */
class Rows {
  private readonly outcome: {
    -readonly [column in keyof FrameOutcome]: FrameOutcome[column];
  } = { contexts: [], values: [], receipts: [], receiptOf: null, errors: [] };
  /** Rows of one round share their receipt. */
  private lastReceipt: Receipt | undefined;
  private lastReceiptIndex = 0;
  private missing: number;

  constructor(
    frame: Frame,
    private readonly done: (outcome: FrameOutcome) => void,
  ) {
    this.missing = frame.keys.length;
    const { contexts, values } = this.outcome;
    for (let i = 0; i < this.missing; i++) {
      contexts.push(null);
      if (frame.kind === 'get') values.push(null);
    }
  }

  /** A row that could not be read; what else was thrown is no answer to a client. */
  refuse(index: number, error: unknown): void {
    if (!(error instanceof MalformedError)) throw error;
    this.fail(index, error);
  }

  put(index: number, reply: PutReply): void {
    if (reply.ok) return this.succeed(index, reply.context, reply.receipt);
    if (reply.error instanceof ConditionError) this.foundInstead(index, reply.error);
    this.fail(index, reply.error);
  }

  private foundInstead(index: number, { found }: ConditionError): void {
    if (found === undefined) return;
    const { outcome } = this;
    if (found.context !== undefined) outcome.contexts[index] = found.context;
    outcome.found ??= outcome.contexts.map(() => null);
    outcome.found[index] = found.values;
    this.noteManifests(index, found.manifests);
  }

  get(index: number, reply: GetReply): void {
    if (reply.ok) {
      const { values, manifests } = reply;
      this.outcome.values[index] = values.length === 1 ? values[0]! : values;
      if (manifests !== undefined) this.noteManifests(index, manifests);
      this.succeed(index, reply.context, reply.receipt);
      return;
    }
    if (reply.context !== undefined) this.outcome.contexts[index] = reply.context;
    this.fail(index, reply.error);
  }

  private noteManifests(index: number, places: readonly number[] = []): void {
    for (const place of places) (this.outcome.manifests ??= []).push([index, place]);
  }

  private succeed(index: number, context: Uint8Array, receipt: Receipt): void {
    this.outcome.contexts[index] = context;
    this.note(index, receipt);
    this.answered();
  }

  private fail(index: number, { code, outcome, message }: QuorateError): void {
    this.outcome.errors.push({ index, code, outcome, message });
    this.answered();
  }

  private note(index: number, receipt: Receipt): void {
    const { outcome } = this;
    if (receipt !== this.lastReceipt) {
      const text = receiptText(receipt);
      const known = outcome.receipts.indexOf(text);
      this.lastReceiptIndex = known >= 0 ? known : outcome.receipts.push(text) - 1;
      this.lastReceipt = receipt;
    }
    if (this.lastReceiptIndex === 0 && outcome.receiptOf === null) return;
    outcome.receiptOf ??= outcome.contexts.map(() => 0);
    outcome.receiptOf[index] = this.lastReceiptIndex;
  }

  private answered(): void {
    this.missing--;
    if (this.missing === 0) this.done(this.outcome);
  }
}
