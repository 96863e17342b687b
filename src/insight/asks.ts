/** What is asked of a node's insight, checked: `src/insight/README.md`. */
import { limits } from '../../actors/rules/limits.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import type { ByteString } from '../../actors/rules/key.js';
import { MalformedError } from '../errors.js';
import { decodeDocument } from '../wire/message-pack.js';
import { isInbox } from '../wire/subjects.js';
import { byteStringOf, latin1Of } from '../wire/text.js';
import { isTraceId, type TraceId } from './notes.js';
import type { SamplingWish } from './sampling.js';

export type Ask =
  | { readonly ask: 'watch'; to: string; charts: boolean; leaseMs: number }
  | { readonly ask: 'view' }
  | { readonly ask: 'timeline'; after: number }
  | { readonly ask: 'trace'; id: TraceId }
  | { readonly ask: 'traces' }
  | { readonly ask: 'sample'; wish: SamplingWish }
  | { readonly ask: 'key'; bucket: ByteString; key: ByteString }
  | { readonly ask: 'keys'; bucket: ByteString; after: string; limit: number };

type Fields = Readonly<Record<string, unknown>>;

/** Throws `MalformedError`. */
export function askOf(bytes: Uint8Array): Ask {
  if (bytes.length > insightLimits.askBytesMax) throw new MalformedError('the ask is too large');
  const fields: unknown = decodeDocument(bytes);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw new MalformedError('an ask is a map');
  return askIn(fields as Fields);
}

function askIn(fields: Fields): Ask {
  const { ask } = fields;
  switch (ask) {
    case 'watch': {
      const { to, charts = false } = fields;
      if (typeof to !== 'string' || !isOneInbox(to) || typeof charts !== 'boolean')
        throw new MalformedError('watch: to is an inbox, charts is true or false');
      const leaseMs = numberIn(fields, 'leaseMs', { least: 1, most: insightLimits.leaseMsMax });
      return { ask, to, charts, leaseMs };
    }
    case 'view':
    case 'traces':
      return { ask };
    case 'timeline':
      return { ask, after: numberIn({ after: 0, ...fields }, 'after', wholes) };
    case 'trace': {
      const { id } = fields;
      if (!isTraceId(id)) throw new MalformedError('trace: id has 16 hexadecimal digits');
      return { ask, id };
    }
    case 'sample':
      return { ask, wish: wishIn(fields) };
    case 'key':
      return {
        ask,
        bucket: nameIn(fields, 'bucket', limits.bucketBytesMax),
        key: nameIn(fields, 'key', limits.keyBytesMax),
      };
    case 'keys': {
      const { after = '' } = fields;
      if (typeof after !== 'string') throw new MalformedError('keys: after is text');
      const most = insightLimits.keysMax;
      const limit = numberIn({ limit: most, ...fields }, 'limit', { least: 1, most });
      return { ask, bucket: nameIn(fields, 'bucket', limits.bucketBytesMax), after, limit };
    }
    default:
      throw new MalformedError('no ask that is known');
  }
}

/**
 * What is published to was a subject of the server's before only where it came as one: a blank in
 * it, or a wildcard, would break the connection of the node.
 */
function isOneInbox(to: string): boolean {
  return isInbox(to) && to.length <= insightLimits.inboxCharsMax && oneSubject.test(to);
}

/** Tokens of printable ASCII that are no wildcards. */
const oneSubject = /^[!-)+\-/-=?-~]+(?:\.[!-)+\-/-=?-~]+)*$/;

const wholes = { least: 0, most: Number.MAX_SAFE_INTEGER };

function wishIn(fields: Fields): SamplingWish {
  const { rate = 0, failed = false } = fields;
  if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1) || typeof failed !== 'boolean')
    throw new MalformedError('sample: rate is 0 to 1, failed is true or false');
  const range = { least: 0, most: insightLimits.slowMsMax };
  return { rate, slowMs: numberIn({ slowMs: 0, ...fields }, 'slowMs', range), failed };
}

function numberIn(
  fields: Fields,
  name: string,
  range: { readonly least: number; readonly most: number },
): number {
  const value = fields[name];
  const { least, most } = range;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most)
    throw new MalformedError(`${name} is a whole number from ${least} to ${most}`);
  return value;
}

/** Text, or bytes where it is none. */
function nameIn(fields: Fields, name: string, bytesMax: number): ByteString {
  const value = fields[name];
  const isName = typeof value === 'string' || value instanceof Uint8Array;
  const bytes = isName ? (typeof value === 'string' ? byteStringOf(value) : latin1Of(value)) : '';
  if (bytes.length === 0 || bytes.length > bytesMax)
    throw new MalformedError(`${name} has 1 to ${bytesMax} bytes`);
  return bytes;
}
