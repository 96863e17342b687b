/**
 * The node protocol over the bus: six verbs, answered or not, without a promise or a NATS request each.
 *
 *   request   `_kv.<to>.<verb>`      MessagePack [protocol, from, id, body], reply subject `_kv.<from>.gone.<id>`
 *   told      `_kv.<to>.<verb>`      the same with id 0, reply subject `_kv.<from>.absent.<to>`
 *   answers   `_kv.<from>.answers`   MessagePack [protocol, by, [id, 0, body] or [id, code, message], …]: all answers of one turn
 *                                    of the event loop. `[id, 410, text]`, to told messages as well (id 0): the receiver was
 *                                    removed from the cluster, and nothing is taken from it
 *
 * The reply subjects exist for the server's "no responders", which says at once that the peer is not there.
 * A node subscribes to a verb when it handles it: before that, and after `close`, it is not there.
 * Implemented by `bus-peers.ts`.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { WireValue } from '../wire/message-pack.js';

export type { WireValue };

export type Verb = 'merge' | 'read' | 'tree' | 'gossip' | 'transfer' | 'forward';

/** Where this node is found on the bus. */
export interface NodeAddress {
  readonly id: NodeId;
  /** Of its subjects: `_<prefix>.<id>.<verb>`. */
  readonly prefix: string;
}
export const NodeAddress = Symbol('NodeAddress');

export type PeerAnswer =
  | { readonly kind: 'ok'; readonly body: readonly WireValue[] }
  /** Nobody subscribes: the peer is not there. */
  | { readonly kind: 'noResponders' }
  /** The peer said no: a code of `errors.ts` and a text. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string };

export interface Peers {
  readonly self: NodeId;
  /**
   * Calls back at most once, and never after `forget`. There is no timer here: the caller's machine owns the deadline
   * and forgets the call. Buffers in `body` are copied into the message before the call returns.
   */
  call(
    to: NodeId,
    verb: Verb,
    body: readonly WireValue[],
    onAnswer: (answer: PeerAnswer) => void,
  ): CallId;
  forget(id: CallId): void;
  /** Without an answer; for gossip. */
  tell(to: NodeId, verb: Verb, body: readonly WireValue[]): void;
  /** To every node, itself excluded; `_kv.all.<verb>`. How a node is found. */
  tellAll(verb: Verb, body: readonly WireValue[]): void;
  /** One handler a verb. Bins of `body` are views into the receive buffer: copy what is kept. A throw becomes a refusal. */
  handle(verb: Verb, handler: (call: IncomingCall) => void): void;
  /** Every verb's last contact, for the failure detector: called on "no responders" and on any message of a peer. */
  onContact(listener: (peer: NodeId, contact: 'heard' | 'noResponders') => void): void;
  /** From now on nothing is taken from these nodes, whoever joins the set later included; they are told so. */
  fence(removed: ReadonlySet<NodeId>): void;
  /** Another node takes nothing from this one any more: it was removed from the cluster. */
  onDismissed(listener: (by: NodeId) => void): void;
  /** Calls that wait for an answer. */
  readonly pending: number;
  /** Listens no more: others hear "no responders" at once, calls that wait are forgotten. */
  close(): void;
}

export type CallId = number;

export interface IncomingCall {
  readonly from: NodeId;
  readonly body: readonly WireValue[];
  /** At most once; a told message ignores it. What `body` holds is copied before it returns. */
  ok(body: readonly WireValue[]): void;
  refuse(code: number, message: string): void;
}

/** Why states are merged; for what a receiver may refuse. */
export const mergeReason = { put: 0, repair: 1, hint: 2, exchange: 3 } as const;

/**
 * Bodies, by verb. Times are durations (ms): clocks differ between nodes.
 *
 * merge     [reason: 0 put · 1 repair · 2 hint · 3 exchange, owedTo: NodeId | '', remainingMs, batch: bin]        → []
 * read      [remainingMs, keys: bin[], digests: bin (8 bytes a key, hi lo), partsWelcome?: boolean]               → [indexes: number[], states: bin[], answered: number]
 *           only the states whose digest differs from the caller's; an absent key is the empty state.
 *           A state larger than a message is refused (413), or cut to a part where those are welcome (`state-parts.ts`).
 *           An answer stays under the payload limit: it is about the first `answered` keys, and the caller asks again for the rest
 * tree      ['roots', partitions: bin (u16 each), roots: bin (8 bytes each)] → [differing: bin (u16 each)]
 *           ['leaves', partition]                        → [leafDigests: bin (8 bytes each)]
 *           ['keys', partition, leaves: bin (u16 each), after: bin] → [keys: bin[], digests: bin, done: boolean]   in key order, behind `after`
 * gossip    [members: bin]                               → (told)  see `src/membership/member-codec.ts`
 * transfer  `removed`: bin, the members that were removed from the cluster, 8 bytes each, ascending; who knows others refuses
 *           ['survey', ringEpoch, removed, keys: bin[], digests: bin]  → [verdicts: bin (a byte a key, see `actors/rules/collection.ts`)]
 *           ['collect', ringEpoch, removed, keys: bin[], digests: bin] → []   drop what every primary has agreed on, where the digest still is the same
 *           ['replace', ringEpoch, removed, digests: bin, batch: bin]  → []   shorter contexts in place of states with these digests
 * forward   [a put frame's columns]                      → [a put reply's columns]   see `src/wire/frames.ts`; why: `src/api/put-ordering.ts`
 */
export const Peers = Symbol('Peers');
