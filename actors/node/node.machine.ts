/**
 * The life of a node. Boots in the order in which its parts need each other (store, bus, membership, ways in) and stops in the
 * opposite one: it takes no more requests, finishes the rounds it has, says good-bye, flushes, closes.
 *
 * Invariants: it serves only what has recovered and joined; every way out ends in `stopped` or `failed`; after a fatal error
 * nothing is flushed, because a disk that failed a sync is not to be trusted with another.
 */
import { assign, sendTo, setup } from 'xstate';
import type { ReplicaEffects } from '../replica/lifecycle.machine.js';
import { replicaLifecycleMachine } from '../replica/lifecycle.machine.js';

export interface NodeEffects {
  readonly replica: ReplicaEffects;
  /** Puts together what needs the store's id, and waits for the bus: `bus.connected`. */
  connect(): void;
  /** Gossips, answers other nodes: `cluster.joined` once this node has a place in the ring. */
  join(): void;
  /** Opens the ways in and starts the background work. */
  open(): void;
  /** Takes no more requests and finishes those it has: `rounds.finished`. */
  drain(): void;
  /** Ends the background work, leaves the bus's subjects. */
  leave(): void;
  /** Everything at once, without a flush. */
  abandon(): void;
}

export type NodeEvent =
  | { readonly type: 'replica.recovered' }
  | { readonly type: 'replica.stopped' }
  | { readonly type: 'replica.failed'; readonly error: Error }
  | { readonly type: 'bus.connected' }
  | { readonly type: 'bus.disconnected' }
  | { readonly type: 'cluster.joined' }
  | { readonly type: 'rounds.finished' }
  | { readonly type: 'stop.requested' }
  /** A sync failed, another process speaks with this node's id, …: it can't go on. */
  | { readonly type: 'fatal.happened'; readonly error: Error };

interface NodeContext {
  readonly effects: NodeEffects;
  readonly error: Error | undefined;
}

export const nodeMachine = setup({
  types: {
    context: {} as NodeContext,
    events: {} as NodeEvent,
    input: {} as NodeEffects,
  },
  actors: { replica: replicaLifecycleMachine },
  actions: {
    connect: ({ context }) => context.effects.connect(),
    join: ({ context }) => context.effects.join(),
    openWaysIn: ({ context }) => context.effects.open(),
    drainRounds: ({ context }) => context.effects.drain(),
    leaveCluster: ({ context }) => context.effects.leave(),
    stopReplica: sendTo('replica', { type: 'stop.requested' }),
    abandonAll: ({ context }) => context.effects.abandon(),
    noteError: assign(({ event, context }) => ({
      error: 'error' in event ? event.error : context.error,
    })),
  },
}).createMachine({
  id: 'node',
  context: ({ input }) => ({ effects: input, error: undefined }),
  invoke: {
    id: 'replica',
    src: 'replica',
    input: ({ context, self }) => ({ effects: context.effects.replica, node: self }),
  },
  initial: 'recovering',
  on: {
    'fatal.happened': { target: '.failed', actions: 'noteError' },
    'replica.failed': { target: '.failed', actions: 'noteError' },
  },
  states: {
    recovering: { on: { 'replica.recovered': 'connecting', 'stop.requested': 'closing' } },
    connecting: {
      entry: 'connect',
      on: { 'bus.connected': 'joining', 'stop.requested': 'closing' },
    },
    joining: {
      entry: 'join',
      on: { 'cluster.joined': 'serving', 'stop.requested': 'closing' },
    },
    serving: {
      entry: 'openWaysIn',
      initial: 'linked',
      on: { 'stop.requested': 'draining' },
      states: {
        linked: { on: { 'bus.disconnected': 'cutOff' } },
        cutOff: { on: { 'bus.connected': 'linked' } },
      },
    },
    draining: {
      entry: 'drainRounds',
      on: { 'rounds.finished': 'closing' },
    },
    closing: {
      entry: ['leaveCluster', 'stopReplica'],
      on: { 'replica.stopped': 'stopped' },
    },
    stopped: { type: 'final' },
    failed: { type: 'final', entry: 'abandonAll' },
  },
});

export type NodePhase =
  | 'recovering'
  | 'connecting'
  | 'joining'
  | 'serving'
  | 'draining'
  | 'closing'
  | 'stopped'
  | 'failed';
