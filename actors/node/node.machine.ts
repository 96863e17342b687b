/**
 * The life of a node. Boots in the order in which its parts need each other (store, bus,
 * membership, ways in) and stops in the opposite one: it takes no more requests, finishes the
 * rounds it has, says good-bye, flushes, closes.
 *
 * Invariants: it serves only what has recovered and joined; every way out ends in `stopped` or
 * `failed`; after a fatal error nothing is flushed, because a disk that failed a sync is not to be
 * trusted with another.
 */
import { assign, sendTo, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import type { ReplicaEffects, ReplicaReport } from '../replica/lifecycle.machine.js';
import { replicaChart, replicaLifecycleMachine } from '../replica/lifecycle.machine.js';

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
  | ReplicaReport
  | { readonly type: 'bus.connected' }
  | { readonly type: 'cluster.joined' }
  | { readonly type: 'rounds.finished' }
  | { readonly type: 'stop.requested' }
  /** It is no member any more, and the others hold all that it held: it ends as if told to stop. */
  | { readonly type: 'cluster.left' }
  /** Another process speaks with this node's id, the bus was closed, …: it can't go on. */
  | { readonly type: 'fatal.happened'; readonly error: Error };

interface NodeContext {
  readonly error: Error | undefined;
}

export const nodeMachine = setup({
  types: {
    context: {} as NodeContext,
    events: {} as NodeEvent,
  },
  actors: { replica: replicaLifecycleMachine },
  actions: {
    connect: toBeProvided,
    join: toBeProvided,
    openWaysIn: toBeProvided,
    drainRounds: toBeProvided,
    leaveCluster: toBeProvided,
    stopReplica: sendTo('replica', { type: 'stop.requested' }),
    abandonAll: toBeProvided,
    noteError: assign(({ event, context }) => ({
      error: 'error' in event ? event.error : context.error,
    })),
  },
}).createMachine({
  id: 'node',
  context: { error: undefined },
  invoke: { id: 'replica', src: 'replica' },
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
      on: {
        'cluster.joined': 'serving',
        'cluster.left': 'closing',
        'stop.requested': 'closing',
      },
    },
    serving: {
      entry: 'openWaysIn',
      on: { 'cluster.left': 'draining', 'stop.requested': 'draining' },
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

export function nodeChart(effects: NodeEffects): typeof nodeMachine {
  return nodeMachine.provide({
    actors: { replica: replicaChart(effects.replica) },
    actions: {
      connect: () => effects.connect(),
      join: () => effects.join(),
      openWaysIn: () => effects.open(),
      drainRounds: () => effects.drain(),
      leaveCluster: () => effects.leave(),
      abandonAll: () => effects.abandon(),
    },
  });
}
