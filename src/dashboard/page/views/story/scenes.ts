/**
 * The script of the story: what is done in each scene, and what must be seen before it goes on.
 * Nothing in it goes by the time that has passed.
 */
import {
  downPrimary,
  hintFor,
  holds,
  isDown,
  isQuiet,
  livingPrimariesHold,
  type StoryFacts,
} from './facts.js';

/** The values of the key, in their order. */
export const carts = {
  first: 'apple',
  second: 'apple, bread',
  ofOne: 'apple, bread, milk',
  ofOther: 'apple, bread, soap',
  merged: 'apple, bread, milk, soap',
  last: 'apple, bread, milk, soap, tea',
} as const;

/** Who plays what; known as the story goes on. */
export interface Cast {
  /** The primary that goes away. */
  readonly victim?: string;
  /** Who holds the hint for it. */
  readonly holder?: string;
  /** Of the last put. */
  readonly receipt?: string;
}

/** What can be done to the cluster. Each rejects with why it could not. */
export interface Deeds {
  /** Gives the receipt. */
  put(value: string, context?: string): Promise<string>;
  /** Gives the context of all there is. */
  read(): Promise<string>;
  kill(node: string): Promise<void>;
  restart(node: string): Promise<void>;
}

export interface Stage {
  readonly facts: StoryFacts;
  readonly cast: Cast;
  readonly deeds: Deeds;
}

export interface Scene {
  readonly name: string;
  readonly chapter: ChapterName;
  /** Gives what it leaves of the cast. */
  act(stage: Stage): Promise<Cast>;
  isSeen(facts: StoryFacts, cast: Cast): boolean;
  /** Who turned out to play what, once it is seen. */
  castOf?(facts: StoryFacts, cast: Cast): Cast;
  /** Who watches may do it with the buttons of the nodes just as well. */
  readonly isAnybodys?: true;
  /** Once it is seen the next one begins by itself. */
  readonly flowsOn?: true;
}

export const chapterNames = ['put', 'kill', 'standIn', 'return', 'conflict', 'exchange'] as const;
export type ChapterName = (typeof chapterNames)[number];

export const scenes: readonly Scene[] = [
  {
    name: 'put',
    chapter: 'put',
    act: async ({ deeds }) => ({ receipt: await deeds.put(carts.first) }),
    isSeen: (facts) =>
      downPrimary(facts) === undefined && livingPrimariesHold(facts, [carts.first]),
  },
  {
    name: 'kill',
    chapter: 'kill',
    act: async ({ facts, deeds }) => {
      const victim = victimOf(facts);
      await deeds.kill(victim);
      return { victim };
    },
    isSeen: (facts) => downPrimary(facts) !== undefined,
    castOf: (facts) => victimNow(facts),
    isAnybodys: true,
  },
  {
    name: 'standIn',
    chapter: 'standIn',
    act: async ({ deeds }) => ({ receipt: await deeds.put(carts.second) }),
    isSeen: (facts, { victim }) =>
      hintFor(facts, victim) !== undefined && livingPrimariesHold(facts, [carts.second]),
    castOf: (facts, { victim }) => holderNow(facts, victim),
  },
  {
    name: 'return',
    chapter: 'return',
    act: ({ deeds, cast }) => restarted(deeds, cast.victim),
    isSeen: (facts, { victim }) => isBackWith(facts, victim, carts.second) && isQuiet(facts),
    isAnybodys: true,
  },
  {
    name: 'part',
    chapter: 'conflict',
    act: async ({ deeds }) => {
      const seen = await deeds.read();
      await deeds.put(carts.ofOne, seen);
      return { receipt: await deeds.put(carts.ofOther, seen) };
    },
    isSeen: (facts) => livingPrimariesHold(facts, [carts.ofOne, carts.ofOther]),
  },
  {
    name: 'merge',
    chapter: 'conflict',
    act: async ({ deeds }) => ({ receipt: await deeds.put(carts.merged, await deeds.read()) }),
    isSeen: (facts) => livingPrimariesHold(facts, [carts.merged]),
  },
  {
    name: 'miss',
    chapter: 'exchange',
    act: async ({ facts, deeds }) => {
      const victim = victimOf(facts);
      // It may be down since a first try, whose put was refused.
      if (!isDown(facts, victim)) await deeds.kill(victim);
      return { victim, receipt: await deeds.put(carts.last) };
    },
    isSeen: (facts, { victim }) =>
      isDown(facts, victim) &&
      hintFor(facts, victim) !== undefined &&
      livingPrimariesHold(facts, [carts.last]),
    castOf: (facts, { victim }) => holderNow(facts, victim),
    flowsOn: true,
  },
  {
    name: 'lose',
    chapter: 'exchange',
    act: async ({ deeds, cast }) => {
      if (cast.holder !== undefined) await deeds.kill(cast.holder);
      return {};
    },
    isSeen: (facts, { holder }) => isDown(facts, holder),
    flowsOn: true,
  },
  {
    name: 'compare',
    chapter: 'exchange',
    act: ({ deeds, cast }) => restarted(deeds, cast.victim),
    isSeen: (facts, { victim, holder }) =>
      isDown(facts, holder) && isBackWith(facts, victim, carts.last),
    flowsOn: true,
  },
  {
    name: 'mend',
    chapter: 'exchange',
    act: ({ deeds, cast }) => restarted(deeds, cast.holder),
    isSeen: (facts) => isQuiet(facts),
  },
];

/** The last primary: the first one coordinates, and goes on doing so. */
function victimOf(facts: StoryFacts): string {
  const victim = facts.primaries.at(-1);
  if (victim === undefined) throw new Error('no node is known to hold the key');
  return victim;
}

function victimNow(facts: StoryFacts): Cast {
  const victim = downPrimary(facts);
  return victim === undefined ? {} : { victim };
}

function holderNow(facts: StoryFacts, victim: string | undefined): Cast {
  const hint = hintFor(facts, victim);
  return hint === undefined ? {} : { holder: hint.holder };
}

function isBackWith(facts: StoryFacts, node: string | undefined, value: string): boolean {
  return !isDown(facts, node) && holds(facts, node, [value]);
}

async function restarted(deeds: Deeds, node: string | undefined): Promise<Cast> {
  if (node !== undefined) await deeds.restart(node);
  return {};
}
