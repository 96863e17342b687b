/**
 * The verb `merge`: hold these states. It is answered when they are as durable as the node
 * promises; when they are on its disk where the sender then drops what it has of them.
 */
import { isNodeId, type NodeId } from '../../../actors/rules/actor.js';
import type { SaidConfiguration } from '../../../actors/rules/said-configuration.js';
import { MalformedError } from '../../errors.js';
import { isBin, isIntOrNull, isList } from '../columns.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, type Request } from './bodies.js';
import { tracesOf, type Traces } from './traces.js';

/** Why states are merged. */
export const mergeReason = { put: 0, repair: 1, hint: 2, exchange: 3, release: 4 } as const;
export type MergeReason = (typeof mergeReason)[keyof typeof mergeReason];

/** Whether the sender held them in the receiver's place, and holds them no longer than that. */
export function isHandedOver(reason: MergeReason): boolean {
  return reason === mergeReason.hint || reason === mergeReason.release;
}

/** In place of a node id: the receiver holds the states for itself. */
export const notOwed = '';

/** As it stands in the message: the most frequent one, so reading it makes no object. */
export type Merge = readonly [
  reason: MergeReason,
  /** The primary in whose place the receiver holds the states; or `notOwed`. */
  owedTo: NodeId,
  remainingMs: number,
  /** See `state-batch.ts`. Its states are checked by who merges them. */
  batch: Uint8Array,
  /**
   * By which the ack counts, for a quorum or as all that need the states; else they are welcome
   * whatever it is.
   */
  configuration: SaidConfiguration,
];

/** Behind them may stand the traces. */
const plainParts = 5;

export function mergeBody(...merge: Merge): Request<'merge'> {
  return asRequest(merge);
}

export function mergeOf(body: readonly WireValue[]): Merge {
  const [reason, owedTo, remainingMs, batch, configuration] = body;
  if (
    (body.length !== plainParts && !isTraced(body)) ||
    !isReason(reason) ||
    typeof owedTo !== 'string' ||
    !(owedTo === notOwed || isNodeId(owedTo)) ||
    typeof remainingMs !== 'number' ||
    !isBin(batch) ||
    !isIntOrNull(configuration)
  )
    throw new MalformedError('a merge is [reason, owedTo, remainingMs, batch, configuration]');
  return body as unknown as Merge;
}

/** The same, for requests that are traced. */
export function tracedMerge(body: Request<'merge'>, traces: Traces): Request<'merge'> {
  return asRequest([...body, traces]);
}

/** Whether it says for which requests the states are merged; in what was read already. */
export function isTraced(body: readonly WireValue[]): boolean {
  return body.length === plainParts + 1 && isList(body[plainParts]);
}

/** Of one that is. Throws `MalformedError`. */
export function mergeTraces(body: readonly WireValue[]): Traces {
  return tracesOf(body[plainParts]);
}

export const mergedBody = asAnswer<'merge'>([]);

function isReason(value: WireValue | undefined): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= mergeReason.release;
}
