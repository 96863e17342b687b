/**
 * What is asked on `kv.multi.<bucket>`: many gets, or many puts and deletes, as JSON or as the same
 * document in MessagePack. The first byte of the payload tells which; the answer
 * (`multi-answer.ts`) comes in the same form.
 *
 *   {"get": [key, …]}
 *   {"put": [{"key": …, "value": …, "context": "…", "ttl": ms | "none"}, …]}
 *
 * Keys and values are text, or bytes: `{"base64url": "…"}` in JSON, bin in MessagePack. A value of
 * null deletes.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { multiLimits } from '../../actors/rules/limits/multi.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from './as-buffer.js';
import { decodeDocument } from './message-pack.js';
import { latin1Of } from './text.js';

export type MultiForm = 'json' | 'messagePack';

export interface MultiPutRow {
  readonly key: ByteString;
  /** Null deletes. */
  readonly value: Buffer | null;
  /** As in `Kv-Context`. */
  readonly context: string | undefined;
  /** `limits.ttlMsNone`: none; undefined: as the headers say. */
  readonly ttlMs: number | undefined;
}

export type MultiQuestion = { readonly form: MultiForm } & (
  | { readonly kind: 'get'; readonly keys: readonly ByteString[] }
  /** Each of another key. */
  | { readonly kind: 'put'; readonly rows: readonly MultiPutRow[] }
);

/** Throws `MalformedError`. Values may be views into `data`. */
export function multiQuestionOf(data: Uint8Array): MultiQuestion {
  const form = formOf(data);
  const asked = objectOf(form === 'json' ? jsonOf(data) : decodeDocument(data));
  const [kind, ...others] = Object.keys(asked ?? {});
  if (asked === undefined || (kind !== 'get' && kind !== 'put') || others.length > 0)
    throw new MalformedError(
      'a message of many keys is {"get":[key, …]} or {"put":[{"key":…,"value":…}, …]}',
    );
  const rows: unknown = asked[kind];
  const { rowsMax } = multiLimits;
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > rowsMax)
    throw new MalformedError(`${kind} is a list of 1 to ${rowsMax} rows: send more messages`);
  if (kind === 'get')
    return { form, kind, keys: rows.map((key, i) => keyOf(key, form, `get[${i}]`)) };
  return { form, kind, rows: distinct(rows.map((row, i) => putRowOf(row, form, `put[${i}]`))) };
}

/** Maps of MessagePack begin with bytes that no text begins with. */
function formOf(data: Uint8Array): MultiForm {
  return data.length > 0 && data[0]! >= firstByteOfNoText ? 'messagePack' : 'json';
}

const firstByteOfNoText = 0x80;

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(value: unknown): Fields | undefined {
  const isObject =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array);
  return isObject ? (value as Fields) : undefined;
}

const putFields = new Set(['key', 'value', 'context', 'ttl']);

function putRowOf(value: unknown, form: MultiForm, name: string): MultiPutRow {
  const row = objectOf(value);
  if (row === undefined) throw new MalformedError(`${name} is {"key":…,"value":…}`);
  for (const field of Object.keys(row)) if (!putFields.has(field)) throw unknownField(field, name);
  const { context, ttl } = row;
  if (context !== undefined && typeof context !== 'string')
    throw new MalformedError(`${name}.context is a text that a reply has given, or -`);
  return {
    key: keyOf(row['key'], form, `${name}.key`),
    value: row['value'] === null ? null : bytesOf(row['value'], form, `${name}.value`),
    context,
    ttlMs: ttlMsOf(ttl, `${name}.ttl`),
  };
}

function unknownField(field: string, name: string): MalformedError {
  if (field === 'if')
    return new MalformedError(`${name} has a condition: those go alone, to kv.put with Kv-If`);
  const said = JSON.stringify(field.slice(0, 32));
  return new MalformedError(`${name} has ${[...putFields].join(', ')}, and no ${said}`);
}

function ttlMsOf(ttl: unknown, name: string): number | undefined {
  if (ttl === undefined) return undefined;
  if (ttl === 'none') return limits.ttlMsNone;
  if (Number.isSafeInteger(ttl) && Number(ttl) >= 1 && Number(ttl) <= limits.ttlMsMax)
    return Number(ttl);
  throw new MalformedError(`${name} is a number of ms from 1 to ${limits.ttlMsMax}, or "none"`);
}

/** What becomes of two puts of one key in one message, nobody could tell from its reply. */
function distinct(rows: readonly MultiPutRow[]): readonly MultiPutRow[] {
  const keys = new Set<ByteString>();
  for (const [i, { key }] of rows.entries())
    if (keys.size === keys.add(key).size)
      throw new MalformedError(`put[${i}] is of a key that the message has already`);
  return rows;
}

function keyOf(value: unknown, form: MultiForm, name: string): ByteString {
  const key = latin1Of(bytesOf(value, form, name));
  if (key.length === 0 || key.length > limits.keyBytesMax)
    throw new MalformedError(`${name}: a key has 1 to ${limits.keyBytesMax} bytes`);
  return key;
}

function bytesOf(value: unknown, form: MultiForm, name: string): Buffer {
  const bytes =
    typeof value === 'string'
      ? bytesOfText(value, form)
      : form === 'messagePack'
        ? value instanceof Uint8Array && asBuffer(value)
        : bytesOfCoded(value);
  if (bytes) return bytes;
  const coded = form === 'json' ? '{"base64url":"…"}' : 'bin';
  throw new MalformedError(`${name} is text in UTF-8, or ${coded}`);
}

/**
 * Half a character has no bytes: different texts would become one. In MessagePack bytes that are no
 * UTF-8 have become U+FFFD when they are read.
 */
function bytesOfText(text: string, form: MultiForm): Buffer | undefined {
  if (form === 'messagePack' ? text.includes('\ufffd') : /\p{Surrogate}/u.test(text))
    return undefined;
  return Buffer.from(text, 'utf8');
}

function bytesOfCoded(value: unknown): Buffer | undefined {
  const { base64url, ...others } = objectOf(value) ?? {};
  const isCoded =
    typeof base64url === 'string' &&
    Object.keys(others).length === 0 &&
    /^[\w-]*={0,2}$/.test(base64url);
  return isCoded ? Buffer.from(base64url, 'base64url') : undefined;
}
