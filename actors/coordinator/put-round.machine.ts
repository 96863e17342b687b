/**
 * One put round: a batch of puts that share replicas and quorum. The states are minted, in the
 * coordinator's memory and on their way when it starts; it decides when the authors are answered,
 * and that in the end every primary has the states or is owed a hint by somebody.
 *
 * Time comes in as events: one timer of the runner serves all rounds (delayed transitions in each
 * would be a quarter of its cost, and nearly never fire). State and event alone decide, so the
 * chart is run by its table (`charted-round.ts`).
 */
import { setup } from 'xstate';
import { ChartTable } from '../chart-table.js';
import type { NodeId } from '../rules/actor.js';
import type { LedgerAction } from './charted-round.js';
import type { PutFinding } from './put-ledger.js';

/** What happens to the round from outside; the ledger makes its findings by itself. */
export type PutRoundEvent =
  /** The coordinator's own log holds the states; as a fallback: and the hints. */
  | { readonly type: 'log.durable' }
  | { readonly type: 'replica.acked'; readonly node: NodeId }
  /** No responders, or the detector says down. */
  | { readonly type: 'replica.outOfReach'; readonly node: NodeId; readonly why: string }
  | { readonly type: 'replica.refused'; readonly node: NodeId; readonly why: string }
  /** It goes by another configuration than the round; it is asked again. */
  | { readonly type: 'replica.differs'; readonly node: NodeId; readonly why: string }
  /** So does the coordinator by now. */
  | { readonly type: 'plan.outdated' }
  /** The coordinator has no room for a hint it was to owe. */
  | { readonly type: 'hint.refused'; readonly target: NodeId; readonly why: string }
  /** Some replica has been silent for unusually long, at least `limits.slowPutReplicaMs`. */
  | { readonly type: 'replica.slow' }
  /** No request of the round waits any more. */
  | { readonly type: 'deadline.passed' }
  /** The authors were answered long ago: at least `limits.settleMsMax`. */
  | { readonly type: 'settling.overdue' };

export type PutRoundState = 'awaitingQuorum' | 'settling' | 'failed' | 'outdated' | 'done';

/** What the chart wants done, by name; `PutRound` does it. */
export type PutRoundAction =
  | 'replyMet'
  | 'replyFailed'
  /** What waits for its answer goes to the owners as they are now. */
  | 'planAnew'
  /** Whoever has not answered by now counts as lost. */
  | 'oweSilentPrimaries'
  /** Nothing of the round is awaited any more. */
  | 'finish';

const byPutRound = (): void => undefined;

export const putRoundMachine = setup({
  types: { events: {} as PutRoundEvent | { readonly type: PutFinding } },
  actions: {
    noteInLedger: byPutRound,
    carryOutOrders: byPutRound,
    replyMet: byPutRound,
    planAnew: byPutRound,
    replyFailed: byPutRound,
    oweSilentPrimaries: byPutRound,
    finish: byPutRound,
  } satisfies Record<PutRoundAction | LedgerAction, () => void>,
}).createMachine({
  id: 'putRound',
  initial: 'awaitingQuorum',
  on: {
    'log.durable': { actions: ['noteInLedger', 'carryOutOrders'] },
    'replica.acked': { actions: ['noteInLedger', 'carryOutOrders'] },
    'replica.outOfReach': { actions: ['noteInLedger', 'carryOutOrders'] },
    'replica.refused': { actions: ['noteInLedger', 'carryOutOrders'] },
    'replica.differs': { actions: ['noteInLedger', 'carryOutOrders'] },
    'replica.slow': { actions: ['noteInLedger', 'carryOutOrders'] },
    'hint.refused': { actions: ['noteInLedger', 'carryOutOrders'] },
  },
  states: {
    awaitingQuorum: {
      entry: 'carryOutOrders',
      on: {
        'quorum.met': { target: 'settling', actions: 'replyMet' },
        'quorum.outOfReach': { target: 'failed', actions: 'replyFailed' },
        'deadline.passed': { target: 'failed' },
        'plan.outdated': { target: 'outdated', actions: 'planAnew' },
      },
    },
    settling: {
      description: 'The authors have their answer; the other primaries are still to be served.',
      on: {
        'primaries.served': { target: 'done' },
        'settling.overdue': { target: 'done', actions: ['oweSilentPrimaries', 'carryOutOrders'] },
      },
    },
    failed: {
      description:
        'The quorum was not met, but the states are stored here: they still go where they belong.',
      on: {
        'primaries.served': { target: 'done' },
        'settling.overdue': { target: 'done', actions: ['oweSilentPrimaries', 'carryOutOrders'] },
      },
    },
    outdated: { type: 'final', entry: 'finish' },
    done: { type: 'final', entry: 'finish' },
  },
});

export const putRoundTable = new ChartTable<PutRoundState, PutRoundAction | LedgerAction>(
  putRoundMachine,
);
