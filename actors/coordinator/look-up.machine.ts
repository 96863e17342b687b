/**
 * Looking up what contexts claim beyond what their coordinator holds. A claim covers a value only
 * once somebody has shown that it was written: the other primaries are asked, then those who stand
 * in for primaries. It ends as soon as all claims are found; what nobody has shown by then covers
 * nothing. When everybody was asked and has answered, they are asked once more: a hint may have
 * gone from one that had not answered yet to one that had. What is left then is nowhere
 * (collected, pruned, or never written); else it may show when somebody is back.
 */
import { and, assign, setup } from 'xstate';
import type { NodeId } from '../rules/actor.js';

export interface LookUpPlan {
  readonly self: NodeId;
  /** Those who are sent every write: on both sides, while the partition moves. */
  readonly primaries: readonly NodeId[];
  /** In the order in which they stand in for primaries. */
  readonly fallbacks: readonly NodeId[];
  /** Believed down: not asked. */
  readonly down: readonly NodeId[];
}

export interface LookUpEffects {
  /** The answer comes back as a `replica.…` event. */
  ask(node: NodeId): void;
  /** What was found is all there will be. `isAllFound`: no node holds more of it. */
  finish(isAllFound: boolean): void;
}

export interface LookUpInput {
  readonly plan: LookUpPlan;
  readonly effects: LookUpEffects;
}

interface LookUpContext extends LookUpInput {
  /** Asked, and silent so far. */
  readonly silent: readonly NodeId[];
  /** So far nobody was left out, gone, or refused. */
  readonly allAnswered: boolean;
}

export type LookUpEvent =
  /** `foundAll`: no claim is left to look for. */
  | { readonly type: 'replica.answered'; readonly node: NodeId; readonly foundAll: boolean }
  | { readonly type: 'replica.outOfReach'; readonly node: NodeId }
  | { readonly type: 'replica.refused'; readonly node: NodeId }
  | { readonly type: 'time.isUp' };

function primariesToAsk({ self, primaries, down }: LookUpPlan): readonly NodeId[] {
  return primaries.filter((node) => node !== self && !down.includes(node));
}

/** As many as there are primaries: no more can have stood in for them at once. */
export function standInsToAsk(plan: LookUpPlan): readonly NodeId[] {
  const { self, primaries, fallbacks, down } = plan;
  return fallbacks
    .filter((node) => node !== self && !down.includes(node))
    .slice(0, primaries.length);
}

/** Whether every node there is can be asked: in a large cluster not. */
export function leavesNobodyOut(plan: LookUpPlan): boolean {
  const { self, primaries, fallbacks, down } = plan;
  const standIns = standInsToAsk(plan);
  return (
    primaries.every((node) => node === self || !down.includes(node)) &&
    fallbacks.every((node) => node === self || standIns.includes(node))
  );
}

export const lookUpMachine = setup({
  types: {
    input: {} as LookUpInput,
    context: {} as LookUpContext,
    events: {} as LookUpEvent,
  },
  guards: {
    foundAll: ({ event }) => event.type === 'replica.answered' && event.foundAll,
    nobodyIsSilent: ({ context }) => context.silent.length === 0,
    standInsWereAsked: ({ context }) => standInsToAsk(context.plan).length > 0,
    allAnswered: ({ context }) => context.silent.length === 0 && context.allAnswered,
  },
  actions: {
    choosePrimaries: assign(({ context }) => ({ silent: primariesToAsk(context.plan) })),
    chooseStandIns: assign(({ context }) => ({ silent: standInsToAsk(context.plan) })),
    chooseAll: assign(({ context: { plan } }) => ({
      silent: [...primariesToAsk(plan), ...standInsToAsk(plan)],
    })),
    ask: ({ context: { silent, effects } }) => {
      for (const node of silent) effects.ask(node);
    },
    strike: assign(({ context, event }) =>
      'node' in event ? { silent: context.silent.filter((node) => node !== event.node) } : {},
    ),
    noteNoAnswer: assign({ allAnswered: false }),
    finishWithAll: ({ context }) => context.effects.finish(true),
    finishWithPart: ({ context }) => context.effects.finish(false),
  },
}).createMachine({
  id: 'lookUp',
  context: ({ input }) => ({ ...input, silent: [], allAnswered: leavesNobodyOut(input.plan) }),
  initial: 'askingPrimaries',
  on: {
    'replica.answered': [{ guard: 'foundAll', target: '.found' }, { actions: 'strike' }],
    'replica.outOfReach': { actions: ['noteNoAnswer', 'strike'] },
    'replica.refused': { actions: ['noteNoAnswer', 'strike'] },
    'time.isUp': { target: '.notFound' },
  },
  states: {
    askingPrimaries: {
      entry: ['choosePrimaries', 'ask'],
      always: { guard: 'nobodyIsSilent', target: 'askingStandIns' },
    },
    askingStandIns: {
      description: 'What was written while primaries were away may still lie where their hints do.',
      entry: ['chooseStandIns', 'ask'],
      always: [
        { guard: and(['allAnswered', 'standInsWereAsked']), target: 'askingAgain' },
        { guard: 'allAnswered', target: 'nowhere' },
        { guard: 'nobodyIsSilent', target: 'notFound' },
      ],
    },
    askingAgain: {
      description: 'What they hold for others moves while they are asked.',
      entry: ['chooseAll', 'ask'],
      always: [
        { guard: 'allAnswered', target: 'nowhere' },
        { guard: 'nobodyIsSilent', target: 'notFound' },
      ],
    },
    found: { type: 'final', entry: 'finishWithAll' },
    nowhere: { type: 'final', entry: 'finishWithAll' },
    notFound: { type: 'final', entry: 'finishWithPart' },
  },
});
