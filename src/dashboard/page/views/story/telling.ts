/** The story in words: what each scene says before, while and after it is seen. */
import { listed } from '../../parts/listed.js';
import { hintFor, nameIn, type StoryFacts } from './facts.js';
import { carts, type Cast, type ChapterName } from './scenes.js';

export const chapterTitles: Readonly<Record<ChapterName, string>> = {
  put: 'Put a key',
  kill: 'Kill a node',
  standIn: 'Put while it is down',
  return: 'Let it return',
  conflict: 'Put twice at once',
  exchange: 'Lose the hint as well',
};

export interface Telling {
  /** What will happen, and why. */
  readonly says: string;
  /** What the button says. */
  readonly does: string;
  readonly awaits: string;
  readonly saw: string;
}

/** The name of a scene gives its words. */
export function tellingOf(scene: string, facts: StoryFacts, cast: Cast): Telling {
  return tellings[scene]!(playersOf(facts, cast));
}

interface Players {
  readonly primaries: string;
  readonly victim: string;
  readonly holder: string;
  readonly hints: string;
  readonly receipt: string;
  /** The first node that may stand in; undefined: all are primaries. */
  readonly fallback: string | undefined;
}

function playersOf(facts: StoryFacts, cast: Cast): Players {
  const { primaries, nodes } = facts;
  const { victim = primaries.at(-1), holder, receipt } = cast;
  const fallback = nodes.find(({ id, isDown }) => !primaries.includes(id) && !isDown);
  const count = hintFor(facts, victim)?.count ?? 1;
  return {
    primaries: listed(primaries.map((id) => nameIn(facts, id))),
    victim: nameIn(facts, victim),
    holder: nameIn(facts, holder),
    hints: count === 1 ? 'a hint' : `${count} hints`,
    receipt: receipt === undefined ? '' : ` The receipt: ${receipt}.`,
    fallback: fallback?.name,
  };
}

const tellings: Readonly<Record<string, (players: Players) => Telling>> = {
  put: ({ primaries, receipt }) => ({
    says: `A key lives on a few nodes, its primaries: here ${primaries}. Put one, and see each of them keep it.`,
    does: `Put cart = ${quoted(carts.first)}`,
    awaits: `Waiting until ${primaries} hold it.`,
    saw: `${primaries} hold ${quoted(carts.first)}, on disk.${receipt}`,
  }),
  kill: ({ victim }) => ({
    says: `kill -9 ends ${victim} in the middle of whatever it does. It says no good-bye: the others must find out by themselves.`,
    does: `kill -9 ${victim}`,
    awaits: `Waiting until the others call ${victim} down. They ask it before they do.`,
    saw: `The others asked ${victim} for a sign of life, heard none, and call it down.`,
  }),
  standIn: ({ victim, holder, hints, receipt, fallback }) => ({
    says:
      fallback === undefined
        ? `Put again while ${victim} is down. No node is left that could stand in for it, so whoever coordinates the put keeps a hint: a value it owes ${victim}.`
        : `Put again while ${victim} is down. The quorum is sloppy: the next node on the ring stands in for ${victim}, and keeps a hint: a value it owes ${victim}.`,
    does: `Put cart = ${quoted(carts.second)}`,
    awaits: `Waiting until the living primaries hold it, and somebody owes ${victim} a hint.`,
    saw: `The put was done without ${victim}. ${holder} owes it ${hints}.${receipt}`,
  }),
  return: ({ victim, holder }) => ({
    says: `Start ${victim} again. ${holder} sees it alive and hands over what it owes; once ${victim} has that on disk, the hint goes.`,
    does: `Start ${victim}`,
    awaits: `Waiting until ${victim} holds ${quoted(carts.second)} and nobody owes anything.`,
    saw: `${victim} holds ${quoted(carts.second)} again, and no hint is left.`,
  }),
  part: ({ primaries }) => ({
    says: 'Two shoppers read the cart, and each puts back a fuller one. Neither saw the other’s, so neither may replace it.',
    does: 'Put both carts',
    awaits: `Waiting until ${primaries} hold both.`,
    saw: `Both carts stand side by side at ${primaries}: siblings. Nothing was overwritten silently.`,
  }),
  merge: ({ primaries, receipt }) => ({
    says: 'Who reads gets both carts, and a context that names them. One cart put with that context replaces exactly these two.',
    does: 'Put the merged cart',
    awaits: `Waiting until ${primaries} hold the merged cart alone.`,
    saw: `One cart again: ${quoted(carts.merged)}.${receipt}`,
  }),
  miss: ({ victim }) => ({
    says: `${victim} is killed and misses a put. Whoever holds the hint for it is killed as well. ${victim} returns, and nobody alive owes it anything: it compares hash trees with another primary, skips all that is equal, and fetches the key that differs.`,
    does: `Kill ${victim}, put, kill who holds the hint`,
    awaits: `Waiting until ${victim} is down and somebody owes it a hint.`,
    saw: `${victim} is down and missed ${quoted(carts.last)}.`,
  }),
  lose: ({ victim, holder }) => ({
    says: `${holder} owes ${victim} the hint, and is killed.`,
    does: `kill -9 ${holder}`,
    awaits: `Waiting until ${holder}, who owes the hint, is called down.`,
    saw: `${holder} is down, and the hint with it.`,
  }),
  compare: ({ victim, holder }) => ({
    says: `${victim} returns while ${holder} is down.`,
    does: `Start ${victim}`,
    awaits: `Waiting until ${victim} has compared trees and holds ${quoted(carts.last)}.`,
    saw: `${victim} found the key by comparing trees: it holds ${quoted(carts.last)}.`,
  }),
  mend: ({ victim, holder }) => ({
    says: `${holder} returns.`,
    does: `Start ${holder}`,
    awaits: `Waiting until ${holder} is back and its hint is settled.`,
    saw: `${holder} is back. Its hint told ${victim} nothing new, and is gone.`,
  }),
};

function quoted(text: string): string {
  return `“${text}”`;
}
