/**
 * How the story goes: a scene is offered, done when somebody wants it, and over when what it is
 * about can be seen. Nothing is taken for seen because it was asked for, or because time passed.
 */
import { assign, fromPromise, setup } from 'xstate';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { StoryFacts } from './facts.js';
import { scenes, type Cast, type Deeds, type Scene, type Stage } from './scenes.js';

export type StoryEvent =
  | { readonly type: 'facts.came'; readonly facts: StoryFacts }
  | { readonly type: 'scene.wanted' }
  | { readonly type: 'next.wanted' }
  | { readonly type: 'beginning.wanted' };

interface StoryInput {
  readonly deeds: Deeds;
}

export interface StoryContext extends StoryInput {
  /** Which of `scenes`. */
  readonly scene: number;
  readonly cast: Cast;
  readonly facts: StoryFacts | undefined;
  /** Why the scene could not be done. */
  readonly failure: string | undefined;
}

interface ActInput {
  readonly scene: number;
  readonly stage: Stage;
}

const atTheBeginning = { scene: 0, cast: {}, failure: undefined };

export const storyMachine = setup({
  types: {
    context: {} as StoryContext,
    events: {} as StoryEvent,
    input: {} as StoryInput,
  },
  actors: {
    act: fromPromise<Cast, ActInput>(({ input }) => sceneOf(input).act(input.stage)),
  },
  guards: {
    factsKnown: ({ context }) => context.facts !== undefined,
    isSeen: ({ context }) => isSeen(context),
    sawItUnasked: ({ context, event }) =>
      event.type === 'facts.came' &&
      sceneOf(context).isAnybodys === true &&
      isSeen({ ...context, facts: event.facts }),
    flowsOn: ({ context }) => sceneOf(context).flowsOn === true,
    isLast: ({ context }) => context.scene === scenes.length - 1,
  },
  actions: {
    keepFacts: assign(({ event }) => (event.type === 'facts.came' ? { facts: event.facts } : {})),
    keepCast: assign(({ context }, known: Cast) => ({ cast: { ...context.cast, ...known } })),
    castPlayers: assign(({ context }) => ({ cast: castOf(context) })),
    keepFailure: assign((_, failure: string) => ({ failure })),
    dropFailure: assign({ failure: undefined }),
    takeNextScene: assign(({ context }) => ({ scene: context.scene + 1 })),
    beginAnew: assign(atTheBeginning),
  },
  delays: { lateness: dashboardLimits.storySceneMsMax },
}).createMachine({
  id: 'story',
  context: ({ input }) => ({ ...input, ...atTheBeginning, facts: undefined }),
  initial: 'offered',
  on: {
    'facts.came': { actions: 'keepFacts' },
    'beginning.wanted': { target: '.offered', actions: 'beginAnew' },
  },
  states: {
    offered: {
      on: {
        'scene.wanted': { guard: 'factsKnown', target: 'underway' },
        'facts.came': [
          { guard: 'sawItUnasked', target: 'seen', actions: 'keepFacts' },
          { actions: 'keepFacts' },
        ],
      },
    },
    underway: {
      entry: 'dropFailure',
      invoke: {
        src: 'act',
        input: ({ context: { scene, facts, cast, deeds } }) => ({
          scene,
          stage: { facts: facts!, cast, deeds },
        }),
        onDone: {
          target: 'awaited',
          actions: { type: 'keepCast', params: ({ event }) => event.output },
        },
        onError: {
          target: 'refused',
          actions: { type: 'keepFailure', params: ({ event }) => reasonOf(event.error) },
        },
      },
    },
    awaited: {
      initial: 'expected',
      always: { guard: 'isSeen', target: 'seen' },
      states: {
        expected: { after: { lateness: 'late' } },
        late: {},
      },
    },
    refused: { on: { 'scene.wanted': 'underway' } },
    seen: {
      entry: 'castPlayers',
      always: { guard: 'flowsOn', target: 'underway', actions: 'takeNextScene' },
      on: {
        'next.wanted': [
          { guard: 'isLast', target: 'told' },
          { target: 'offered', actions: 'takeNextScene' },
        ],
      },
    },
    told: {},
  },
});

export function sceneOf({ scene }: Pick<StoryContext, 'scene'>): Scene {
  return scenes[scene]!;
}

function isSeen({ scene, facts, cast }: StoryContext): boolean {
  return facts !== undefined && sceneOf({ scene }).isSeen(facts, cast);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function castOf({ scene, facts, cast }: StoryContext): Cast {
  if (facts === undefined) return cast;
  return { ...cast, ...sceneOf({ scene }).castOf?.(facts, cast) };
}
