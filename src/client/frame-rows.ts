/** Requests to frames, and replies back to what each request gets. */
import type { SaidConfiguration } from '../../actors/rules/said-configuration.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { NotFoundError, type FoundInstead, type Outcome } from '../errors.js';
import { copiedBytesOf, copiedColumn } from '../wire/copied-puts.js';
import { agesOf } from '../wire/copy-age.js';
import {
  decodeFrameReply,
  type FrameRefusal,
  type FrameReply,
  type FrameValue,
} from '../wire/frame-replies.js';
import {
  encodeFrame,
  frameOverheadBytes,
  rowOverheadBytes,
  type PutFrame,
} from '../wire/frames.js';
import { encodeOwnFrame, type OwnFrame } from '../wire/own-frames.js';
import { ifsColumn } from '../wire/put-ifs.js';
import { receiptOf, type Receipt } from '../wire/receipt.js';
import { Context } from './context.js';
import type { Request, RequestResult, Terms } from './request.js';

/** Takes from the front of `queue` what one frame holds; at least one. */
export function cutRows(
  queue: Request[],
  bounds: { readonly rowsMax: number; readonly bytesMax: number },
): Request[] {
  if (queue[0]?.alone === true) return queue.splice(0, 1);
  let bytes = frameOverheadBytes;
  let count = 0;
  while (count < queue.length && count < bounds.rowsMax) {
    const request = queue[count]!;
    bytes += request.bytes + copiedBytesOf(request.copied) + rowOverheadBytes;
    if (count > 0 && (bytes > bounds.bytesMax || request.alone)) break;
    count++;
  }
  return queue.splice(0, count);
}

/** When the rows of a frame are to be done. */
export interface FrameDeadline {
  readonly sentMs: number;
  /** The latest of the rows. */
  readonly lastMs: number;
  readonly timeoutMs: number;
  /** The end of the timeout on the node's clock. */
  readonly until: Moment;
}

export interface FrameOptions extends FrameDeadline {
  readonly configuration: SaidConfiguration;
}

export function encodeRows(
  terms: Terms,
  rows: readonly Request[],
  { sentMs, lastMs, timeoutMs, until, configuration }: FrameOptions,
): Buffer {
  const { kind, bucket, quorum, strict } = terms;
  const head = { bucket, quorum, strict, timeoutMs, keys: keysOf(rows), configuration };
  const { trace } = terms;
  const traces = trace === undefined ? undefined : rows.map(() => trace.id);
  if (kind === 'get')
    return encodeFrame(traces === undefined ? { kind, ...head } : { kind, ...head, traces });
  const frame: PutFrame = {
    kind,
    ...head,
    values: rows.map((row) => row.value),
    contexts: rows.some((row) => row.context !== undefined)
      ? rows.map((row) => row.context?.bytes ?? null)
      : null,
    operations: rows.map((row) => row.operation),
    ttls: rows.some((row) => row.ttlMs !== 0) ? rows.map((row) => row.ttlMs) : null,
    until,
    sooner: rows.some((row) => lastMs - row.deadlineMs > clientLimits.soonerMsMin)
      ? rows.map((row) => Math.round(lastMs - row.deadlineMs))
      : null,
    ages: agesOf(rows, sentMs),
    copied: copiedColumn(rows, sentMs),
  };
  const ifs = ifsColumn(rows);
  const areManifests = rows.some((row) => row.isManifest);
  if (traces === undefined && ifs === undefined && !areManifests) return encodeFrame(frame);
  return encodeFrame({
    ...frame,
    ...(traces === undefined ? {} : { traces }),
    ...(ifs === undefined ? {} : { ifs }),
    ...(areManifests ? { manifests: rows.map((row) => row.isManifest) } : {}),
  });
}

/** For the node that shows values, and for those that confirm them. */
export function encodeOwnRows(
  { bucket }: Terms,
  rows: readonly Request[],
  { configuration, side }: Pick<OwnFrame, 'configuration' | 'side'>,
): { readonly whole: Buffer; readonly digests: Buffer } {
  const head = { bucket, keys: keysOf(rows), configuration, side };
  const whole = encodeOwnFrame({ ...head, whole: true });
  return { whole, digests: encodeOwnFrame({ ...head, whole: false }) };
}

function keysOf(rows: readonly Request[]): Buffer[] {
  return rows.map((row) => Buffer.from(row.key, 'latin1'));
}

/** What went wrong with a row; that there is no such key is no error of a get. */
export interface RowFailure {
  readonly code: number;
  readonly outcome: Outcome;
  readonly message: string;
  /** Of a put that was refused for its condition: what is there. */
  readonly found?: FoundInstead;
}

export interface RowHandlers {
  onDone(request: Request, result: RequestResult): void;
  onFailure(request: Request, failure: RowFailure): void;
}

export interface FrameHandlers extends RowHandlers {
  /** What the node's clock shows. */
  onClock(moment: Moment): void;
  /** The frame was past its deadline on the node's clock when it was read: nothing was begun. */
  onUnread(refusal: RowFailure): void;
}

/** Throws `MalformedError` on a reply that is not one; then no handler was called. */
export function handleReply(
  bytes: Uint8Array,
  rows: readonly Request[],
  handlers: FrameHandlers,
): void {
  const reply = decodeFrameReply(bytes, rows.length);
  if (reply.clock !== null) handlers.onClock(reply.clock);
  if (reply.kind === 'refusal' && reply.code === 504 && reply.outcome === 'none')
    handlers.onUnread(reply);
  else if (reply.kind === 'refusal') for (const row of rows) handlers.onFailure(row, reply);
  else handleRows(reply, reply.receipts.map(knownReceipt), rows, handlers);
}

export function handleRows(
  reply: Exclude<FrameReply, FrameRefusal>,
  receipts: readonly Receipt[],
  rows: readonly Request[],
  handlers: RowHandlers,
): void {
  const failures = failuresOf(reply);
  const manifests = manifestsOf(reply);
  for (let i = 0; i < rows.length; i++) {
    const request = rows[i]!;
    const failure = failures?.get(i);
    const absent = failure?.message === NotFoundError.keyText && request.terms.kind === 'get';
    if (failure !== undefined && !absent) {
      handlers.onFailure(request, withFound(failure, reply, i));
      continue;
    }
    const bin = reply.contexts[i]!;
    handlers.onDone(request, {
      ok: true,
      // A put's reply without room for the context: what its author saw before is still true.
      context: bin === null ? (request.context ?? Context.empty) : Context.ofBytes(copy(bin)),
      values: reply.kind === 'put' || absent ? nothing : valuesOf(reply.values[i]!),
      ...(manifests?.has(i) === true && { manifests: manifests.get(i) }),
      receipt: absent ? undefined : receipts[reply.receiptOf?.[i] ?? 0],
    });
  }
}

function failuresOf(reply: Exclude<FrameReply, FrameRefusal>): Map<number, RowFailure> | undefined {
  if (reply.errors.length === 0) return undefined;
  return new Map(reply.errors.map((error) => [error.index, error]));
}

function withFound(
  failure: RowFailure,
  reply: Exclude<FrameReply, FrameRefusal>,
  i: number,
): RowFailure {
  const values = reply.kind === 'put' ? reply.found?.[i] : undefined;
  if (values === undefined || values === null) return failure;
  const context = reply.contexts[i]!;
  const found = {
    values: values.map((value) => (value === null ? null : copy(value))),
    manifests: placesIn(reply, i),
    context: context === null ? undefined : copy(context),
  };
  return { ...failure, found };
}

/** By row, the places of those among its values. */
function manifestsOf(
  reply: Exclude<FrameReply, FrameRefusal>,
): Map<number, Set<number>> | undefined {
  if (reply.kind === 'put' || reply.manifests === undefined) return undefined;
  const byRow = new Map<number, Set<number>>();
  for (const [row, sibling] of reply.manifests) {
    const places = byRow.get(row);
    if (places === undefined) byRow.set(row, new Set([sibling]));
    else places.add(sibling);
  }
  return byRow;
}

function placesIn(
  { manifests }: Exclude<FrameReply, FrameRefusal>,
  row: number,
): readonly number[] | undefined {
  return manifests?.filter(([own]) => own === row).map(([, place]) => place);
}

const nothing: readonly (Uint8Array | null)[] = [];

function valuesOf(value: FrameValue): readonly (Uint8Array | null)[] {
  if (value instanceof Uint8Array) return [copy(value)];
  if (value === null) return nothing;
  return value.map((sibling) => (sibling === null ? null : copy(sibling)));
}

/**
 * Out of the receive buffer, which one small value would otherwise keep alive as a whole; small
 * ones into Node's pool.
 */
function copy(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes);
}

/** Few receipts differ, so each text is read once. */
const knownReceipts = new Map<string, Receipt>();

/** As `receiptOf`. */
export function knownReceipt(text: string): Receipt {
  let receipt = knownReceipts.get(text);
  if (receipt === undefined) {
    receipt = receiptOf(text);
    if (knownReceipts.size >= clientLimits.receiptsKnownMax) knownReceipts.clear();
    knownReceipts.set(text, receipt);
  }
  return receipt;
}
