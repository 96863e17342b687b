/**
 * The client's frames on `kv.frame.<node>`: many requests in one message, in columns, answered by
 * one.
 *
 * A frame is a round in waiting: its requests share kind, bucket, quorum, strictness and timeout,
 * so one reply for all costs none of them a wait.
 *
 *   put        [1, 0, bucket, quorum, strict, timeoutMs, keys: bin[], values: (bin | nil)[],
 *               contexts: nil | (bin | nil)[], operations: nil | str[], ttls: nil | number[],
 *               until: moment | nil, sooner: nil | number[], ages: nil | (number | nil)[],
 *               configuration, copied, traces, ifs, manifests]
 *   get        [1, 1, bucket, quorum, strict, timeoutMs, keys: bin[], configuration, traces]
 *   configuration  number | nil: of the ring its author went by; older clients leave it out
 *   copied     (nil | [operation: bin, ms][])[], left out where there are none
 *   traces     (nil | str)[], left out where no row is traced
 *   ifs        (nil | number)[], left out where no put is on a condition: `put-ifs.ts`
 *   manifests  bool[], left out where no row is one
 *   moment     [process, ms] on the monotonic clock of one process of a node: `told-clock.ts`
 *
 * Bucket is text; keys and operations are bytes. Quorum and timeout 0: the bucket's and the node's.
 * A frame of puts that is read after the moment `until` is refused as a whole (504, none), for it
 * may be done elsewhere; nil: never. Some rows may have to be done so many ms sooner: those that
 * are tried again. These have an age as well: so many ms before the frame was sent (`timeoutMs`
 * before `until`) their author first asked. Age 0: nobody says which copy of its put the row is. A
 * node that goes by another configuration refuses the frame as a whole (421, none).
 * Columns at the end are left out, or nil where another one stands behind them; nodes that don't
 * know one refuse the frame. There may stand, by row, earlier puts of the key that its author tried
 * more than once, and for how many ms more copies of them may come (`copied-puts.ts`).
 * Rows under the glass have the ids of their traces (`src/insight/README.md`).
 * The value of a row may be the manifest of a big value (`manifest.ts`); its parts are put and got
 * in the bucket of parts (`part-names.ts`).
 * A nil value deletes. A nil context is a blind put; an empty one says "I have seen nothing". The
 * answers: `frame-replies.ts`.
 */
import { limits } from '../../actors/rules/limits.js';
import type { SaidConfiguration } from '../../actors/rules/said-configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { MalformedError } from '../errors.js';
import { isTraceId, type TraceId } from '../insight/notes.js';
import { Columns, isBin, isBinOrNull, isInt, isIntOrNull, momentColumn } from './columns.js';
import { decodedCopied, encodedCopied, type CopiedColumn } from './copied-puts.js';
import { decodedIf, encodedIf, type IfsColumn } from './put-ifs.js';
import { encodeToPublish, type WireValue } from './message-pack.js';
import { byteStringOf, latin1Of, textOf } from './text.js';

export const frameVersion = 1;
/** As the second number says; kind 3: `own-frames.ts`. */
export const frameKinds = { put: 0, get: 1, refusal: 2 } as const;

type Bin = Uint8Array;

interface FrameHead {
  readonly bucket: ByteString;
  /** W or R; 0: the bucket's. */
  readonly quorum: number;
  readonly strict: boolean;
  /** 0: the node's default. */
  readonly timeoutMs: number;
  readonly keys: readonly Bin[];
  /** By which its author chose the node. */
  readonly configuration: SaidConfiguration;
  /** By row, the trace it belongs to, if any does. */
  readonly traces?: TracesColumn;
}

export type TracesColumn = readonly (TraceId | null)[];

export interface PutFrame extends FrameHead {
  readonly kind: 'put';
  readonly values: readonly (Bin | null)[];
  /** Encoded contexts (`key-state-codec.ts`); null: all blind. */
  readonly contexts: readonly (Bin | null)[] | null;
  readonly operations: readonly ByteString[] | null;
  readonly ttls: readonly number[] | null;
  /** On the receiver's clock: not to be begun after it. */
  readonly until: Moment | null;
  /** Deadlines of rows are so many ms before that of the frame; null: none is. */
  readonly sooner: readonly number[] | null;
  /**
   * By row, ms from the author's first copy to this frame; 0: it may be any copy; null: the first.
   */
  readonly ages: readonly (number | null)[] | null;
  /** By row, earlier puts of its key that its author tried more than once. */
  readonly copied: CopiedColumn | null;
  /** By row, on what condition it is done. */
  readonly ifs?: IfsColumn;
  /** By row, whether its value is a manifest; not there: none is. */
  readonly manifests?: readonly boolean[];
}

export interface GetFrame extends FrameHead {
  readonly kind: 'get';
}

export type Frame = PutFrame | GetFrame;

/**
 * Bytes a row adds to a frame at most, besides key, value, context and operation; so a client can
 * cut its frames.
 */
export const rowOverheadBytes = 32;
/** More of a row under the glass. */
export const traceIdBytes = 17;
/** Bytes a frame has besides its rows at most. */
export const frameOverheadBytes = 64 + limits.bucketBytesMax;

/** To be published at once, like the replies: `encodeToPublish`. */
export function encodeFrame(frame: Frame): Buffer {
  return encodeToPublish(columnsOfFrame(frame));
}

/** A frame as part of another message; what `frameOfColumns` reads. */
export function columnsOfFrame(frame: Frame): readonly WireValue[] {
  const bucket = bucketText(frame.bucket);
  const { quorum, strict, timeoutMs, keys, configuration, traces } = frame;
  const head = [frameVersion, frameKinds[frame.kind], bucket, quorum, strict, timeoutMs, keys];
  if (frame.kind === 'get')
    return traces === undefined ? [...head, configuration] : [...head, configuration, traces];
  const { values, contexts, operations, ttls, until, sooner, ages, copied, ifs, manifests } = frame;
  const operationBytes = operations?.map((operation) => Buffer.from(operation, 'latin1')) ?? null;
  const rows = [values, contexts, operationBytes, ttls, momentColumn(until), sooner, ages];
  const whole = [...head, ...rows, configuration];
  const last: WireValue[] = [
    copied === null ? null : encodedCopied(copied),
    traces ?? null,
    ifs?.map(encodedIf) ?? null,
    manifests ?? null,
  ];
  // What nothing stands behind is left out.
  while (last.at(-1) === null) last.pop();
  whole.push(...last);
  return whole;
}

export function bucketText(bucket: ByteString): string {
  const text = textOf(bucket);
  if (text === undefined) throw new MalformedError('a bucket name is UTF-8');
  return text;
}

export function keysColumn(columns: Columns): readonly Bin[] {
  const keys = columns.list(isBin);
  if (keys.length === 0 || keys.length > limits.frameRequestsMax)
    throw new MalformedError(`a frame has 1 to ${limits.frameRequestsMax} requests`);
  return keys;
}

/**
 * Throws `MalformedError`; keys, values and contexts are views into what was decoded. Their sizes
 * are the caller's to check.
 */
export function frameOfColumns(message: WireValue): Frame {
  const columns = new Columns(message, frameVersion, 'frame');
  const kind = columns.int();
  const bucket = byteStringOf(columns.text());
  const quorum = columns.int();
  const strict = columns.flag();
  const timeoutMs = columns.int();
  const keys = keysColumn(columns);
  const rows = keys.length;
  const head = { bucket, quorum, strict, timeoutMs, keys };
  if (kind === frameKinds.get) {
    const configuration = columns.lastIntOrNull();
    const traces = tracesOf(columns.lastList(rows));
    columns.end();
    const frame = { kind: 'get', ...head, configuration } as const;
    return traces === undefined ? frame : { ...frame, traces };
  }
  if (kind !== frameKinds.put) throw new MalformedError('a frame of unknown kind');
  const values = columns.list(isBinOrNull, rows);
  const contexts = columns.listOrNull(isBinOrNull, rows);
  const operations = columns.listOrNull(isBin, rows)?.map(latin1Of) ?? null;
  const ttls = columns.listOrNull(isInt, rows);
  const until = columns.momentOrNull();
  const sooner = columns.listOrNull(isInt, rows);
  const ages = columns.listOrNull(isIntOrNull, rows);
  const configuration = columns.lastIntOrNull();
  const copied = columns.lastListOrNull(rows)?.map(decodedCopied) ?? null;
  const traces = tracesOf(columns.lastListOrNull(rows));
  const ifs = columns.lastListOrNull(rows)?.map(decodedIf);
  const manifests = columns.lastList(rows);
  columns.end();
  const done = { until, sooner, ages, configuration, copied };
  const frame = { kind: 'put', ...head, values, contexts, operations, ttls, ...done } as const;
  if (traces === undefined && ifs === undefined && manifests === undefined) return frame;
  return {
    ...frame,
    ...(traces && { traces }),
    ...(ifs && { ifs }),
    ...(manifests && manifestsColumn(manifests)),
  };
}

function manifestsColumn(manifests: readonly WireValue[]): {
  readonly manifests: readonly boolean[];
} {
  if (!manifests.every((isOne) => typeof isOne === 'boolean'))
    throw new MalformedError('a row is a manifest or is none');
  return { manifests };
}

function tracesOf(traces: readonly WireValue[] | undefined): TracesColumn | undefined {
  if (traces === undefined) return undefined;
  if (!traces.every((trace) => trace === null || isTraceId(trace)))
    throw new MalformedError('a trace is an id of 16 hexadecimal digits');
  return traces;
}
