/**
 * Drops what this node holds of keys that are not its own any more, a batch of keys of one
 * partition at a time, once each of their owners holds all of it.
 *
 * Invariants: nothing is dropped before every owner has said that it holds this very state or one
 * that has replaced it, or has acknowledged that it merged it, on its disk, each going by the same
 * layout; what changed meanwhile stays. They are not compared again after a push: who has merged
 * may hold more than was sent. An owner who can't be reached, or refuses, stops the partition;
 * others go on.
 */
import { assign, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import { limits } from '../rules/limits.js';
import { transferLimits } from '../rules/limits/transfer.js';

export interface ReleaseEffects {
  /** Looks at the next keys: `strays.found`, `strays.none` or `pass.ended`. */
  look(): void;
  /** Asks all owners to which of them what is news: `owners.equal`, `owners.differ`, … */
  compare(): void;
  /** Sends the next states to an owner who holds others: `states.pushed` or `owner.missing`. */
  push(): void;
  /** Drops what still is the same: `strays.dropped`. */
  drop(): void;
  /** Leaves the partition as it is until the next pass. */
  setAside(): void;
  /** Stops listening for answers. */
  giveUp(): void;
  /** How long to rest after a batch of keys. */
  restMs(): number;
}

export type ReleaseEvent =
  /** Owners are others than before. */
  | { readonly type: 'layout.changed' }
  | { readonly type: 'strays.found' }
  /** Among the keys that were looked at; there are others. */
  | { readonly type: 'strays.none' }
  /** All keys were looked at. */
  | { readonly type: 'pass.ended' }
  | { readonly type: 'owners.equal' }
  | { readonly type: 'owners.differ' }
  /** One did not answer, or refused. */
  | { readonly type: 'owner.missing' }
  /** It is durable there; complete: all owners hold all states. */
  | { readonly type: 'states.pushed'; readonly complete: boolean }
  | { readonly type: 'strays.dropped' };

interface ReleaseContext {
  readonly restMs: number;
}

export const releaseMachine = setup({
  types: { context: {} as ReleaseContext, events: {} as ReleaseEvent },
  actions: {
    lookAtNextKeys: toBeProvided,
    askOwners: toBeProvided,
    pushStates: toBeProvided,
    dropStrays: toBeProvided,
    setPartitionAside: toBeProvided,
    giveUpCalls: toBeProvided,
    planRest: assign(() => ({ restMs: toBeProvided() })),
  },
  guards: {
    pushedAll: ({ event }) => event.type === 'states.pushed' && event.complete,
  },
  delays: {
    callDeadline: limits.backgroundCallMsMax,
    rest: ({ context }) => context.restMs,
    interval: transferLimits.releaseIntervalMs,
  },
}).createMachine({
  id: 'release',
  context: { restMs: 0 },
  initial: 'resting',
  on: { 'layout.changed': '.looking' },
  states: {
    resting: { after: { interval: 'looking' } },
    looking: {
      entry: 'lookAtNextKeys',
      on: { 'strays.found': 'comparing', 'strays.none': 'pacing', 'pass.ended': 'resting' },
    },
    comparing: {
      entry: 'askOwners',
      exit: 'giveUpCalls',
      on: {
        'owners.equal': 'dropping',
        'owners.differ': 'pushing',
        'owner.missing': { target: 'pacing', actions: 'setPartitionAside' },
      },
      after: { callDeadline: { target: 'pacing', actions: 'setPartitionAside' } },
    },
    pushing: {
      entry: 'pushStates',
      exit: 'giveUpCalls',
      on: {
        'states.pushed': [
          { guard: 'pushedAll', target: 'dropping' },
          { target: 'pushing', reenter: true },
        ],
        'owner.missing': { target: 'pacing', actions: 'setPartitionAside' },
      },
      after: { callDeadline: { target: 'pacing', actions: 'setPartitionAside' } },
    },
    dropping: { entry: 'dropStrays', on: { 'strays.dropped': 'pacing' } },
    pacing: { entry: 'planRest', after: { rest: 'looking' } },
  },
});

export function releaseChart(effects: ReleaseEffects): typeof releaseMachine {
  return releaseMachine.provide({
    actions: {
      lookAtNextKeys: () => effects.look(),
      askOwners: () => effects.compare(),
      pushStates: () => effects.push(),
      dropStrays: () => effects.drop(),
      setPartitionAside: () => effects.setAside(),
      giveUpCalls: () => effects.giveUp(),
      planRest: assign(() => ({ restMs: effects.restMs() })),
    },
  });
}
