/**
 * Whether a node is who its disk says. Before it says anything it asks what others have seen of its
 * lives: who has seen a later one knows that the disk is an old one that was put back, and the node
 * goes on beyond all epochs it can have drawn. Whoever tells of a later life is waited for: what
 * was drawn in it may be in its answer alone. Meanwhile the node asks whether another process has
 * its id: the one that starts gives way to any that answers, later the younger one does.
 *
 * Effects are provided by who runs the chart. Tags say what follows from a state: `speaks`, others
 * may be told something; `unopposed`, the id is this process'.
 */
import { assign, setup } from 'xstate';
import type { NodeId } from '../rules/actor.js';
import {
  type Claim,
  givesWay,
  isLaterLife,
  laterLife,
  type SeenLife,
  unseen,
} from '../rules/identity.js';
import { limits } from '../rules/limits.js';

interface Recollection {
  /** In all answers so far. */
  readonly seen: SeenLife;
  /** They told of a later life, and were not asked since. At most the members there are. */
  readonly tellers: readonly NodeId[];
  /** Somebody told of a later life. */
  readonly isTold: boolean;
}

export type IdentityEvent =
  /** `own`: the generation of this life when it was asked. */
  | { readonly type: 'lives.recalled'; readonly seen: SeenLife; readonly own: number }
  | { readonly type: 'epochs.skipped' }
  /** Somebody tells of a life of this node that is later than this one. */
  | { readonly type: 'laterLife.told'; readonly by: NodeId }
  | { readonly type: 'twin.answered'; readonly own: Claim; readonly twin: Claim }
  | { readonly type: 'node.stopping' };

export const identityMachine = setup({
  types: {
    context: {} as Recollection,
    events: {} as IdentityEvent,
    tags: {} as 'speaks' | 'unopposed',
  },
  guards: {
    wasTold: ({ context }) => context.tellers.length > 0,
    isOldDisk: ({ context, event }) =>
      context.isTold || (event.type === 'lives.recalled' && isLaterLife(event.seen, event.own)),
    givesWay: ({ event }) => event.type === 'twin.answered' && givesWay(event.own, event.twin),
  },
  actions: {
    /** Asks the members that are known, and tells them of this life: `lives.recalled`. */
    recallLives: () => undefined,
    /** As `recallLives`, of these alone, and until they have answered. */
    recallFrom: (_, params: { readonly tellers: readonly NodeId[] }) => void params,
    noteTeller: assign(({ context: { seen, tellers } }, { by }: { readonly by: NodeId }) => ({
      seen,
      tellers: tellers.includes(by) ? tellers : [...tellers, by],
      isTold: true,
    })),
    noteSeen: assign(({ context }, { seen }: { readonly seen: SeenLife }) => ({
      ...context,
      seen: laterLife(context.seen, seen),
    })),
    noteAsked: assign({ tellers: [] }),
    noteRenounced: assign({ isTold: false }),
    /** Goes on, as another life, beyond one that is not on the disk: `epochs.skipped`. */
    renounceEpochs: (_, params: { readonly seen: SeenLife }) => void params,
    /** What others know of this node's lives is known, as far as anybody answered. */
    takeUp: () => undefined,
    /** Asks the one until it answers, and goes on beyond what it has seen. Nothing waits for it. */
    recallLate: (_, params: { readonly by: NodeId }) => void params,
    /** Asks under the own id: `twin.answered` when another process has it. */
    claimId: () => undefined,
    /** Nobody objected, and nobody knows more of it than its disk. */
    becomeKnown: () => undefined,
    /** This process ends. */
    giveWay: (_, params: { readonly twin: Claim }) => void params,
  },
  delays: { untilUnopposed: limits.claimMsMax },
}).createMachine({
  id: 'identity',
  context: { seen: unseen, tellers: [], isTold: false },
  initial: 'asking',
  on: {
    'node.stopping': '.stopped',
    'laterLife.told': {
      actions: { type: 'recallLate', params: ({ event }) => ({ by: event.by }) },
    },
    'twin.answered': {
      guard: 'givesWay',
      target: '.gaveWay',
      actions: { type: 'giveWay', params: ({ event }) => ({ twin: event.twin }) },
    },
  },
  states: {
    asking: {
      type: 'parallel',
      entry: ['recallLives', 'claimId'],
      onDone: 'known',
      states: {
        lives: {
          initial: 'recalling',
          states: {
            recalling: {
              on: {
                'lives.recalled': [
                  {
                    guard: 'wasTold',
                    actions: [
                      { type: 'noteSeen', params: ({ event }) => ({ seen: event.seen }) },
                      {
                        type: 'recallFrom',
                        params: ({ context }) => ({ tellers: context.tellers }),
                      },
                      'noteAsked',
                    ],
                  },
                  {
                    guard: 'isOldDisk',
                    target: 'renouncing',
                    actions: [
                      { type: 'noteSeen', params: ({ event }) => ({ seen: event.seen }) },
                      'noteRenounced',
                      { type: 'renounceEpochs', params: ({ context }) => ({ seen: context.seen }) },
                    ],
                  },
                  { target: 'recalled' },
                ],
                'laterLife.told': {
                  actions: { type: 'noteTeller', params: ({ event }) => ({ by: event.by }) },
                },
              },
            },
            renouncing: {
              on: {
                // Should this life be short, the next must hear of it.
                'epochs.skipped': { target: 'recalling', actions: 'recallLives' },
                'laterLife.told': {
                  actions: { type: 'noteTeller', params: ({ event }) => ({ by: event.by }) },
                },
              },
            },
            recalled: { type: 'final', tags: 'speaks', entry: 'takeUp' },
          },
        },
        claim: {
          initial: 'claiming',
          states: {
            claiming: {
              on: {
                'twin.answered': {
                  target: '#identity.gaveWay',
                  actions: { type: 'giveWay', params: ({ event }) => ({ twin: event.twin }) },
                },
              },
              after: { untilUnopposed: 'unopposed' },
            },
            unopposed: { type: 'final', tags: 'unopposed' },
          },
        },
      },
    },
    known: { tags: ['speaks', 'unopposed'], entry: 'becomeKnown' },
    gaveWay: { type: 'final' },
    stopped: { type: 'final' },
  },
});
