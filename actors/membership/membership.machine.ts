/**
 * The life of a node as a member: it founds a cluster with those it meets, is taken into one or is
 * of one already, joins it once it knows who itself is (`identity.machine.ts`) and what time it is,
 * and is of it until it leaves or is removed.
 *
 * Invariants: it acts upon no vote and no configuration that is not on its disk; an agreement it
 * leaves only when it can't be fulfilled; it joins only as a member, by a configuration, that was
 * asked after; from having departed there is no way back. A stop ends a process, and no membership.
 *
 * Effects are provided by who runs the chart. The tag `founded` says that it is of a cluster.
 */
import { and, assertEvent, assign, setup } from 'xstate';
import { type FoundingVote, isFoundedBy, noVote } from '../rules/founding.js';
import { limits } from '../rules/limits.js';
import * as books from './founding-book.js';
import type { MembershipContext, MembershipEvent, MembershipInput } from './membership-events.js';

interface Happened {
  readonly context: MembershipContext;
  readonly event: MembershipEvent;
}

export const membershipMachine = setup({
  types: {
    context: {} as MembershipContext,
    events: {} as MembershipEvent,
    input: {} as MembershipInput,
    tags: {} as 'founded',
  },
  guards: {
    hasDeparted: ({ event }) => event.type === 'disk.read' && event.hasDeparted,
    isMember: ({ event }) => 'isMember' in event && event.isMember,
    wasFounded: ({ event }) => event.type === 'disk.read' && event.vote.founders.length > 0,
    hadAgreed: ({ event }) => event.type === 'disk.read' && event.vote.stored.length > 0,
    isToldOfItsCluster: (happened) => moved(happened).founders.length > 0,
    isAskedToAgree: (happened) =>
      moved(happened) !== happened.context.book.next && moved(happened).stored.length > 0,
    isLaterAttempt: (happened) => moved(happened) !== happened.context.book.next,
    isFounded: ({ event }) => event.type === 'met.counted' && event.isFounded,
    isSomebodyHere: ({ event }) => event.type === 'met.counted' && event.met.length > 1,
    isNobodyHere: ({ event }) => event.type === 'met.counted' && event.met.length === 1,
    doAllSayTheSame: ({ context, event }) => {
      assertEvent(event, 'met.counted');
      const { self, foundersMin: founders, book } = context;
      return isFoundedBy({ met: event.met, said: book.said, self, founders });
    },
    isLatestVote: ({ context, event }) =>
      event.type === 'vote.stored' && event.vote === context.book.next,
    haveAllConfirmed: ({ context }) => books.unconfirmedOf(context.book).length === 0,
    areAllKnown: ({ context: { book, known } }) =>
      book.next.stored.every((id) => known.includes(id)),
    isAmongOthers: ({ context: { known } }) => known.length > 1,
  },
  actions: {
    open: assign(({ context, event }) => {
      assertEvent(event, 'disk.read');
      return { book: books.openBook(context.self, event.vote), known: event.known };
    }),
    noteKnown: assign(({ context, event }) => ({
      known: 'known' in event ? event.known : context.known,
    })),
    hear: assign(({ context, event }) => {
      assertEvent(event, 'news.heard');
      return { book: books.heard(context.book, event), known: event.known };
    }),
    dropNewcomer: assign(({ context, event }) => {
      assertEvent(event, 'newcomer.down');
      return { book: books.without(context.book, event.node), known: event.known };
    }),
    agree: assign(({ context, event }) => {
      assertEvent(event, 'met.counted');
      return { book: books.agreed(context.book, event.met, context.ring) };
    }),
    conclude: assign(({ context }) => ({ book: books.concluded(context.book) })),
    noteStored: assign(({ context }) => ({ book: books.stored(context.book) })),
    /** Nothing of what was said matters any more. */
    close: assign(({ context: { self, book } }) => ({ book: books.openBook(self, book.next) })),

    /** It is of a cluster, whatever it was about to vote. */
    abandon: assign(({ context: { self, book } }) => ({ book: books.openBook(self, book.vote) })),

    /** Takes in what the disk had, hears others from now on: `self.known` when it has asked. */
    listen: () => undefined,
    /** Makes `book.next` durable: `vote.stored`. */
    store: () => undefined,
    /** Begins to beat, and counts who is here: `met.counted`. */
    greet: () => undefined,
    /** `time.told`, also when nobody answers. */
    awaitTime: () => undefined,
    /** Whom it met, what it votes. */
    tellAll: () => undefined,
    /** The same to a few. */
    tellSome: () => undefined,
    /** Makes the configuration of the founders durable: `configuration.learned`. */
    configure: () => undefined,
    /** It may serve. */
    join: () => undefined,
    endAsDeparted: () => undefined,
    fallSilent: () => undefined,
  },
  // A full disk must not keep it among the others.
  delays: { untilDepartureIsStored: limits.recallMsMax },
}).createMachine({
  id: 'membership',
  context: ({ input }) => ({
    ...input,
    book: books.openBook(input.self, noVote),
    known: [input.self],
  }),
  initial: 'reading',
  on: { 'node.stopping': '.stopped', 'heartbeat.raised': { actions: 'tellSome' } },
  states: {
    reading: {
      on: {
        'disk.read': [
          { guard: 'hasDeparted', target: 'left' },
          { guard: 'isMember', target: '#active', actions: 'open' },
          { guard: 'wasFounded', target: '#founded', actions: 'open' },
          { guard: 'hadAgreed', target: '#confirming', actions: 'open' },
          { target: 'arriving', actions: 'open' },
        ],
      },
    },
    arriving: {
      type: 'parallel',
      on: {
        'news.heard': { actions: 'noteKnown' },
        'newcomer.down': { actions: 'noteKnown' },
        'self.departed': 'leaving',
      },
      onDone: 'joined',
      states: {
        place: {
          initial: 'open',
          states: {
            // Of no cluster, and agreed to none.
            open: {
              id: 'open',
              initial: 'alone',
              on: {
                'news.heard': [
                  { guard: 'isToldOfItsCluster', target: '#concluding', actions: 'hear' },
                  { guard: 'isAskedToAgree', target: 'agreed', actions: 'hear' },
                  { guard: 'isLaterAttempt', actions: ['hear', 'store'] },
                  { actions: 'hear' },
                ],
                'configuration.learned': [
                  { guard: 'isMember', target: 'active', actions: 'abandon' },
                  { target: '.outside' },
                ],
                'newcomer.down': { actions: 'dropNewcomer' },
                'newcomer.learned': { actions: 'tellAll' },
                'heartbeat.raised': { actions: 'tellAll' },
                'vote.stored': { guard: 'isLatestVote', actions: ['noteStored', 'tellAll'] },
              },
              states: {
                alone: {
                  on: {
                    'met.counted': [
                      { guard: 'isFounded', target: 'outside' },
                      { guard: 'doAllSayTheSame', target: '#agreed', actions: 'agree' },
                      { guard: 'isSomebodyHere', target: 'gathering' },
                    ],
                  },
                },
                gathering: {
                  on: {
                    'met.counted': [
                      { guard: 'isFounded', target: 'outside' },
                      { guard: 'doAllSayTheSame', target: '#agreed', actions: 'agree' },
                      { guard: 'isNobodyHere', target: 'alone' },
                    ],
                  },
                },
                // A cluster was founded without it, and has not taken it in.
                outside: {},
              },
            },
            // To a list of founders, which it leaves only when that can't be chosen any more.
            agreed: {
              id: 'agreed',
              initial: 'storing',
              on: {
                'news.heard': [
                  { guard: 'isToldOfItsCluster', target: '#concluding', actions: 'hear' },
                  { guard: 'isAskedToAgree', target: '.storing', actions: 'hear' },
                  {
                    guard: 'isLaterAttempt',
                    target: 'open.gathering',
                    actions: ['hear', 'store'],
                  },
                  { actions: 'hear' },
                ],
                'configuration.learned': {
                  guard: 'isMember',
                  target: 'active',
                  actions: 'abandon',
                },
                'newcomer.down': { actions: 'dropNewcomer' },
                'newcomer.learned': { actions: 'tellAll' },
                'heartbeat.raised': { actions: 'tellAll' },
              },
              states: {
                storing: {
                  entry: 'store',
                  on: {
                    'vote.stored': {
                      guard: 'isLatestVote',
                      target: 'confirming',
                      actions: ['noteStored', 'tellAll'],
                    },
                  },
                },
                confirming: {
                  id: 'confirming',
                  always: {
                    guard: and(['haveAllConfirmed', 'areAllKnown']),
                    target: 'concluding',
                    actions: 'conclude',
                  },
                },
                concluding: {
                  id: 'concluding',
                  entry: 'store',
                  on: {
                    'news.heard': { actions: 'noteKnown' },
                    'vote.stored': {
                      guard: 'isLatestVote',
                      target: '#founded',
                      actions: 'close',
                    },
                  },
                },
              },
            },
            // A cluster, by those who are on its disk; of its configurations none is there yet.
            founded: {
              id: 'founded',
              entry: 'configure',
              on: { 'configuration.learned': { guard: 'isMember', target: 'active' } },
            },
            active: { id: 'active', type: 'final', tags: 'founded', entry: 'tellAll' },
          },
        },
        start: {
          initial: 'asking',
          states: {
            asking: {
              entry: 'listen',
              on: {
                'self.known': [
                  { guard: 'isAmongOthers', target: 'untimed', actions: 'greet' },
                  { target: 'started', actions: 'greet' },
                ],
              },
            },
            untimed: { entry: 'awaitTime', on: { 'time.told': 'started' } },
            started: { type: 'final' },
          },
        },
      },
    },
    joined: { tags: 'founded', entry: 'join', on: { 'self.departed': 'leaving' } },
    // No member any more: it ends when that is on its disk.
    leaving: {
      tags: 'founded',
      on: { 'departure.stored': 'left' },
      after: { untilDepartureIsStored: 'left' },
    },
    left: { type: 'final', entry: ['fallSilent', 'endAsDeparted'] },
    // The process ends; the member stays.
    stopped: { type: 'final', entry: 'fallSilent' },
  },
});

/** What the news make of the vote. */
function moved({ context, event }: Happened): FoundingVote {
  assertEvent(event, 'news.heard');
  return books.votedUpon(context.book, event);
}
