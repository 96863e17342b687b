/** What a request for a watch says: JSON, or nothing at all. */
import type { Place } from '../../actors/rules/leads.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';
import { cursorOf } from '../wire/watch-cursor.js';
import { includes, type Include } from '../wire/watch-messages.js';

export interface WatchDemands {
  /** A pattern; `>` unless told. */
  readonly keys: string;
  readonly include: Include;
  readonly values: boolean;
  /** Of a cursor. */
  readonly places: readonly Place[] | undefined;
}

const known = new Set(['keys', 'include', 'values', 'resumeFrom']);

/** Throws `MalformedError` naming what it does not understand. */
export function watchDemands(data: Uint8Array, partitions: number): WatchDemands {
  const wish = objectOf(data);
  for (const name of Object.keys(wish))
    if (!known.has(name)) throw new MalformedError(`a watch has no ${JSON.stringify(name)}`);
  const { keys = '>', include = 'updates', values = false, resumeFrom } = wish;
  if (typeof keys !== 'string') throw new MalformedError('keys is a pattern of keys');
  const how = includes.find((one) => one === include);
  if (how === undefined) throw new MalformedError(`include is one of ${includes.join(', ')}`);
  if (typeof values !== 'boolean') throw new MalformedError('values is true or false');
  if (resumeFrom === undefined || resumeFrom === '' || resumeFrom === null)
    return { keys, include: how, values, places: undefined };
  if (typeof resumeFrom !== 'string') throw new MalformedError('resumeFrom is a cursor');
  return { keys, include: how, values, places: cursorOf(resumeFrom, partitions) };
}

function objectOf(data: Uint8Array): Record<string, unknown> {
  if (data.length === 0) return {};
  if (data.length > watchLimits.requestBytesMax)
    throw new MalformedError(`a request has at most ${watchLimits.requestBytesMax} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(asBuffer(data).toString('utf8'));
  } catch {
    throw new MalformedError('a request for a watch is JSON, or empty');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError('a request for a watch is a JSON object, or empty');
  return value as Record<string, unknown>;
}
