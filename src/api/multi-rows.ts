/** Collects what becomes of the rows of one message on `kv.multi`, and makes their answer. */
import { multiLimits } from '../../actors/rules/limits/multi.js';
import type { GetReply, PutReply } from '../coordinator/coordinator.js';
import { BucketRefusedError, NotFoundError, type QuorateError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeManifest } from '../wire/manifest.js';
import {
  encodeMultiAnswer,
  encodeMultiRow,
  multiAnswerBytes,
  type BigValue,
  type MultiRow,
} from '../wire/multi-answer.js';
import type { MultiForm } from '../wire/multi-document.js';
import { receiptText } from '../wire/receipt.js';
import { digestText } from '../wire/upload-headers.js';
import { contextText, outcomeOf } from './headers.js';

/** Bytes of all replies of a node that are being made. */
export interface HeldBytes {
  bytes: number;
}

interface Work {
  readonly form: MultiForm;
  readonly rows: number;
  /** Of the answer; at least what its rows have reserved. */
  readonly bytesMax: number;
  readonly held: HeldBytes;
  /** Whether a put that is refused here may be done by another node. */
  readonly isDoubled: () => boolean;
  /** Once, when all rows are there. `failure`: the first of them. */
  readonly done: (answer: Buffer, failure: QuorateError | undefined) => void;
}

const { rowReserveBytes, replyBytesUnderwayMax, errorTextMax } = multiLimits;

export class MultiRows {
  private readonly rows: Buffer[] = [];
  private missing: number;
  /** Beside what the rows that are still to come have reserved. */
  private room: number;
  private heldBytes = 0;
  private failure: QuorateError | undefined;

  constructor(private readonly work: Work) {
    const { rows, bytesMax } = work;
    this.missing = rows;
    this.room =
      bytesMax - multiAnswerBytes.around - rows * (multiAnswerBytes.between + rowReserveBytes);
  }

  /** What the reply lies in is lent for a turn: it is encoded in this one. */
  get(index: number, reply: GetReply): void {
    if (!reply.ok) return this.notFound(index, reply);
    if (bytesIn(reply.values) > this.roomOfOne) return this.failed(index, noRoom);
    const row = this.encoded(rowOf(reply));
    if (row.length > this.roomOfOne) return this.failed(index, noRoom);
    const isTooMuch = this.work.held.bytes + row.length > replyBytesUnderwayMax;
    if (isTooMuch) return this.failed(index, noMemory);
    this.set(index, row);
  }

  put(index: number, reply: PutReply): void {
    if (!reply.ok) return this.putFailed(index, reply.error);
    const receipt = receiptText(reply.receipt);
    const row = this.encoded({ context: contextText(reply.context), receipt });
    // Without its context a put is done all the same.
    this.set(index, row.length > this.roomOfOne ? this.encoded({ receipt }) : row);
  }

  putFailed(index: number, error: QuorateError): void {
    this.failure ??= error;
    const { code, message } = error;
    const outcome = outcomeOf(error, { doubled: this.work.isDoubled() });
    this.failed(index, { code, message, outcome });
  }

  private notFound(index: number, reply: Extract<GetReply, { ok: false }>): void {
    const { error, context } = reply;
    const isAbsent = error instanceof NotFoundError && !(error instanceof BucketRefusedError);
    if (!isAbsent) {
      this.failure ??= error;
      const { code, message } = error;
      return this.failed(index, { code, message });
    }
    const absent = this.encoded({ absent: true });
    if (context === undefined) return this.set(index, absent);
    const row = this.encoded({ absent: true, context: contextText(context) });
    this.set(index, row.length > this.roomOfOne ? absent : row);
  }

  private failed(index: number, error: NonNullable<MultiRow['error']>): void {
    const row = this.encoded({ error: { ...error, message: shortened(error.message) } });
    const isLarge = row.length > this.roomOfOne;
    this.set(index, isLarge ? this.encoded({ error: { ...error, message: '' } }) : row);
  }

  private encoded(row: MultiRow): Buffer {
    return encodeMultiRow(row, this.work.form);
  }

  private get roomOfOne(): number {
    return this.room + rowReserveBytes;
  }

  private set(index: number, row: Buffer): void {
    const { work } = this;
    this.rows[index] = row;
    this.room += rowReserveBytes - row.length;
    this.heldBytes += row.length;
    work.held.bytes += row.length;
    if (--this.missing > 0) return;
    work.held.bytes -= this.heldBytes;
    work.done(encodeMultiAnswer(this.rows, work.form), this.failure);
  }
}

const noRoom = {
  code: 413,
  message: 'the answer had no room for this value: ask for it with fewer keys, or by kv.get',
};
const noMemory = { code: 429, message: 'too many values are asked for at once: try again later' };

function shortened(text: string): string {
  return text.length <= errorTextMax ? text : `${text.slice(0, errorTextMax)}…`;
}

function bytesIn(values: readonly (Uint8Array | null)[]): number {
  return values.reduce((bytes, value) => bytes + (value?.length ?? 0), 0);
}

function rowOf(reply: Extract<GetReply, { ok: true }>): MultiRow {
  const { manifests, expiresInMs } = reply;
  const values = reply.values.map((value, i) =>
    value !== null && manifests?.includes(i) === true ? bigValueOf(value) : value,
  );
  const [value] = values;
  return {
    ...(values.length === 1 && value !== null && value !== undefined ? { value } : { values }),
    context: contextText(reply.context),
    receipt: receiptText(reply.receipt),
    ...(expiresInMs !== undefined && { expires: Math.ceil(expiresInMs) }),
  };
}

function bigValueOf(manifest: Uint8Array): BigValue {
  const { size, sha256 } = decodeManifest(asBuffer(manifest));
  return { size, digest: digestText(sha256) };
}
