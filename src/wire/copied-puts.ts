/**
 * Earlier puts of a row's key that its author tried more than once: the column `copied`
 * (`frames.ts`). Their first copies could not say that others would come.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { copiesLeftMs } from '../../actors/rules/operations.js';
import { MalformedError } from '../errors.js';
import { isBin, isInt, isList } from './columns.js';
import type { WireValue } from './message-pack.js';
import { latin1Of } from './text.js';

export interface CopiedPut {
  readonly operation: ByteString;
  /** Copies may come until then; on the monotonic clock of who holds this. */
  readonly untilMs: number;
}

/** As a frame says it. */
export interface SentCopiedPut {
  readonly operation: ByteString;
  /** Copies may come for so long after the frame was sent. */
  readonly leftMs: number;
}

export type CopiedColumn = readonly (readonly SentCopiedPut[] | null)[];

/** A row's bytes for them at most. */
export function copiedBytesOf(copied: readonly CopiedPut[] | undefined): number {
  return (copied?.length ?? 0) * (limits.operationIdBytesMax + bytesBeside);
}

/** Lengths and a number. */
const bytesBeside = 8;

/** By row; null: there are none. `sentMs`: on the clock of `untilMs`. */
export function copiedColumn(
  rows: readonly { readonly copied?: readonly CopiedPut[] | undefined }[],
  sentMs: number,
): CopiedColumn | null {
  if (rows.every(({ copied }) => copied === undefined)) return null;
  const sent = ({ operation, untilMs }: CopiedPut): SentCopiedPut => {
    return { operation, leftMs: Math.ceil(copiesLeftMs(untilMs, sentMs)) };
  };
  return rows.map(({ copied }) => copied?.map(sent) ?? null);
}

/** `sentMs`: on the clock of who reads it. */
export function copiedPutsOf(
  sent: readonly SentCopiedPut[] | null,
  sentMs: number,
): readonly CopiedPut[] | undefined {
  return sent?.map(({ operation, leftMs }) => ({ operation, untilMs: sentMs + leftMs }));
}

export function encodedCopied(column: CopiedColumn): readonly WireValue[] {
  return column.map((copied) => copied?.map(pairOf) ?? null);
}

function pairOf({ operation, leftMs }: SentCopiedPut): WireValue {
  return [Buffer.from(operation, 'latin1'), leftMs];
}

/** One row of the column. Throws `MalformedError`. */
export function decodedCopied(row: WireValue): readonly SentCopiedPut[] | null {
  if (row === null) return null;
  if (!isList(row) || row.length === 0 || row.length > limits.copiedPutsMax)
    throw new MalformedError(`a put names 1 to ${limits.copiedPutsMax} puts tried again, or none`);
  return row.map(copiedPutIn);
}

function copiedPutIn(pair: WireValue): SentCopiedPut {
  const [operation, leftMs] = isList(pair) && pair.length === 2 ? pair : [];
  if (!isBin(operation) || !isInt(leftMs)) throw new MalformedError('no put that was tried again');
  if (operation.length === 0 || operation.length > limits.operationIdBytesMax)
    throw new MalformedError(`an operation id has 1 to ${limits.operationIdBytesMax} bytes`);
  if (leftMs > limits.requestTimeoutMsMax)
    throw new MalformedError(`copies come for ${limits.requestTimeoutMsMax} ms at most`);
  return { operation: latin1Of(operation), leftMs };
}
