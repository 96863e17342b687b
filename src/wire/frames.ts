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
 *               configuration]
 *   get        [1, 1, bucket, quorum, strict, timeoutMs, keys: bin[], configuration]
 *   put reply  [1, 0, contexts: (bin | nil)[], receipts: str[], receiptOf: nil | number[],
 *               errors: nil | rows, clock]
 *   get reply  [1, 1, contexts: (bin | nil)[], values: (nil | bin | (bin | nil)[])[], receipts,
 *               receiptOf, errors, clock]
 *   refusal    [1, 2, code, outcome: str, message: str, clock]
 *   rows       [index, code, outcome: str, message: str][]
 *   clock      moment | nil: what the answering node's clock shows
 *   configuration  number | nil: of the ring its author went by; older clients leave it out
 *   moment     [process, ms] on the monotonic clock of one process of a node: `told-clock.ts`
 *
 * Bucket is text; keys and operations are bytes. Quorum and timeout 0: the bucket's and the node's.
 * A frame of puts that is read after the moment `until` is refused as a whole (504, none), for it
 * may be done elsewhere; nil: never. Some rows may have to be done so many ms sooner: those that
 * are tried again. These have an age as well: so many ms before the frame was sent (`timeoutMs`
 * before `until`) their author first asked. Age 0: nobody says which copy of its put the row is. A
 * node that goes by another configuration refuses the frame as a whole (421, none).
 * A nil value deletes. A nil context is a blind put; an empty one says "I have seen nothing".
 * `receiptOf` nil: all rows have the first receipt; rows with an error have none that counts.
 */
import { limits } from '../../actors/rules/limits.js';
import type { SaidConfiguration } from '../../actors/rules/configuration.js';
import type { ByteString } from '../../actors/rules/key.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { MalformedError, type Outcome } from '../errors.js';
import {
  Columns,
  isBin,
  isBinOrNull,
  isInt,
  isIntOrNull,
  isList,
  isOutcome,
  isText,
  momentColumn,
} from './columns.js';
import { decode, encode, encodeToPublish, type WireValue } from './message-pack.js';
import { byteStringOf, latin1Of, textOf } from './text.js';

export const frameVersion = 1;
/** Kind 3: `own-frames.ts`. */
const kinds = { put: 0, get: 1, refusal: 2 } as const;

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
}

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
}

export interface GetFrame extends FrameHead {
  readonly kind: 'get';
}

export type Frame = PutFrame | GetFrame;

/** Why row `index` of a frame failed. */
export interface RowError {
  readonly index: number;
  readonly code: number;
  readonly outcome: Outcome;
  readonly message: string;
}

interface ReplyColumns {
  /**
   * Encoded. Null: the row failed; or, of a put that is done, the reply had no room left for it.
   */
  readonly contexts: readonly (Bin | null)[];
  /** Distinct. */
  readonly receipts: readonly string[];
  /** Index into `receipts` by row; null: all 0. */
  readonly receiptOf: readonly number[] | null;
  readonly errors: readonly RowError[];
  readonly clock: Moment | null;
}

export interface PutFrameReply extends ReplyColumns {
  readonly kind: 'put';
}

/** Null for a row that failed; one value; or the siblings in conflict, null for a tombstone. */
export type FrameValue = Bin | null | readonly (Bin | null)[];

export interface GetFrameReply extends ReplyColumns {
  readonly kind: 'get';
  /**
   * A row with error 413 did not fit beside the others: ask for that key in a frame of its own.
   * When it was alone, its state is larger than a message may be.
   */
  readonly values: readonly FrameValue[];
}

export interface FrameRefusal {
  readonly kind: 'refusal';
  readonly code: number;
  readonly outcome: Outcome;
  readonly message: string;
  readonly clock: Moment | null;
}

export type FrameReply = PutFrameReply | GetFrameReply | FrameRefusal;

/**
 * Bytes a row adds to a frame at most, besides key, value, context and operation; so a client can
 * cut its frames.
 */
export const rowOverheadBytes = 32;
/** Bytes a frame has besides its rows at most. */
export const frameOverheadBytes = 64 + limits.bucketBytesMax;

/** To be published at once, like the replies: `encodeToPublish`. */
export function encodeFrame(frame: Frame): Buffer {
  return encodeToPublish(columnsOfFrame(frame));
}

/** A frame as part of another message; what `frameOfColumns` reads. */
export function columnsOfFrame(frame: Frame): readonly WireValue[] {
  const bucket = bucketText(frame.bucket);
  const { quorum, strict, timeoutMs, keys, configuration } = frame;
  const head = [frameVersion, kinds[frame.kind], bucket, quorum, strict, timeoutMs, keys];
  if (frame.kind === 'get') return [...head, configuration];
  const { values, contexts, operations, ttls, until, sooner, ages } = frame;
  const operationBytes = operations?.map((operation) => Buffer.from(operation, 'latin1')) ?? null;
  const rows = [values, contexts, operationBytes, ttls, momentColumn(until), sooner, ages];
  return [...head, ...rows, configuration];
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
  if (kind === kinds.get) {
    const configuration = columns.lastIntOrNull();
    columns.end();
    return { kind: 'get', ...head, configuration };
  }
  if (kind !== kinds.put) throw new MalformedError('a frame of unknown kind');
  const values = columns.list(isBinOrNull, rows);
  const contexts = columns.listOrNull(isBinOrNull, rows);
  const operations = columns.listOrNull(isBin, rows)?.map(latin1Of) ?? null;
  const ttls = columns.listOrNull(isInt, rows);
  const until = columns.momentOrNull();
  const sooner = columns.listOrNull(isInt, rows);
  const ages = columns.listOrNull(isIntOrNull, rows);
  const configuration = columns.lastIntOrNull();
  columns.end();
  const done = { until, sooner, ages, configuration };
  return { kind: 'put', ...head, values, contexts, operations, ttls, ...done };
}

export function encodeRefusal(refusal: Omit<FrameRefusal, 'kind'>): Buffer {
  return encode(columnsOfRefusal(refusal));
}

export function columnsOfRefusal(refusal: Omit<FrameRefusal, 'kind'>): readonly WireValue[] {
  const { code, outcome, message, clock } = refusal;
  return [frameVersion, kinds.refusal, code, outcome, message, momentColumn(clock)];
}

/** Contexts beyond `bytesMax` are left out: the puts are done all the same. */
export function encodePutReply(reply: PutFrameReply, bytesMax: number): Buffer {
  return encodeToPublish(columnsOfPutReply(reply, bytesMax));
}

export function columnsOfPutReply(reply: PutFrameReply, bytesMax: number): readonly WireValue[] {
  const { receipts, receiptOf, errors, clock } = reply;
  let room = bytesMax - fixedBytes(reply);
  const contexts = reply.contexts.map((context) => {
    const bytes = binBytes(context);
    if (bytes > room) return null;
    room -= bytes;
    return context;
  });
  const rows = errorRows(errors);
  return [frameVersion, kinds.put, contexts, receipts, receiptOf, rows, momentColumn(clock)];
}

/** Rows beyond `bytesMax` are answered by a 413 each; at least one fits unless none does alone. */
export function encodeGetReply(reply: GetFrameReply, bytesMax: number): Buffer {
  return encodeToPublish(columnsOfGetReply(reply, bytesMax));
}

export function columnsOfGetReply(reply: GetFrameReply, bytesMax: number): readonly WireValue[] {
  const room = bytesMax - fixedBytes(reply);
  const rowBytes = reply.values.map((value, i) => valueBytes(value) + binBytes(reply.contexts[i]!));
  const fits = rowBytes.reduce((sum, bytes) => sum + bytes, 0) <= room;
  const { contexts, values, receipts, receiptOf, errors, clock } = fits
    ? reply
    : cutToRoom(reply, rowBytes, room);
  const rows = errorRows(errors);
  const told = momentColumn(clock);
  return [frameVersion, kinds.get, contexts, values, receipts, receiptOf, rows, told];
}

function cutToRoom(
  reply: GetFrameReply,
  rowBytes: readonly number[],
  bytesMax: number,
): GetFrameReply {
  let room = bytesMax - rowBytes.length * errorBytes(noRoom);
  const contexts: (Bin | null)[] = [];
  const values: FrameValue[] = [];
  const errors = [...reply.errors];
  for (const [index, bytes] of rowBytes.entries()) {
    const fits = bytes <= room;
    if (fits) room -= bytes;
    else errors.push({ index, code: 413, outcome: 'none', message: noRoom });
    contexts.push(fits ? reply.contexts[index]! : null);
    values.push(fits ? reply.values[index]! : null);
  }
  return { ...reply, contexts, values, errors };
}

/** Throws `MalformedError`. `rows`: of the frame this answers. */
export function decodeFrameReply(bytes: Uint8Array, rows: number): FrameReply {
  return frameReplyOfColumns(decode(bytes), rows);
}

export function frameReplyOfColumns(message: WireValue, rows: number): FrameReply {
  const columns = new Columns(message, frameVersion, 'frame reply');
  const kind = columns.int();
  if (kind === kinds.refusal) {
    const refusal = { code: columns.int(), outcome: columns.outcome(), message: columns.text() };
    const clock = columns.momentOrNull();
    columns.end();
    return { kind: 'refusal', ...refusal, clock };
  }
  if (kind !== kinds.put && kind !== kinds.get)
    throw new MalformedError('a frame reply of unknown kind');
  const contexts = columns.list(isBinOrNull, rows);
  const values = kind === kinds.get ? columns.list(isFrameValue, rows) : undefined;
  const receipts = columns.list(isText);
  const receiptOf = columns.listOrNull(isInt, rows);
  if (receiptOf?.some((index) => index >= Math.max(1, receipts.length)) === true)
    throw new MalformedError('a row with no receipt');
  const errors = columns.listOrNull(isErrorRow)?.map(rowErrorOf) ?? [];
  if (errors.some((error) => error.index >= rows)) throw new MalformedError('an error of no row');
  const clock = columns.momentOrNull();
  columns.end();
  const reply = { contexts, receipts, receiptOf, errors, clock };
  return values === undefined ? { kind: 'put', ...reply } : { kind: 'get', ...reply, values };
}

const noRoom = 'the reply had no room for this value: ask for it alone';

/** Upper bounds of what `encode` writes. */
function binBytes(bin: Bin | null): number {
  return bin === null ? 1 : 5 + bin.length;
}

function valueBytes(value: FrameValue): number {
  if (!Array.isArray(value)) return binBytes(value as Bin | null);
  return (value as readonly (Bin | null)[]).reduce((sum, sibling) => sum + binBytes(sibling), 5);
}

function errorBytes(message: string): number {
  return 32 + Buffer.byteLength(message);
}

/** Everything but contexts and values. */
function fixedBytes(reply: ReplyColumns): number {
  let bytes = 64 + 5 * (reply.receiptOf?.length ?? 0);
  for (const receipt of reply.receipts) bytes += 5 + Buffer.byteLength(receipt);
  for (const error of reply.errors) bytes += errorBytes(error.message);
  return bytes;
}

function errorRows(errors: readonly RowError[]): WireValue {
  if (errors.length === 0) return null;
  return errors.map(({ index, code, outcome, message }) => [index, code, outcome, message]);
}

const isFrameValue = (value: WireValue): value is FrameValue =>
  isBinOrNull(value) || (isList(value) && value.every(isBinOrNull));
const isErrorRow = (value: WireValue): value is ErrorRow =>
  isList(value) &&
  value.length === 4 &&
  isInt(value[0]!) &&
  isInt(value[1]!) &&
  isOutcome(value[2]!) &&
  isText(value[3]!);

type ErrorRow = readonly [number, number, Outcome, string];

function rowErrorOf([index, code, outcome, message]: ErrorRow): RowError {
  return { index, code, outcome, message };
}
