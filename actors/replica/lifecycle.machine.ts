/**
 * The life of a node's replica: its store from recovery to the last flush. A child of the node's machine, to which it reports.
 *
 * Invariant: the store is closed once, and only after it has recovered; a disk that fills up ends writing, not serving.
 */
import type { AnyActorRef } from 'xstate';
import { sendTo, setup } from 'xstate';

export interface ReplicaEffects {
  /** Reads the disk: `store.recovered` or `store.failed`. */
  recover(): void;
  /** Flushes and closes: `store.closed` or `store.failed`. */
  close(): void;
}

export type ReplicaEvent =
  | { readonly type: 'store.recovered' }
  | { readonly type: 'store.failed'; readonly error: Error }
  | { readonly type: 'store.closed' }
  | { readonly type: 'disk.full' }
  | { readonly type: 'disk.writable' }
  | { readonly type: 'stop.requested' };

/** What the node is told. */
export type ReplicaReport =
  | { readonly type: 'replica.recovered' }
  | { readonly type: 'replica.stopped' }
  | { readonly type: 'replica.failed'; readonly error: Error };

export interface ReplicaInput {
  readonly effects: ReplicaEffects;
  readonly node: AnyActorRef;
}

export const replicaLifecycleMachine = setup({
  types: {
    context: {} as ReplicaInput,
    events: {} as ReplicaEvent,
    input: {} as ReplicaInput,
  },
  actions: {
    recoverStore: ({ context }) => context.effects.recover(),
    closeStore: ({ context }) => context.effects.close(),
    tellRecovered: sendTo(({ context }) => context.node, { type: 'replica.recovered' }),
    tellStopped: sendTo(({ context }) => context.node, { type: 'replica.stopped' }),
    tellFailed: sendTo(
      ({ context }) => context.node,
      ({ event }) => ({
        type: 'replica.failed',
        error: event.type === 'store.failed' ? event.error : new Error('the replica failed'),
      }),
    ),
  },
}).createMachine({
  id: 'replica',
  context: ({ input }) => input,
  initial: 'recovering',
  on: { 'store.failed': '.failed' },
  states: {
    recovering: {
      entry: 'recoverStore',
      on: {
        'store.recovered': { target: 'serving', actions: 'tellRecovered' },
        'stop.requested': 'recoveringToStop',
      },
    },
    /** A recovery can't be broken off; what it read is closed in good order. */
    recoveringToStop: { on: { 'store.recovered': 'stopping' } },
    serving: { on: { 'disk.full': 'readOnly', 'stop.requested': 'stopping' } },
    readOnly: { on: { 'disk.writable': 'serving', 'stop.requested': 'stopping' } },
    stopping: {
      entry: 'closeStore',
      on: { 'store.closed': { target: 'stopped', actions: 'tellStopped' } },
    },
    stopped: { type: 'final' },
    failed: { type: 'final', entry: 'tellFailed' },
  },
});
