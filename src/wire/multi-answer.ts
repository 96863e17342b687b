/**
 * What is answered on `kv.multi.<bucket>`, in the form of the question (`multi-document.ts`):
 * `{"rows": […]}`, a row for each that was asked, in that order.
 *
 *   of a get   {"value": …, "context": "…", "receipt": "…"}, with "expires": ms where it does
 *              {"values": [… | null], …} of a key in conflict, null for a delete
 *              {"absent": true}, with "context" where it was deleted
 *   of a put   {"context": "…", "receipt": "…"}
 *   of either  {"error": {"code": …, "message": "…", "outcome": "none" | "unknown"}}
 *
 * A value is text where it is UTF-8, else `{"base64url": "…"}`; in MessagePack it is bin. A big
 * one is `{"size": …, "digest": "SHA-256=…"}`.
 */
import { isUtf8 } from 'node:buffer';
import type { Outcome } from '../errors.js';
import { asBuffer } from './as-buffer.js';
import { encode, encodeArrayOf } from './message-pack.js';
import type { MultiForm } from './multi-document.js';

export interface BigValue {
  readonly size: number;
  readonly digest: string;
}

type ShownValue = Uint8Array | BigValue | null;

/** What is undefined is not told. */
export interface MultiRow {
  readonly value?: Uint8Array | BigValue;
  readonly values?: readonly ShownValue[];
  readonly absent?: true;
  /** As in `Kv-Context`. */
  readonly context?: string;
  readonly receipt?: string;
  /** Ms. */
  readonly expires?: number;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    /** Of puts and deletes. */
    readonly outcome?: Outcome;
  };
}

/** Of one row; what it was made of may go. */
export function encodeMultiRow(row: MultiRow, form: MultiForm): Buffer {
  return form === 'json' ? Buffer.from(JSON.stringify(jsonRowOf(row))) : packed(row);
}

/** Of rows that are encoded. */
export function encodeMultiAnswer(rows: readonly Buffer[], form: MultiForm): Buffer {
  if (form === 'messagePack') return Buffer.concat([rowsHead, encodeArrayOf(rows)]);
  const pieces: Buffer[] = [];
  for (const row of rows) pieces.push(pieces.length === 0 ? jsonHead : jsonComma, row);
  pieces.push(jsonTail);
  return Buffer.concat(pieces);
}

/** What is around the rows, and between two of them, at most. */
export const multiAnswerBytes = { around: 16, between: 1 };

const jsonHead = Buffer.from('{"rows":[');
const jsonComma = Buffer.from(',');
const jsonTail = Buffer.from(']}');

function jsonRowOf(row: MultiRow): unknown {
  const { value, values } = row;
  if (value !== undefined) return { ...row, value: jsonValueOf(value) };
  if (values !== undefined) return { ...row, values: values.map(jsonValueOf) };
  return row;
}

function jsonValueOf(value: ShownValue): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const bytes = asBuffer(value);
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64url: bytes.toString('base64url') };
}

type Packable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Packable[]
  | { readonly [name: string]: Packable | undefined };

function packed(value: MultiRow | Packable): Buffer {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array)
    return encode(value);
  if (Array.isArray(value)) return encodeArrayOf((value as readonly Packable[]).map(packed));
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Buffer.concat([
    mapHead(fields.length),
    ...fields.flatMap(([name, field]) => [encode(name), packed(field as Packable)]),
  ]);
}

/** Of a map of fewer than 16. */
function mapHead(fields: number): Buffer {
  return Buffer.of(mapOfNone + fields);
}

const mapOfNone = 0x80;
const rowsHead = Buffer.concat([mapHead(1), encode('rows')]);
