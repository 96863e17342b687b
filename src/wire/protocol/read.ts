/**
 * The verb `read`: send the states that differ from those with these digests. An absent key has the
 * empty state.
 */
import type { SaidConfiguration } from '../../../actors/rules/said-configuration.js';
import type { SideRead } from '../../../actors/rules/placement.js';
import type { StorageKey } from '../../../actors/rules/key.js';
import type { Digest } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../errors.js';
import { isBin, isInt, isIntOrNull, isList, isSide } from '../columns.js';
import { digestBytes } from '../digest-codec.js';
import { decodeDigests } from '../digests.js';
import { storageKeysOf } from '../storage-keys.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, type Answer, type Request } from './bodies.js';
import { tracesOf, type Traces } from './traces.js';

export interface Read {
  readonly remainingMs: number;
  readonly keys: readonly StorageKey[];
  /** One a key. */
  readonly digests: readonly Digest[];
  /** By which the answer counts for a quorum; else it is welcome whatever it is. */
  readonly configuration: SaidConfiguration;
  /**
   * Of a state larger than a message this part may come (`state-parts.ts`), the first being 0; else
   * it is refused (413).
   */
  readonly part: number | undefined;
  /**
   * Of the two sides of a move this one is read, of all the keys; who reads the other refuses.
   * Undefined where nothing moves, or where it does not matter who is read.
   */
  readonly side: SideRead | undefined;
}

/** Behind them may stand the traces. */
const plainParts = 6;

export function readBody(
  remainingMs: number,
  keys: readonly Uint8Array[],
  digests: Uint8Array,
  configuration: SaidConfiguration,
  { part, side }: Partial<Pick<Read, 'part' | 'side'>> = {},
): Request<'read'> {
  const head = [remainingMs, keys, digests, configuration];
  if (side !== undefined) return asRequest([...head, part ?? null, side]);
  return asRequest(part === undefined ? head : [...head, part]);
}

export function readOf(body: readonly WireValue[]): Read {
  const [remainingMs, keys, digests, configuration, part = null, side] = body;
  if (
    (body.length > plainParts && !isTraced(body)) ||
    typeof remainingMs !== 'number' ||
    !isIntOrNull(configuration) ||
    !isIntOrNull(part) ||
    !(side === undefined || isSide(side) || (side === null && isTraced(body)))
  )
    throw new MalformedError(
      'a read is [remainingMs, keys, digests, configuration, part?, side?, traces?]',
    );
  const names = storageKeysOf(keys);
  const theirs = decodeDigests(binOf(digests));
  if (theirs.length !== names.length) throw new MalformedError('a read has a digest a key');
  return {
    remainingMs,
    keys: names,
    digests: theirs,
    configuration,
    part: part ?? undefined,
    side: side ?? undefined,
  };
}

/** The same, for requests that are traced. */
export function tracedRead(body: Request<'read'>, traces: Traces): Request<'read'> {
  const [remainingMs, keys, digests, configuration, part = null, side = null] = body;
  const parts = [remainingMs, keys, digests, configuration, part, side, traces];
  return asRequest(parts as readonly WireValue[]);
}

/** Whether it says for which requests it is read; in what was read already. */
export function isTraced(body: readonly WireValue[]): boolean {
  return body.length === plainParts + 1 && isList(body[plainParts]);
}

/** Of one that is. Throws `MalformedError`. */
export function readTraces(body: readonly WireValue[]): Traces {
  return tracesOf(body[plainParts]);
}

/** As it stands in the message. */
export type Found = readonly [
  /** Of the keys whose states differ; each below `answered`. */
  indexes: readonly number[],
  /** As many, encoded; not checked yet. */
  states: readonly Uint8Array[],
  /**
   * The answer is about so many keys from the first on, and at least one: the rest is to be asked
   * for.
   */
  answered: number,
  /** The last state is a part of one that is larger than a message. */
  cut?: Cut,
];

export type Cut = readonly [
  /** How many parts come behind it. */
  left: number,
  /** Of the state as a whole, one digest: parts of two states do not fit together. */
  digest: Uint8Array,
];

export function foundBody(...found: Found): Answer<'read'> {
  return asAnswer(found as readonly WireValue[]);
}

/** `asked`: for so many keys. */
export function foundOf(body: readonly WireValue[], asked: number): Found {
  const [indexes, states, answered, cut] = body;
  if (!isSome(indexes, isInt) || !isSome(states, isBin) || indexes.length !== states.length)
    throw new MalformedError('a read answer has as many indexes as states');
  if (!isInt(answered) || answered < 1 || answered > asked || body.length > 4 || !isCut(cut))
    throw new MalformedError('a read answer is about at least one of the keys asked for');
  for (const index of indexes)
    if (index >= answered) throw new MalformedError('a read answer names keys it is not about');
  return body as unknown as Found;
}

function isCut(value: WireValue | undefined): boolean {
  if (value === undefined) return true;
  return (
    isList(value) &&
    value.length === 2 &&
    isInt(value[0]) &&
    isBin(value[1]) &&
    value[1].length === digestBytes
  );
}

function isSome<T extends WireValue>(
  value: WireValue | undefined,
  is: (element: unknown) => element is T,
): value is readonly T[] {
  return value !== undefined && isList(value) && value.every(is);
}
