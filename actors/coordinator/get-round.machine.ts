/**
 * One get round: a batch of gets that share replicas and quorum. The coordinator's own states are at
 * hand when it starts; it decides whom else to ask, when the readers are answered, and whether
 * somebody must be repaired afterwards. Time comes in as events, as in a put round.
 */
import { assign, setup } from 'xstate';
import type { NodeId } from '../rules/actor.js';
import type { Tally } from '../rules/quorum.js';
import type { GetLedger } from './get-ledger.js';
import { askNext, replicaAnswered, replicaLost, tallyOf } from './get-ledger.js';

/** What the machine wants done; its runner does it. */
export interface GetRoundEffects {
  /** The answer comes back as a `replica.…` event. */
  ask(node: NodeId): void;
  replyMet(tally: Tally): void;
  replyFailed(reason: string): void;
  /** Sends the merged states to the primaries that were behind; `repairs.settled` when all have answered. */
  repair(): void;
  finish(): void;
}

/** `ledger`: as opened from the round's plan; the runner starts no round whose first verdict is `failed`. */
export interface GetRoundContext {
  readonly ledger: GetLedger;
  readonly effects: GetRoundEffects;
}

export type GetRoundEvent =
  /** `differs`: for some key its state is not the coordinator's. */
  | { readonly type: 'replica.answered'; readonly node: NodeId; readonly differs: boolean }
  | { readonly type: 'replica.gone'; readonly node: NodeId; readonly why: string }
  | { readonly type: 'replica.refused'; readonly node: NodeId; readonly why: string }
  /** Some replica has been silent for `limits.slowGetReplicaMs`. */
  | { readonly type: 'replica.slow' }
  /** No request of the round waits any more. */
  | { readonly type: 'deadline.passed' }
  /** Whoever was to be repaired has answered. */
  | { readonly type: 'repairs.settled' }
  /** `limits.repairMsMax` after the readers were answered. */
  | { readonly type: 'repairs.overdue' };

export const getRoundMachine = setup({
  types: {
    input: {} as GetRoundContext,
    context: {} as GetRoundContext,
    events: {} as GetRoundEvent,
  },
  guards: {
    quorumMetAndEqual: ({ context: { ledger } }) =>
      ledger.verdict.kind === 'met' && !ledger.differs,
    quorumMet: ({ context }) => context.ledger.verdict.kind === 'met',
    quorumOutOfReach: ({ context }) => context.ledger.verdict.kind === 'failed',
  },
  actions: {
    countAnswer: assign(({ context, event }) =>
      event.type === 'replica.answered' ? { ledger: replicaAnswered(context.ledger, event) } : {},
    ),
    replaceReplica: assign(({ context, event }) =>
      'why' in event ? { ledger: replicaLost(context.ledger, event) } : {},
    ),
    chooseOneMore: assign(({ context }) => ({ ledger: askNext(context.ledger) })),
    askReplicas: ({ context: { ledger, effects } }) => {
      for (const node of ledger.asks) effects.ask(node);
    },
    replyMet: ({ context: { ledger, effects } }) => effects.replyMet(tallyOf(ledger)),
    replyFailed: ({ context: { ledger, effects } }) => {
      if (ledger.verdict.kind === 'failed') effects.replyFailed(ledger.verdict.reason);
    },
    repair: ({ context }) => context.effects.repair(),
    finish: ({ context }) => context.effects.finish(),
  },
}).createMachine({
  id: 'getRound',
  context: ({ input }) => input,
  initial: 'awaitingQuorum',
  states: {
    awaitingQuorum: {
      entry: 'askReplicas',
      on: {
        'replica.answered': { actions: 'countAnswer' },
        'replica.gone': { actions: ['replaceReplica', 'askReplicas'] },
        'replica.refused': { actions: ['replaceReplica', 'askReplicas'] },
        'replica.slow': { actions: ['chooseOneMore', 'askReplicas'] },
        'deadline.passed': { target: 'failed' },
      },
      always: [
        { guard: 'quorumMetAndEqual', target: 'done', actions: 'replyMet' },
        { guard: 'quorumMet', target: 'repairing', actions: 'replyMet' },
        { guard: 'quorumOutOfReach', target: 'failed', actions: 'replyFailed' },
      ],
    },
    repairing: {
      description:
        'The readers have their answer; the primaries that were behind get the merged states.',
      entry: 'repair',
      on: {
        'repairs.settled': { target: 'done' },
        'repairs.overdue': { target: 'done' },
      },
    },
    done: { type: 'final', entry: 'finish' },
    failed: { type: 'final', entry: 'finish' },
  },
});
