/**
 * Forgets tombstones and surplus context entries, one batch of keys of one partition at a time. Run
 * by every node for the partitions whose first primary it is.
 *
 * Invariants: nothing is forgotten before everybody who may hold it has answered the survey; this
 * node is the last to forget, after everyone else has acknowledged, because blind puts are ordered
 * here and must build on the tombstone as long as anyone holds it. Whatever goes wrong leaves the
 * state somewhere, from where tree exchange brings it back: the next pass begins afresh.
 */
import { setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import { limits } from '../rules/limits.js';

export interface CollectionEffects {
  /** Looks at the next keys: `candidates.found` or `candidates.none`. */
  look(): void;
  /**
   * Asks all who may hold the candidates: `survey.agreed`, `survey.refused` when no key is agreed
   * on.
   */
  survey(): void;
  /** Tells the others to forget: `others.forgot` or `survey.refused`. */
  forgetElsewhere(): void;
  /** Forgets here: `self.forgot`, `more` where many of the same kind are known to wait. */
  forgetHere(): void;
  /** Stops listening for answers. */
  abandon(): void;
}

export type CollectionEvent =
  | { readonly type: 'candidates.found' }
  | { readonly type: 'candidates.none' }
  | { readonly type: 'survey.agreed' }
  | { readonly type: 'survey.refused' }
  | { readonly type: 'others.forgot' }
  | { readonly type: 'self.forgot'; readonly more: boolean };

export const collectionMachine = setup({
  types: { events: {} as CollectionEvent },
  actions: {
    lookAtNextKeys: toBeProvided,
    askAllMembers: toBeProvided,
    tellOthersToForget: toBeProvided,
    forgetHere: toBeProvided,
    abandonCalls: toBeProvided,
  },
  guards: {
    moreWait: ({ event }) => event.type === 'self.forgot' && event.more,
  },
  delays: {
    tick: limits.collectionTickMs,
    pause: limits.collectionPauseMs,
    callDeadline: limits.backgroundCallMsMax,
  },
}).createMachine({
  id: 'collection',
  initial: 'resting',
  states: {
    resting: { after: { tick: 'looking' } },
    pausing: { after: { pause: 'looking' } },
    looking: {
      entry: 'lookAtNextKeys',
      on: { 'candidates.found': 'surveying', 'candidates.none': 'resting' },
    },
    surveying: {
      entry: 'askAllMembers',
      exit: 'abandonCalls',
      on: { 'survey.agreed': 'forgettingElsewhere', 'survey.refused': 'resting' },
      after: { callDeadline: 'resting' },
    },
    forgettingElsewhere: {
      entry: 'tellOthersToForget',
      exit: 'abandonCalls',
      on: { 'others.forgot': 'forgettingHere', 'survey.refused': 'resting' },
      after: { callDeadline: 'resting' },
    },
    forgettingHere: {
      entry: 'forgetHere',
      on: { 'self.forgot': [{ guard: 'moreWait', target: 'pausing' }, 'resting'] },
    },
  },
});

export function collectionChart(effects: CollectionEffects): typeof collectionMachine {
  return collectionMachine.provide({
    actions: {
      lookAtNextKeys: () => effects.look(),
      askAllMembers: () => effects.survey(),
      tellOthersToForget: () => effects.forgetElsewhere(),
      forgetHere: () => effects.forgetHere(),
      abandonCalls: () => effects.abandon(),
    },
  });
}
