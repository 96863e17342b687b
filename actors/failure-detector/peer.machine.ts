/**
 * What this node believes about the reachability of one peer.
 *
 * alive → probed when nothing was heard in time: gossip is random, so it is asked directly before
 * anybody is told.
 * probed → suspect when it does not answer, or at once when NATS knows nobody there: requests go
 * around it. Without an answer in time it is waited for a little longer, the longer the larger the
 * cluster is and the worse this node itself does; not when another misses it as well.
 * suspect → down with a second independent source. Any sign of life makes it alive at once. Down is
 * never more than this: only routing follows from it. While this node itself is ill (its loop stood
 * still, its link to NATS is gone) silence says nothing about others, so the belief stays as it
 * was.
 * removed when an operator said so: down whatever is heard. It is watched all the same: while NATS
 * still gives it requests (its process hangs) others must serve what it swallows.
 *
 * NATS' word that it is not there holds for as long as it is said again, so it is asked for: a
 * server that was cut off from the others knows nobody on their side, and says nothing when they
 * are back and one of them hangs.
 */
import { assign, setup } from 'xstate';
import type { NodeId } from '../rules/actor.js';
import type { Reachability } from '../rules/membership.js';
import { toBeProvided } from '../provided.js';
import { limits } from '../rules/limits.js';
import {
  isConfirmed,
  trusted,
  withoutWitness,
  withWitness,
  type Suspicion,
} from '../rules/suspicion.js';

export interface PeerEffects {
  /** Called on every change, and once at the start; a probed peer still counts as alive. */
  believe(reachability: Reachability): void;
  /** NATS' word on it has changed; called before what is believed because of that. */
  believeAbsent(isAbsent: boolean): void;
  /** It is as little reachable as before, but it hangs and is not gone, or the other way round. */
  tellAgain(): void;
  /** Asks the peer for a sign of life: it answers, or NATS says that it is not there. */
  probe(): void;
  /** It has not answered in time: it is slow, or this node. */
  strike(): void;
}

/** `atMs`: monotonic. */
export type PeerEvent =
  | { readonly type: 'peer.heard' }
  /** For too long; may be said again and again. `patienceMs`: beyond the time of an answer. */
  | { readonly type: 'peer.silent'; readonly patienceMs: number }
  | { readonly type: 'peer.absent'; readonly atMs: number }
  | { readonly type: 'peer.removed' }
  /** How old NATS' word is, is looked at. */
  | { readonly type: 'absence.reviewed'; readonly atMs: number }
  | { readonly type: 'witness.suspects'; readonly witness: NodeId }
  | { readonly type: 'witness.trusts'; readonly witness: NodeId }
  /** Until then nothing that might have been said could have been heard. */
  | { readonly type: 'self.deaf'; readonly atMs: number }
  | { readonly type: 'self.ill' }
  | { readonly type: 'self.well' };

interface PeerContext {
  readonly suspicion: Suspicion;
  readonly patienceMs: number;
}

export const peerMachine = setup({
  types: {
    context: {} as PeerContext,
    events: {} as PeerEvent,
    /** `calm`: a sign of life changes nothing. */
    tags: {} as 'calm',
  },
  actions: {
    believeAlive: toBeProvided,
    believeSuspect: toBeProvided,
    believeDown: toBeProvided,
    believeAbsent: toBeProvided,
    believeThere: toBeProvided,
    tellAgain: toBeProvided,
    probe: toBeProvided,
    strike: toBeProvided,
    notePatience: assign({
      patienceMs: ({ context, event }) =>
        event.type === 'peer.silent' ? event.patienceMs : context.patienceMs,
    }),
    noteSilence: assign({
      suspicion: ({ context }) => ({ ...context.suspicion, silent: true }),
    }),
    /** NATS says that it is not there, or would have if this node had heard. */
    noteAbsence: assign({
      suspicion: ({ context, event }) =>
        'atMs' in event ? { ...context.suspicion, absentAtMs: event.atMs } : context.suspicion,
    }),
    dropAbsence: assign({
      suspicion: ({ context }) => ({ ...context.suspicion, absentAtMs: undefined }),
    }),
    dropSilence: assign({
      suspicion: ({ context }) => ({ ...context.suspicion, silent: false }),
    }),
    addWitness: assign({
      suspicion: ({ context, event }) =>
        event.type === 'witness.suspects'
          ? withWitness(context.suspicion, event.witness)
          : context.suspicion,
    }),
    dropWitness: assign({
      suspicion: ({ context, event }) =>
        event.type === 'witness.trusts'
          ? withoutWitness(context.suspicion, event.witness)
          : context.suspicion,
    }),
    /** Own evidence is refuted; witnesses speak for themselves. */
    trust: assign({
      suspicion: ({ context }) => ({ ...trusted, witnesses: context.suspicion.witnesses }),
    }),
  },
  guards: {
    isConfirmed: ({ context }) => isConfirmed(context.suspicion),
    isHeard: ({ context }) => !context.suspicion.silent,
    isMissed: ({ context: { patienceMs, suspicion } }) =>
      patienceMs === 0 || suspicion.witnesses.size > 0,
    isAbsent: ({ context }) => context.suspicion.absentAtMs !== undefined,
    isAbsenceOld: ({ context, event }) => absentForMs(context, event) > limits.absenceMsMax,
    mayAskAgain: ({ context, event }) => absentForMs(context, event) >= limits.absenceRestMs,
  },
  delays: {
    probeAnswer: limits.probeMsMax,
    patience: ({ context }) => context.patienceMs,
  },
}).createMachine({
  id: 'peer',
  context: { suspicion: trusted, patienceMs: 0 },
  initial: 'watched',
  on: {
    'witness.suspects': { actions: 'addWitness' },
    'witness.trusts': { actions: 'dropWitness' },
    'peer.removed': '.removed',
    'absence.reviewed': [
      { guard: 'isAbsenceOld', actions: ['dropAbsence', 'believeThere', 'tellAgain'] },
      { guard: 'mayAskAgain', actions: 'probe' },
    ],
    'self.deaf': { guard: 'isAbsent', actions: 'noteAbsence' },
  },
  states: {
    watched: {
      initial: 'alive',
      on: { 'self.ill': 'suspended' },
      states: {
        alive: {
          tags: 'calm',
          entry: ['trust', 'believeThere', 'believeAlive'],
          on: {
            'peer.silent': { target: 'probed', actions: 'notePatience' },
            'peer.absent': { target: 'suspect', actions: ['noteAbsence', 'believeAbsent'] },
          },
        },
        probed: {
          initial: 'asked',
          on: {
            'peer.heard': 'alive',
            'peer.absent': { target: 'suspect', actions: ['noteAbsence', 'believeAbsent'] },
          },
          states: {
            asked: {
              entry: 'probe',
              after: {
                probeAnswer: [
                  {
                    guard: 'isMissed',
                    target: '#peer.watched.suspect',
                    actions: ['noteSilence', 'strike'],
                  },
                  { target: 'unanswered', actions: 'strike' },
                ],
              },
            },
            unanswered: {
              entry: 'probe',
              on: {
                'witness.suspects': {
                  target: '#peer.watched.suspect',
                  actions: ['addWitness', 'noteSilence'],
                },
              },
              after: { patience: { target: '#peer.watched.suspect', actions: 'noteSilence' } },
            },
          },
        },
        suspect: {
          entry: ['believeSuspect', 'probe'],
          always: { guard: 'isConfirmed', target: 'down' },
          on: {
            'peer.heard': 'alive',
            'peer.silent': { guard: 'isHeard', actions: ['noteSilence', 'probe'] },
            'peer.absent': { actions: ['noteAbsence', 'believeAbsent'] },
          },
        },
        down: {
          entry: 'believeDown',
          on: {
            'peer.heard': 'alive',
            'peer.absent': [
              { guard: 'isAbsent', actions: 'noteAbsence' },
              { actions: ['noteAbsence', 'believeAbsent', 'tellAgain'] },
            ],
          },
        },
        asBefore: { type: 'history' },
      },
    },
    suspended: {
      on: {
        'self.well': { target: 'watched.asBefore', actions: 'dropSilence' },
        'peer.heard': 'watched.alive',
      },
    },
    removed: {
      tags: 'calm',
      entry: 'believeDown',
      on: {
        'peer.removed': {},
        'peer.silent': { guard: 'isHeard', actions: ['noteSilence', 'probe'] },
        'peer.absent': [
          { guard: 'isAbsent', actions: 'noteAbsence' },
          { actions: ['noteAbsence', 'believeAbsent', 'tellAgain'] },
        ],
      },
    },
  },
});

/** NaN: it is there, or nobody looks. */
function absentForMs({ suspicion }: PeerContext, event: PeerEvent): number {
  const { absentAtMs } = suspicion;
  if (event.type !== 'absence.reviewed' || absentAtMs === undefined) return NaN;
  return event.atMs - absentAtMs;
}

export function peerChart(effects: PeerEffects): typeof peerMachine {
  return peerMachine.provide({
    actions: {
      believeAlive: () => effects.believe('alive'),
      believeSuspect: () => effects.believe('suspect'),
      believeDown: () => effects.believe('down'),
      believeAbsent: () => effects.believeAbsent(true),
      believeThere: () => effects.believeAbsent(false),
      tellAgain: () => effects.tellAgain(),
      probe: () => effects.probe(),
      strike: () => effects.strike(),
    },
  });
}
