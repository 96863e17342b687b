/**
 * Receipts as text, in the `Kv-Receipt` header and in frames:
 * `w=2/2 primaries=2 fallbacks=0 durability=sync`, with `hints=1` before the durability when some
 * are out, `seen=partly` when not all that the context claims was found, `compared=2` when it was
 * done on a condition that was compared with what two nodes hold (`compared=strict(2)`: two
 * primaries), and `durability=periodic(100)` in ms.
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
  /** Of a put on a condition: with what so many nodes hold, under strict primaries alone. */
  readonly compared?: { readonly nodes: number; readonly strict: boolean };
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
  const compared =
    receipt.compared === undefined ? '' : ` compared=${comparedText(receipt.compared)}`;
  const durable = durability.kind === 'sync' ? 'sync' : `periodic(${durability.everyMs})`;
  return `${kind}=${acked}/${needed} primaries=${primaries} fallbacks=${fallbacks}${owed}${seen}${compared} durability=${durable}`;
}

function comparedText({ nodes, strict }: NonNullable<Receipt['compared']>): string {
  return strict ? `strict(${nodes})` : String(nodes);
}

const pattern =
  /^([rw])=(\d+)\/(\d+) primaries=(\d+) fallbacks=(\d+)(?: hints=(\d+))?( seen=partly)?(?: compared=(strict\(\d+\)|\d+))? durability=(sync|periodic\((\d+(?:\.\d+)?)\))$/;

/** Throws `MalformedError` on what `receiptText` does not write. */
export function receiptOf(text: string): Receipt {
  const match = pattern.exec(text);
  if (match === null) throw new MalformedError('not a receipt');
  const [, kind, acked, needed, primaries, fallbacks, hints, seen, compared, durability, everyMs] =
    match;
  return {
    kind: kind === 'w' ? 'w' : 'r',
    acked: Number(acked),
    needed: Number(needed),
    primaries: Number(primaries),
    fallbacks: Number(fallbacks),
    hints: Number(hints ?? 0),
    ...(seen === undefined ? {} : { seenPartly: true }),
    ...(compared === undefined ? {} : { compared: comparedOf(compared) }),
    durability:
      durability === 'sync' ? { kind: 'sync' } : { kind: 'periodic', everyMs: Number(everyMs) },
  };
}

function comparedOf(text: string): NonNullable<Receipt['compared']> {
  return { nodes: Number(text.replace(/\D/g, '')), strict: text.startsWith('strict') };
}
