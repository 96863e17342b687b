/**
 * What becomes of a request of the TypeScript client that was not answered as it wished: which way
 * it goes on, and what its author is told when it does not. What has happened to it so far is a
 * few facts (`RequestFacts`); nothing else decides.
 */

export interface RequestFacts {
  readonly kind: 'put' | 'get';
  /** It was sent, and no answer says that it was not stored. Of a put. */
  readonly mayBeStored: boolean;
  /** Its reply is too large to share a frame. */
  readonly alone: boolean;
  /** Why a node would not take it yet. */
  readonly heldBack: string | undefined;
}

export interface RowRefusal {
  readonly code: number;
  readonly outcome: 'none' | 'unknown';
}

export type Course =
  /** In a frame of its own. */
  | 'alone'
  /** To a coordinator: what it asked primaries for itself, not all of them told. */
  | 'coordinated'
  /** To the same node, when that takes more: it sets the pace. */
  | 'heldBack'
  /** By another ring, once there is one: the node goes by another configuration than the client. */
  | 'rerouted'
  /** After a while, as long as budget and deadline allow it. */
  | 'again'
  /** Its author is told. */
  | 'failed';

/** `own`: it was one primary's word on a get without a coordinator. */
export function courseAfter(
  { kind, alone }: RequestFacts,
  { code, outcome }: RowRefusal,
  own: boolean,
): Course {
  if (code === 413 && kind === 'get' && !alone) return 'alone';
  if (own) return 'coordinated';
  if (code === 421) return 'rerouted';
  if (code === 429 && outcome === 'none') return 'heldBack';
  return code === 429 || code === 503 || code === 504 ? 'again' : 'failed';
}

/** Whether a put may be stored after a try that ended so; of a frame nobody answered: `unknown`. */
export function mayBeStoredAfter(request: RequestFacts, outcome: RowRefusal['outcome']): boolean {
  return request.mayBeStored || (outcome === 'unknown' && request.kind === 'put');
}

/** At its deadline, when it is in a frame nobody has answered (`sent`) or waits for one. */
export function refusalAtDeadline({ heldBack }: RequestFacts, sent: boolean): RowRefusal {
  if (heldBack !== undefined && !sent) return { code: 429, outcome: 'none' };
  return { code: 504, outcome: sent ? 'unknown' : 'none' };
}
