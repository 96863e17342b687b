/**
 * One put round: a batch of puts that share replicas and quorum. The states are minted and in the
 * coordinator's memory when it starts; it decides who else must hold them, when the authors are
 * answered, and that in the end every primary has the states or is owed a hint by somebody.
 *
 * Time comes in as events: one timer of the runner serves all rounds (delayed transitions in each would
 * be a quarter of its cost, and nearly never fire).
 */
import { assign, setup } from 'xstate';
import type { NodeId } from '../rules/actor.js';
import type { PutLedger, PutOrder, PutTally } from './put-ledger.js';
import {
  isSettled,
  replicaAcked,
  replicaLost,
  silentForLong,
  silentToTheEnd,
  tallyOf,
} from './put-ledger.js';

/** What the machine wants done; its runner does it. */
export interface PutRoundEffects {
  /** Answers come back as `replica.…` events. */
  carryOut(order: PutOrder): void;
  replyMet(tally: PutTally): void;
  replyFailed(reason: string): void;
  /** Nothing of the round is awaited any more. */
  finish(): void;
}

/** `ledger`: as opened from the round's plan; the runner starts no round whose first verdict is `failed`. */
export interface PutRoundContext {
  readonly ledger: PutLedger;
  readonly effects: PutRoundEffects;
}

export type PutRoundEvent =
  /** The coordinator's own log holds the states; as a fallback: and the debt. */
  | { readonly type: 'log.durable' }
  | { readonly type: 'replica.acked'; readonly node: NodeId }
  /** No responders, or the detector says down. */
  | { readonly type: 'replica.gone'; readonly node: NodeId; readonly why: string }
  | { readonly type: 'replica.refused'; readonly node: NodeId; readonly why: string }
  /** Some replica has been silent for unusually long, at least `limits.slowPutReplicaMs`. */
  | { readonly type: 'replica.slow' }
  /** No request of the round waits any more. */
  | { readonly type: 'deadline.passed' }
  /** The authors were answered long ago: at least `limits.settleMsMax`. */
  | { readonly type: 'settling.overdue' };

export const putRoundMachine = setup({
  types: {
    input: {} as PutRoundContext,
    context: {} as PutRoundContext,
    events: {} as PutRoundEvent,
  },
  guards: {
    quorumMet: ({ context }) => context.ledger.verdict.kind === 'met',
    quorumOutOfReach: ({ context }) => context.ledger.verdict.kind === 'failed',
    everyPrimaryServed: ({ context }) => isSettled(context.ledger),
  },
  actions: {
    countOwnLog: assign(({ context: { ledger } }) => ({
      ledger: replicaAcked(ledger, ledger.plan.self),
    })),
    countReplica: assign(({ context, event }) =>
      'node' in event ? { ledger: replicaAcked(context.ledger, event.node) } : {},
    ),
    replaceReplica: assign(({ context, event }) =>
      'why' in event ? { ledger: replicaLost(context.ledger, event) } : {},
    ),
    backUpSilentPrimaries: assign(({ context }) => ({ ledger: silentForLong(context.ledger) })),
    oweSilentPrimaries: assign(({ context }) => ({ ledger: silentToTheEnd(context.ledger) })),
    carryOutOrders: ({ context: { ledger, effects } }) => {
      for (const order of ledger.orders) effects.carryOut(order);
    },
    replyMet: ({ context: { ledger, effects } }) => effects.replyMet(tallyOf(ledger)),
    replyFailed: ({ context: { ledger, effects } }) => {
      if (ledger.verdict.kind === 'failed') effects.replyFailed(ledger.verdict.reason);
    },
    finish: ({ context }) => context.effects.finish(),
  },
}).createMachine({
  id: 'putRound',
  context: ({ input }) => input,
  entry: 'carryOutOrders',
  on: {
    'log.durable': { actions: 'countOwnLog' },
    'replica.acked': { actions: 'countReplica' },
    'replica.gone': { actions: ['replaceReplica', 'carryOutOrders'] },
    'replica.refused': { actions: ['replaceReplica', 'carryOutOrders'] },
    'replica.slow': { actions: ['backUpSilentPrimaries', 'carryOutOrders'] },
  },
  initial: 'awaitingQuorum',
  states: {
    awaitingQuorum: {
      on: {
        'deadline.passed': { target: 'failed' },
      },
      always: [
        { guard: 'quorumMet', target: 'settling', actions: 'replyMet' },
        { guard: 'quorumOutOfReach', target: 'failed', actions: 'replyFailed' },
      ],
    },
    settling: {
      description: 'The authors have their answer; the other primaries are still to be served.',
      always: { guard: 'everyPrimaryServed', target: 'done' },
      on: {
        'settling.overdue': { target: 'done', actions: ['oweSilentPrimaries', 'carryOutOrders'] },
      },
    },
    failed: {
      description:
        'The quorum was not met, but the states are stored here: they still go where they belong.',
      always: { guard: 'everyPrimaryServed', target: 'done' },
      on: {
        'settling.overdue': { target: 'done', actions: ['oweSilentPrimaries', 'carryOutOrders'] },
      },
    },
    done: { type: 'final', entry: 'finish' },
  },
});
