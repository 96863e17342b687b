/**
 * The condition of a put as a column of frames carries it: 1 for `absent`, 2 for `context`, and
 * four times the nodes it is compared with; nil for none.
 */
import type { OnlyIf } from '../../actors/rules/condition.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { isIntOrNull } from './columns.js';
import type { WireValue } from './wire-value.js';

export type IfsColumn = readonly (OnlyIf | null)[];

const codes = { absent: 1, context: 2 } as const;

/** Undefined: none of the puts has one. */
export function ifsColumn(
  puts: readonly { readonly onlyIf?: OnlyIf | undefined }[],
): IfsColumn | undefined {
  if (!puts.some(({ onlyIf }) => onlyIf !== undefined)) return undefined;
  return puts.map(({ onlyIf }) => onlyIf ?? null);
}

export function encodedIf(onlyIf: OnlyIf | null): WireValue {
  return onlyIf === null ? null : onlyIf.r * 4 + codes[onlyIf.is];
}

/** Throws `MalformedError`. */
export function decodedIf(value: WireValue): OnlyIf | null {
  if (value === null) return null;
  if (!isIntOrNull(value)) throw notOne();
  const r = Math.floor(value / 4);
  if (r > limits.membersMax) throw notOne();
  if (value % 4 === codes.absent) return { is: 'absent', r };
  if (value % 4 === codes.context) return { is: 'context', r };
  throw notOne();
}

function notOne(): MalformedError {
  return new MalformedError('a condition is absent or context, compared with so many nodes');
}
