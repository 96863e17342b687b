/**
 * What this node believes about the reachability of one peer.
 *
 * alive → probed when nothing was heard in time: gossip is random, so it is asked directly before
 * anybody is told.
 * probed → suspect when it does not answer, or at once when NATS knows nobody there: requests go
 * around it.
 * suspect → down with a second independent source. Any sign of life makes it alive at once. Down is
 * never more than this: only routing follows from it. While this node itself is ill (its loop stood
 * still, its link to NATS is gone) silence says nothing about others, so the belief stays as it
 * was.
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
  /** Asks the peer for a sign of life: it answers, or NATS says that it is not there. */
  probe(): void;
}

export type PeerEvent =
  | { readonly type: 'peer.heard' }
  | { readonly type: 'peer.silent' }
  | { readonly type: 'peer.absent' }
  | { readonly type: 'witness.suspects'; readonly witness: NodeId }
  | { readonly type: 'witness.trusts'; readonly witness: NodeId }
  | { readonly type: 'self.ill' }
  | { readonly type: 'self.well' };

interface PeerContext {
  readonly suspicion: Suspicion;
}

export const peerMachine = setup({
  types: {
    context: {} as PeerContext,
    events: {} as PeerEvent,
  },
  actions: {
    believeAlive: toBeProvided,
    believeSuspect: toBeProvided,
    believeDown: toBeProvided,
    probe: toBeProvided,
    noteSilence: assign({
      suspicion: ({ context }) => ({ ...context.suspicion, silent: true }),
    }),
    noteAbsence: assign({
      suspicion: ({ context }) => ({ ...context.suspicion, absent: true }),
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
  },
  delays: {
    probeAnswer: limits.probeMsMax,
  },
}).createMachine({
  id: 'peer',
  context: { suspicion: trusted },
  initial: 'watched',
  on: {
    'witness.suspects': { actions: 'addWitness' },
    'witness.trusts': { actions: 'dropWitness' },
  },
  states: {
    watched: {
      initial: 'alive',
      on: { 'self.ill': 'suspended' },
      states: {
        alive: {
          entry: ['trust', 'believeAlive'],
          on: {
            'peer.silent': 'probed',
            'peer.absent': { target: 'suspect', actions: 'noteAbsence' },
          },
        },
        probed: {
          entry: 'probe',
          on: {
            'peer.heard': 'alive',
            'peer.absent': { target: 'suspect', actions: ['noteSilence', 'noteAbsence'] },
          },
          after: { probeAnswer: { target: 'suspect', actions: 'noteSilence' } },
        },
        suspect: {
          entry: ['believeSuspect', 'probe'],
          always: { guard: 'isConfirmed', target: 'down' },
          on: {
            'peer.heard': 'alive',
            'peer.silent': { actions: ['noteSilence', 'probe'] },
            'peer.absent': { actions: 'noteAbsence' },
          },
        },
        down: {
          entry: 'believeDown',
          on: { 'peer.heard': 'alive' },
        },
        asBefore: { type: 'history' },
      },
    },
    suspended: {
      exit: 'trust',
      on: { 'self.well': 'watched.asBefore', 'peer.heard': 'watched.alive' },
    },
  },
});

export function peerChart(effects: PeerEffects): typeof peerMachine {
  return peerMachine.provide({
    actions: {
      believeAlive: () => effects.believe('alive'),
      believeSuspect: () => effects.believe('suspect'),
      believeDown: () => effects.believe('down'),
      probe: () => effects.probe(),
    },
  });
}
