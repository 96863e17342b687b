/**
 * The life of a node's replica: its store from recovery to the last flush, and whether it takes
 * writes. A child of the node's machine, to which it reports.
 *
 * Invariants: the store is closed once, and only after it has recovered; a disk that fills up ends
 * writing, not serving, and writing begins again when no part of the store misses room; writes are
 * taken in `serving` and nowhere else.
 */
import { assign, sendTo, setup, type AnyActorRef } from 'xstate';
import { toBeProvided } from '../provided.js';

/** What of a store may find no room. */
export type DiskPart =
  | 'log'
  | 'tables'
  /** Without a lease of epochs nothing can be minted. */
  | 'lease';

export type NoWrites = 'diskFull' | 'diskFailed' | 'closing';

export interface ReplicaEffects {
  /**
   * Reads the disk and tells `store.recovered` or `store.failed`; and of the disk, from now on.
   * No write is taken yet.
   */
  recover(tell: (event: ReplicaEvent) => void): void;
  takeWrites(): void;
  refuseWrites(because: NoWrites): void;
  /** Flushes and closes: `store.closed` or `store.failed`. */
  close(): void;
}

export type ReplicaEvent =
  | { readonly type: 'store.recovered' }
  | { readonly type: 'store.failed'; readonly error: Error }
  | { readonly type: 'store.closed' }
  | { readonly type: 'disk.full'; readonly part: DiskPart }
  | { readonly type: 'disk.writable'; readonly part: DiskPart }
  | { readonly type: 'stop.requested' };

/** What the node is told. */
export type ReplicaReport =
  | { readonly type: 'replica.recovered' }
  | { readonly type: 'replica.stopped' }
  | { readonly type: 'replica.failed'; readonly error: Error };

export interface ReplicaContext {
  /** Parts that miss room. */
  readonly full: readonly DiskPart[];
}

/** A replica without a node, as in tests, tells itself, to whom it means nothing. */
const node = ({ self }: { readonly self: AnyActorRef }): AnyActorRef => self._parent ?? self;

export const replicaLifecycleMachine = setup({
  types: {
    context: {} as ReplicaContext,
    events: {} as ReplicaEvent,
  },
  guards: {
    isFull: ({ context }) => context.full.length > 0,
    hasRoom: ({ context }) => context.full.length === 0,
  },
  actions: {
    recoverStore: toBeProvided,
    takeWrites: toBeProvided,
    refuseWrites: (_args, _params: { readonly because: NoWrites }) => toBeProvided(),
    closeStore: toBeProvided,
    noteFull: assign(({ context, event }) =>
      event.type === 'disk.full' ? { full: [...without(event.part, context), event.part] } : {},
    ),
    noteRoom: assign(({ context, event }) =>
      event.type === 'disk.writable' ? { full: without(event.part, context) } : {},
    ),
    tellRecovered: sendTo(node, { type: 'replica.recovered' } satisfies ReplicaReport),
    tellStopped: sendTo(node, { type: 'replica.stopped' } satisfies ReplicaReport),
    tellFailed: sendTo(node, ({ event }): ReplicaReport => ({
      type: 'replica.failed',
      error: 'error' in event ? event.error : new Error('the replica failed'),
    })),
  },
}).createMachine({
  id: 'replica',
  context: { full: [] },
  initial: 'recovering',
  on: {
    'store.failed': '.failed',
    'disk.full': { actions: 'noteFull' },
    'disk.writable': { actions: 'noteRoom' },
  },
  states: {
    recovering: {
      entry: 'recoverStore',
      on: {
        'store.recovered': [
          { guard: 'isFull', target: 'readOnly', actions: 'tellRecovered' },
          { target: 'serving', actions: 'tellRecovered' },
        ],
        'stop.requested': 'recoveringToStop',
      },
    },
    /** A recovery can't be broken off; what it read is closed in good order. */
    recoveringToStop: { on: { 'store.recovered': 'stopping' } },
    serving: {
      entry: 'takeWrites',
      always: { guard: 'isFull', target: 'readOnly' },
      on: { 'stop.requested': 'stopping' },
    },
    readOnly: {
      entry: { type: 'refuseWrites', params: { because: 'diskFull' } },
      always: { guard: 'hasRoom', target: 'serving' },
      on: { 'stop.requested': 'stopping' },
    },
    stopping: {
      entry: [{ type: 'refuseWrites', params: { because: 'closing' } }, 'closeStore'],
      on: { 'store.closed': { target: 'stopped', actions: 'tellStopped' } },
    },
    stopped: { type: 'final' },
    failed: {
      type: 'final',
      entry: [{ type: 'refuseWrites', params: { because: 'diskFailed' } }, 'tellFailed'],
    },
  },
});

function without(part: DiskPart, { full }: ReplicaContext): readonly DiskPart[] {
  return full.filter((other) => other !== part);
}

export function replicaChart(effects: ReplicaEffects): typeof replicaLifecycleMachine {
  return replicaLifecycleMachine.provide({
    actions: {
      recoverStore: ({ self }) => effects.recover((event) => self.send(event)),
      takeWrites: () => effects.takeWrites(),
      refuseWrites: (_args, { because }) => effects.refuseWrites(because),
      closeStore: () => effects.close(),
    },
  });
}
