/**
 * What a node answers to a frame (`frames.ts`): one message for all its requests, in columns.
 *
 *   put reply  [1, 0, contexts: (bin | nil)[], receipts: str[], receiptOf: nil | number[],
 *               errors: nil | rows, clock, found, manifests]
 *   get reply  [1, 1, contexts: (bin | nil)[], values: (nil | bin | (bin | nil)[])[], receipts,
 *               receiptOf, errors, clock, manifests]
 *   refusal    [1, 2, code, outcome: str, message: str, clock]
 *   rows       [index, code, outcome: str, message: str][]
 *   found      (nil | (bin | nil)[])[]: by row, what is there in the place of what was not put,
 *              because of its condition (`put-ifs.ts`); left out where there is none
 *   clock      moment | nil: what the answering node's clock shows
 *   manifests  [row, sibling][]: which values are manifests (`manifest.ts`); the sibling is the
 *              index among the values of the row, 0 where it has one. Left out where none is.
 *
 * `receiptOf` nil: all rows have the first receipt; rows with an error have none that counts.
 */
import type { Moment } from '../../actors/rules/told-clock.js';
import { MalformedError, type Outcome } from '../errors.js';
import { asBuffer } from './as-buffer.js';
import {
  Columns,
  isBin,
  isBinOrNull,
  isInt,
  isList,
  isOutcome,
  isText,
  momentColumn,
} from './columns.js';
import { frameKinds, frameVersion } from './frames.js';
import { checkManifest } from './manifest.js';
import { decode, encode, encodeToPublish, type WireValue } from './message-pack.js';

type Bin = Uint8Array;

/** Why row `index` of a frame failed. */
export interface RowError {
  readonly index: number;
  readonly code: number;
  readonly outcome: Outcome;
  readonly message: string;
}

interface ReplyColumns {
  /**
   * Encoded. Null: the row failed; or, of a put that is done, the reply had no room left for it. Of
   * a put that was refused for its condition: of what is there.
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
  readonly found?: FoundColumn;
  /** Which of what was found are manifests; not there: none is. */
  readonly manifests?: readonly ManifestPlace[];
}

/** Null: the row was not refused for its condition, or the reply had no room for it. */
export type FoundColumn = readonly (readonly (Bin | null)[] | null)[];

/** Null for a row that failed; one value; or the siblings in conflict, null for a tombstone. */
export type FrameValue = Bin | null | readonly (Bin | null)[];

export interface GetFrameReply extends ReplyColumns {
  readonly kind: 'get';
  /**
   * A row with error 413 did not fit beside the others: ask for that key in a frame of its own.
   * When it was alone, its state is larger than a message may be.
   */
  readonly values: readonly FrameValue[];
  /** Which of them are manifests; not there: none is. */
  readonly manifests?: readonly ManifestPlace[];
}

/** Row, and index among the values of the row; 0 where it has one. */
export type ManifestPlace = readonly [row: number, sibling: number];

export interface FrameRefusal {
  readonly kind: 'refusal';
  readonly code: number;
  readonly outcome: Outcome;
  readonly message: string;
  readonly clock: Moment | null;
}

export type FrameReply = PutFrameReply | GetFrameReply | FrameRefusal;

export function encodeRefusal(refusal: Omit<FrameRefusal, 'kind'>): Buffer {
  return encode(columnsOfRefusal(refusal));
}

export function columnsOfRefusal(refusal: Omit<FrameRefusal, 'kind'>): readonly WireValue[] {
  const { code, outcome, message, clock } = refusal;
  return [frameVersion, frameKinds.refusal, code, outcome, message, momentColumn(clock)];
}

/** Contexts beyond `bytesMax` are left out: the puts are done all the same. */
export function encodePutReply(reply: PutFrameReply, bytesMax: number): Buffer {
  return encodeToPublish(columnsOfPutReply(reply, bytesMax));
}

export function columnsOfPutReply(reply: PutFrameReply, bytesMax: number): readonly WireValue[] {
  const { receipts, receiptOf, errors, clock } = reply;
  let room = bytesMax - fixedBytes(reply, reply.manifests);
  const contexts = reply.contexts.map((context) => {
    const bytes = binBytes(context);
    if (bytes > room) return null;
    room -= bytes;
    return context;
  });
  const rows = errorRows(errors);
  const kind = frameKinds.put;
  const whole = [frameVersion, kind, contexts, receipts, receiptOf, rows, momentColumn(clock)];
  if (reply.found === undefined) return whole;
  const found = reply.found.map((values) => {
    const bytes = values === null ? 1 : valueBytes(values);
    if (bytes > room) return null;
    room -= bytes;
    return values;
  });
  const places = reply.manifests?.filter(([row]) => found[row] !== null) ?? [];
  return places.length === 0 ? [...whole, found] : [...whole, found, places];
}

/** Rows beyond `bytesMax` are answered by a 413 each; at least one fits unless none does alone. */
export function encodeGetReply(reply: GetFrameReply, bytesMax: number): Buffer {
  return encodeToPublish(columnsOfGetReply(reply, bytesMax));
}

export function columnsOfGetReply(reply: GetFrameReply, bytesMax: number): readonly WireValue[] {
  const room = bytesMax - fixedBytes(reply, reply.manifests);
  const rowBytes = reply.values.map((value, i) => valueBytes(value) + binBytes(reply.contexts[i]!));
  const fits = rowBytes.reduce((sum, bytes) => sum + bytes, 0) <= room;
  const { contexts, values, receipts, receiptOf, errors, clock, manifests } = fits
    ? reply
    : cutToRoom(reply, rowBytes, room);
  const rows = errorRows(errors);
  const told = momentColumn(clock);
  const whole = [frameVersion, frameKinds.get, contexts, values, receipts, receiptOf, rows, told];
  return manifests === undefined ? whole : [...whole, manifests];
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
  const whole = { ...reply, contexts, values, errors };
  if (reply.manifests === undefined) return whole;
  return { ...whole, manifests: reply.manifests.filter(([row]) => values[row] !== null) };
}

/** Throws `MalformedError`. `rows`: of the frame this answers. */
export function decodeFrameReply(bytes: Uint8Array, rows: number): FrameReply {
  return frameReplyOfColumns(decode(bytes), rows);
}

export function frameReplyOfColumns(message: WireValue, rows: number): FrameReply {
  const columns = new Columns(message, frameVersion, 'frame reply');
  const kind = columns.int();
  if (kind === frameKinds.refusal) {
    const refusal = { code: columns.int(), outcome: columns.outcome(), message: columns.text() };
    const clock = columns.momentOrNull();
    columns.end();
    return { kind: 'refusal', ...refusal, clock };
  }
  if (kind !== frameKinds.put && kind !== frameKinds.get)
    throw new MalformedError('a frame reply of unknown kind');
  const contexts = columns.list(isBinOrNull, rows);
  const values = kind === frameKinds.get ? columns.list(isFrameValue, rows) : undefined;
  const receipts = columns.list(isText);
  const receiptOf = columns.listOrNull(isInt, rows);
  if (receiptOf?.some((index) => index >= Math.max(1, receipts.length)) === true)
    throw new MalformedError('a row with no receipt');
  const errors = columns.listOrNull(isErrorRow)?.map(rowErrorOf) ?? [];
  if (errors.some((error) => error.index >= rows)) throw new MalformedError('an error of no row');
  const clock = columns.momentOrNull();
  const found = values === undefined ? foundOf(columns.lastList(rows)) : undefined;
  const manifests = manifestsColumn(columns, values ?? found ?? []);
  columns.end();
  const reply = { contexts, receipts, receiptOf, errors, clock };
  if (values === undefined)
    return {
      kind: 'put',
      ...reply,
      ...(found && { found }),
      ...(manifests && { manifests }),
    };
  if (manifests === undefined) return { kind: 'get', ...reply, values };
  return { kind: 'get', ...reply, values, manifests };
}

function foundOf(found: readonly WireValue[] | undefined): FoundColumn | undefined {
  if (found === undefined) return undefined;
  if (!found.every(isFound)) throw new MalformedError('what was found is a list of values');
  return found;
}

function manifestsColumn(
  columns: Columns,
  values: readonly FrameValue[],
): readonly ManifestPlace[] | undefined {
  const places = columns.lastList();
  if (places === undefined) return undefined;
  if (!places.every(isPlace)) throw new MalformedError('a manifest has a row and a place in it');
  for (const [row, sibling] of places) {
    const value = values[row] ?? null;
    const own = Array.isArray(value) ? (value as readonly (Bin | null)[])[sibling] : value;
    if (!isBin(own) || (own === value && sibling > 0)) throw new MalformedError('no such manifest');
    checkManifest(asBuffer(own), 0, own.length);
  }
  return places;
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

const manifestPlaceBytes = 11;

/** Everything but contexts and values. */
function fixedBytes(reply: ReplyColumns, manifests?: readonly ManifestPlace[]): number {
  let bytes = 64 + 5 * (reply.receiptOf?.length ?? 0);
  for (const receipt of reply.receipts) bytes += 5 + Buffer.byteLength(receipt);
  for (const error of reply.errors) bytes += errorBytes(error.message);
  return bytes + manifestPlaceBytes * (manifests?.length ?? 0);
}

function errorRows(errors: readonly RowError[]): WireValue {
  if (errors.length === 0) return null;
  return errors.map(({ index, code, outcome, message }) => [index, code, outcome, message]);
}

const isFrameValue = (value: WireValue): value is FrameValue =>
  isBinOrNull(value) || (isList(value) && value.every(isBinOrNull));
const isPlace = (value: WireValue): value is ManifestPlace =>
  isList(value) && value.length === 2 && value.every(isInt);
const isFound = (value: WireValue): value is readonly (Bin | null)[] | null =>
  value === null || (isList(value) && value.every(isBinOrNull));
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
