/**
 * Receipts as text, in the `Kv-Receipt` header and in frames:
 * `w=2/2 primaries=2 fallbacks=0 durability=sync`, with `hints=1` before the durability when some
 * are out, `seen=partly` when not all that the context claims was found, and
 * `durability=periodic(100)` in ms.
 */
import { MalformedError } from '../errors.js';

/**
 * Who acknowledged. `needed` is W or R. Hints: states that some node owes to an unreachable primary
 * because of this request.
 */
export interface Receipt {
  readonly kind: 'w' | 'r';
  readonly acked: number;
  readonly needed: number;
  readonly primaries: number;
  readonly fallbacks: number;
  readonly hints: number;
  /**
   * Something that the put's context claims was not found at the nodes that answered: it may stay
   * beside the value, as a sibling.
   */
  readonly seenPartly?: boolean;
  /** As the store's `Durability`. */
  readonly durability:
    { readonly kind: 'sync' } | { readonly kind: 'periodic'; readonly everyMs: number };
}

/** Of a read that one primary answers by itself. */
export function receiptOfOne(durability: Receipt['durability']): Receipt {
  return { kind: 'r', acked: 1, needed: 1, primaries: 1, fallbacks: 0, hints: 0, durability };
}

export function receiptText(receipt: Receipt): string {
  const { kind, acked, needed, primaries, fallbacks, hints, durability } = receipt;
  const owed = hints === 0 ? '' : ` hints=${hints}`;
  const seen = receipt.seenPartly === true ? ' seen=partly' : '';
  const durable = durability.kind === 'sync' ? 'sync' : `periodic(${durability.everyMs})`;
  return `${kind}=${acked}/${needed} primaries=${primaries} fallbacks=${fallbacks}${owed}${seen} durability=${durable}`;
}

const pattern =
  /^([rw])=(\d+)\/(\d+) primaries=(\d+) fallbacks=(\d+)(?: hints=(\d+))?( seen=partly)? durability=(sync|periodic\((\d+(?:\.\d+)?)\))$/;

/** Throws `MalformedError` on what `receiptText` does not write. */
export function receiptOf(text: string): Receipt {
  const match = pattern.exec(text);
  if (match === null) throw new MalformedError('not a receipt');
  const [, kind, acked, needed, primaries, fallbacks, hints, seen, durability, everyMs] = match;
  return {
    kind: kind === 'w' ? 'w' : 'r',
    acked: Number(acked),
    needed: Number(needed),
    primaries: Number(primaries),
    fallbacks: Number(fallbacks),
    hints: Number(hints ?? 0),
    ...(seen === undefined ? {} : { seenPartly: true }),
    durability:
      durability === 'sync' ? { kind: 'sync' } : { kind: 'periodic', everyMs: Number(everyMs) },
  };
}
