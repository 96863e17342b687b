/**
 * The life of one watch at the node that serves it: how far it is, whether its listener keeps up,
 * and whether enough nodes are heard. It never goes silent: it beats while it lives, and its end is
 * told with the reason.
 *
 * Invariants: "up to date" is said only when all that is followed was told up to its end, and again
 * after each time it was not so; whoever is sent the keys of a partition anew is told so before
 * them.
 */
import { setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import { watchLimits } from '../rules/limits/watch.js';

export interface WatchEffects {
  /** `caughtUp` once all was told that there is now, maybe at once. */
  look(): void;
  /** All that is known was told; the listener hears that it is up to date. */
  tellUpToDate(): void;
  /** It can't be told what changed: all keys of some partitions come instead. */
  tellResynced(): void;
  tellHeartbeat(): void;
  /** The listener does not take what it is sent; or too few nodes are heard. */
  tellBehind(because: 'listener' | 'nodes'): void;
  tellEnded(because: 'silent' | 'stopping' | 'unstarted' | 'asked' | 'removed'): void;
  /** Follows nothing any more. */
  release(): void;
}

export type WatchEvent =
  /** It is known where to begin. */
  | { readonly type: 'followed' }
  /** All that is followed was told up to its end. */
  | { readonly type: 'caughtUp' }
  /** From now on keys of some partitions are sent anew. */
  | { readonly type: 'place.lost' }
  /** Too few readers of some partition are heard; enough of all. */
  | { readonly type: 'sight.lost' }
  | { readonly type: 'sight.back' }
  | { readonly type: 'listener.heard' }
  /** It has acknowledged too little; enough. */
  | { readonly type: 'listener.full' }
  | { readonly type: 'listener.hasRoom' }
  | { readonly type: 'listener.left' }
  /** It is served no more. */
  | { readonly type: 'bucket.removed' }
  | { readonly type: 'node.stops' };

interface WatchContext {
  /** Something is told that was before: values, or what came after a cursor. */
  readonly looksBack: boolean;
}

export const watchMachine = setup({
  types: {
    context: {} as WatchContext,
    events: {} as WatchEvent,
    input: {} as WatchContext,
  },
  actions: {
    look: toBeProvided,
    tellUpToDate: toBeProvided,
    tellResynced: toBeProvided,
    tellHeartbeat: toBeProvided,
    tellSlowListener: toBeProvided,
    tellFewNodes: toBeProvided,
    tellSilence: toBeProvided,
    tellStop: toBeProvided,
    tellNoStart: toBeProvided,
    tellRemoval: toBeProvided,
    tellEnd: toBeProvided,
    release: toBeProvided,
  },
  guards: { looksBack: ({ context }) => context.looksBack },
  delays: {
    start: 2 * watchLimits.startMsMax,
    settle: watchLimits.settleMs,
    beat: watchLimits.heartbeatMs,
    slow: watchLimits.slowListenerMs,
    silence: watchLimits.silentListenerMs,
  },
}).createMachine({
  id: 'watch',
  context: ({ input }) => ({ looksBack: input.looksBack }),
  initial: 'serving',
  states: {
    serving: {
      type: 'parallel',
      on: {
        'listener.left': { target: 'ended', actions: 'tellEnd' },
        'bucket.removed': { target: 'ended', actions: 'tellRemoval' },
        'node.stops': { target: 'ended', actions: 'tellStop' },
      },
      states: {
        progress: {
          initial: 'starting',
          states: {
            starting: {
              on: {
                followed: [{ guard: 'looksBack', target: 'catchingUp' }, { target: 'settling' }],
              },
              after: { start: { target: '#watch.ended', actions: 'tellNoStart' } },
            },
            settling: { on: { 'place.lost': 'resynchronising' }, after: { settle: 'catchingUp' } },
            catchingUp: {
              entry: 'look',
              on: { caughtUp: 'upToDate', 'place.lost': 'resynchronising' },
            },
            upToDate: {
              entry: 'tellUpToDate',
              on: {
                caughtUp: { target: 'upToDate', reenter: true },
                'place.lost': 'resynchronising',
              },
            },
            resynchronising: {
              entry: 'tellResynced',
              on: {
                caughtUp: 'upToDate',
                'place.lost': { target: 'resynchronising', reenter: true },
              },
            },
          },
        },
        sight: {
          initial: 'seeing',
          states: {
            seeing: { on: { 'sight.lost': 'blind' } },
            blind: {
              entry: 'tellFewNodes',
              on: { 'sight.back': { target: 'seeing', actions: 'look' } },
            },
          },
        },
        listener: {
          initial: 'taking',
          states: {
            taking: { on: { 'listener.full': 'full' } },
            full: { on: { 'listener.hasRoom': 'taking' }, after: { slow: 'behind' } },
            behind: {
              entry: 'tellSlowListener',
              on: { 'listener.hasRoom': { target: 'taking', actions: 'look' } },
            },
          },
        },
        word: {
          initial: 'heard',
          states: {
            heard: {
              on: { 'listener.heard': { target: 'heard', reenter: true } },
              after: { silence: { target: '#watch.ended', actions: 'tellSilence' } },
            },
          },
        },
        heart: {
          initial: 'beating',
          states: {
            beating: {
              after: { beat: { target: 'beating', reenter: true, actions: 'tellHeartbeat' } },
            },
          },
        },
      },
    },
    ended: { type: 'final', entry: 'release' },
  },
});

export function watchChart(effects: WatchEffects): typeof watchMachine {
  return watchMachine.provide({
    actions: {
      look: () => effects.look(),
      tellUpToDate: () => effects.tellUpToDate(),
      tellResynced: () => effects.tellResynced(),
      tellHeartbeat: () => effects.tellHeartbeat(),
      tellSlowListener: () => effects.tellBehind('listener'),
      tellFewNodes: () => effects.tellBehind('nodes'),
      tellSilence: () => effects.tellEnded('silent'),
      tellStop: () => effects.tellEnded('stopping'),
      tellNoStart: () => effects.tellEnded('unstarted'),
      tellRemoval: () => effects.tellEnded('removed'),
      tellEnd: () => effects.tellEnded('asked'),
      release: () => effects.release(),
    },
  });
}
