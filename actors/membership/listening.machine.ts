/**
 * Where a node takes its share of what clients send, and whether others may be given the same; why,
 * and when, is told in `rules/listening.ts`. Three things at once:
 *
 * meeting withAll → leaving while somebody hangs → withoutSome when it has for long enough, and
 * back at once. Whoever is taken for hung may live, on the other side of a cut, and has to know by
 * then that it is not alone with what it does.
 * doing singly → doubly while the nodes may differ on who hangs → stillDoubly until all agree; so
 * as well when others say that they take somebody for hung, or may have taken this node for it.
 * knowing newcomer → all, where the others meet. What follows from it is asked for with requests,
 * so it is looked at when one comes.
 */
import { assign, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import type { NodeId } from '../rules/actor.js';
import { limits } from '../rules/limits.js';
import {
  hangingAmong,
  hangingMsMin,
  hasMetAll,
  type ListeningMember,
  mayBeDoubled,
} from '../rules/listening.js';

export interface ListeningEffects {
  /** Takes requests where those meet who do without these; none: where all meet. */
  meetWithout(hanging: readonly NodeId[]): void;
  /** Whether others may be given what this node is given from now on. */
  doDoubly(may: boolean): void;
  /** This node knows where the others meet. */
  knowAll(): void;
}

export type ListeningEvent =
  /** `isBack`: one of them that was not alive is. */
  | {
      readonly type: 'others.changed';
      readonly others: readonly ListeningMember[];
      readonly isBack: boolean;
    }
  /** A request came, while it was not known where the others meet. */
  | { readonly type: 'request.came'; readonly others: readonly ListeningMember[] }
  /** Another does not hear this node. */
  | { readonly type: 'self.unheard' }
  /** Another takes somebody for hung, and goes where those meet who do. */
  | { readonly type: 'hanging.told' }
  /** A standstill of this node is over; it was so long that others may have taken it for hung. */
  | { readonly type: 'self.stoodLong' };

interface ListeningContext {
  /** Those without whom this node meets the others. */
  readonly metWithout: readonly NodeId[];
  /** Those without whom it will, unless they are back before. */
  readonly hanging: readonly NodeId[];
  /** Of the cluster when they were looked at, this one included. */
  readonly nodes: number;
}

export const listeningMachine = setup({
  types: {
    context: {} as ListeningContext,
    events: {} as ListeningEvent,
  },
  actions: {
    noteHanging: assign(({ event }) =>
      event.type === 'others.changed'
        ? { hanging: hangingAmong(event.others), nodes: event.others.length + 1 }
        : {},
    ),
    noteMetWithAll: assign({ metWithout: [] }),
    noteMetWithoutThem: assign(({ context }) => ({ metWithout: context.hanging })),
    meetWithAll: toBeProvided,
    meetWithoutThem: toBeProvided,
    doSingly: toBeProvided,
    doDoubly: toBeProvided,
    knowAll: toBeProvided,
  },
  guards: {
    nobodyHangs: ({ event }) => isOfHanging(event, []),
    sameHang: ({ context, event }) => isOfHanging(event, context.hanging),
    areMetWithout: ({ context, event }) => isOfHanging(event, context.metWithout),
    mayBeDoubled: ({ event }) => event.type === 'others.changed' && mayBeDoubled(event.others),
    /** Gone for this node, it may have lived, and may meet without it for a moment still. */
    someoneIsBack: ({ event }) => event.type === 'others.changed' && event.isBack,
    hasMetAll: ({ event }) => event.type === 'request.came' && hasMetAll(event.others),
  },
  delays: {
    untilAllWereTold: ({ context }) => hangingMsMin(context.nodes),
    untilAllAgree: limits.doubledMsMax,
  },
}).createMachine({
  id: 'listening',
  type: 'parallel',
  context: { metWithout: [], hanging: [], nodes: 1 },
  states: {
    meeting: {
      initial: 'withAll',
      states: {
        withAll: {
          entry: ['noteMetWithAll', 'meetWithAll'],
          initial: 'staying',
          states: {
            staying: {
              on: {
                'others.changed': [
                  { guard: 'nobodyHangs' },
                  { target: 'leaving', actions: 'noteHanging' },
                ],
              },
            },
            leaving: {
              on: {
                'others.changed': [
                  { guard: 'nobodyHangs', target: 'staying' },
                  { guard: 'sameHang' },
                  { target: 'leaving', reenter: true, actions: 'noteHanging' },
                ],
              },
              after: { untilAllWereTold: '#listening.meeting.withoutSome' },
            },
          },
        },
        withoutSome: {
          entry: ['noteMetWithoutThem', 'meetWithoutThem'],
          initial: 'staying',
          states: {
            staying: {
              on: {
                'others.changed': [
                  { guard: 'nobodyHangs', target: '#listening.meeting.withAll' },
                  { guard: 'areMetWithout' },
                  { target: 'leaving', actions: 'noteHanging' },
                ],
              },
            },
            leaving: {
              on: {
                'others.changed': [
                  { guard: 'nobodyHangs', target: '#listening.meeting.withAll' },
                  { guard: 'areMetWithout', target: 'staying' },
                  { guard: 'sameHang' },
                  { target: 'leaving', reenter: true, actions: 'noteHanging' },
                ],
              },
              after: {
                untilAllWereTold: { target: '#listening.meeting.withoutSome', reenter: true },
              },
            },
          },
        },
      },
    },
    doing: {
      initial: 'singly',
      states: {
        singly: {
          entry: 'doSingly',
          on: {
            'others.changed': [
              { guard: 'mayBeDoubled', target: 'doubly' },
              { guard: 'someoneIsBack', target: 'stillDoubly' },
            ],
            'self.unheard': 'stillDoubly',
            'hanging.told': 'stillDoubly',
            'self.stoodLong': 'stillDoubly',
          },
        },
        doubly: {
          entry: 'doDoubly',
          on: {
            'others.changed': [{ guard: 'mayBeDoubled' }, { target: 'stillDoubly' }],
          },
        },
        stillDoubly: {
          entry: 'doDoubly',
          on: {
            'others.changed': [
              { guard: 'mayBeDoubled', target: 'doubly' },
              { guard: 'someoneIsBack', target: 'stillDoubly', reenter: true },
            ],
            'self.unheard': { target: 'stillDoubly', reenter: true },
            'hanging.told': { target: 'stillDoubly', reenter: true },
            'self.stoodLong': { target: 'stillDoubly', reenter: true },
          },
          after: { untilAllAgree: 'singly' },
        },
      },
    },
    knowing: {
      initial: 'newcomer',
      states: {
        newcomer: { on: { 'request.came': { guard: 'hasMetAll', target: 'all' } } },
        all: { entry: 'knowAll' },
      },
    },
  },
});

/** Whether those hang of whom it tells, and no others. Members come in one order. */
function isOfHanging(event: ListeningEvent, nodes: readonly NodeId[]): boolean {
  if (event.type !== 'others.changed') return false;
  const hanging = hangingAmong(event.others);
  return hanging.length === nodes.length && hanging.every((id, i) => id === nodes[i]);
}

export function listeningChart(effects: ListeningEffects): typeof listeningMachine {
  return listeningMachine.provide({
    actions: {
      meetWithAll: () => effects.meetWithout([]),
      meetWithoutThem: ({ context }) => effects.meetWithout(context.hanging),
      doSingly: () => effects.doDoubly(false),
      doDoubly: () => effects.doDoubly(true),
      knowAll: () => effects.knowAll(),
    },
  });
}
