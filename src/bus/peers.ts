/**
 * The node protocol over the bus: its verbs, answered or not, without a promise or a NATS request
 * each.
 *
 *   request   `_kv.<to>.<verb>`      MessagePack [protocol, from, id, body],
 *                                    reply subject `_kv.<from>.gone.<id>`
 *   told      `_kv.<to>.<verb>`      the same with id 0, reply subject `_kv.<from>.absent.<to>`
 *   answers   `_kv.<from>.answers`   MessagePack [protocol, by, answer, …]: all answers of one turn
 *                                    of the event loop, [id, 0, body] or [id, code, message] each.
 *                                    `[id, 410, text]`, to told messages as well (id 0): the
 *                                    receiver was removed, and nothing is taken from it but what
 *                                    it asks of the chain of configurations. 421 to who is no
 *                                    member, whatever it sends but gossip and that
 *
 * The reply subjects exist for the server's "no responders", which says at once that the peer is
 * not there. A node subscribes to a verb when it handles it: before that, and after `close`, it is
 * not there. Bodies: `src/wire/protocol/`, a file a verb. Implemented by `bus-peers.ts`.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { OtherConfigurationError } from '../errors.js';
import type { Answer, Request, Verb } from '../wire/protocol/bodies.js';
import type { WireValue } from '../wire/wire-value.js';

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

/** Nothing was done: the peer goes by another configuration than the message says. */
export function goesByAnother(answer: PeerAnswer): boolean {
  return answer.kind === 'refused' && answer.code === OtherConfigurationError.code;
}

export interface Peers {
  readonly self: NodeId;
  /**
   * Calls back at most once, and never after `giveUp`. There is no timer here: the caller's machine
   * owns the deadline and gives the call up. Buffers in `body` are copied into the message before
   * the call returns.
   */
  call<V extends Verb>(
    to: NodeId,
    verb: V,
    body: Request<V>,
    onAnswer: (answer: PeerAnswer) => void,
  ): CallId;
  giveUp(id: CallId): void;
  /** Without an answer; for gossip. */
  tell<V extends Verb>(to: NodeId, verb: V, body: Request<V>): void;
  /** To every node, itself excluded; `_kv.all.<verb>`. How a node is found. */
  tellAll<V extends Verb>(verb: V, body: Request<V>): void;
  /**
   * One handler a verb. Bins of `body` are views into the receive buffer: copy what is kept. A
   * throw becomes a refusal.
   */
  handle<V extends Verb>(verb: V, handler: (call: IncomingCall<V>) => void): void;
  /**
   * Every verb's last contact, for the failure detector: called on "no responders" and on any
   * message of a peer.
   */
  onContact(listener: (peer: NodeId, contact: 'heard' | 'noResponders') => void): void;
  /** From now on it is asked from whom to take what; those it keeps out are told so. */
  fence(fence: PeerFence): void;
  /** Another node takes nothing from this one any more: it was removed from the cluster. */
  onDismissed(listener: (by: NodeId) => void): void;
  /** Calls that wait for an answer. */
  readonly pending: number;
  /** Listens no more: others hear "no responders" at once, calls that wait are given up. */
  close(): void;
}

export interface PeerFence {
  /** Gone for good: nothing counts that it says. */
  isRemoved(node: NodeId): boolean;
  /** No member: it may tell of itself, and ask which configuration there is. */
  isStranger(node: NodeId): boolean;
}

export type CallId = number;

export interface IncomingCall<V extends Verb> {
  readonly from: NodeId;
  /** As who asks has it; 0: nobody waits for an answer. */
  readonly id: CallId;
  readonly body: readonly WireValue[];
  /** At most once; a told message ignores it. What `body` holds is copied before it returns. */
  ok(body: Answer<V>): void;
  refuse(code: number, message: string): void;
}

export const Peers = Symbol('Peers');
