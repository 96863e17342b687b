/**
 * One get round: a batch of gets that share replicas and quorum. The coordinator's own states are
 * at hand when it starts; it decides whom else to ask, when the readers are answered, and whether
 * somebody must be repaired afterwards. Time comes in as events and the chart is run by its table,
 * as that of a put round.
 */
import { setup } from 'xstate';
import { ChartTable } from '../chart-table.js';
import type { NodeId } from '../rules/actor.js';
import type { LedgerAction } from './charted-round.js';
import type { GetFinding } from './get-ledger.js';

/** What happens to the round from outside; the ledger makes its findings by itself. */
export type GetRoundEvent =
  /** `differs`: for some key its state is not the coordinator's. */
  | { readonly type: 'replica.answered'; readonly node: NodeId; readonly differs: boolean }
  | { readonly type: 'replica.outOfReach'; readonly node: NodeId; readonly why: string }
  | { readonly type: 'replica.refused'; readonly node: NodeId; readonly why: string }
  /** It goes by another configuration than the round; it is asked again. */
  | { readonly type: 'replica.differs'; readonly node: NodeId; readonly why: string }
  /** So does the coordinator by now. */
  | { readonly type: 'plan.outdated' }
  /** Some replica has been silent for `limits.slowGetReplicaMs`. */
  | { readonly type: 'replica.slow' }
  /** No request of the round waits any more. */
  | { readonly type: 'deadline.passed' }
  /** Whoever was to be repaired has answered. */
  | { readonly type: 'repairs.answered' }
  /** `limits.repairMsMax` after the readers were answered. */
  | { readonly type: 'repairs.overdue' };

export type GetRoundState = 'awaitingQuorum' | 'repairing' | 'done' | 'failed' | 'outdated';

/** What the chart wants done, by name; `GetRound` does it. */
export type GetRoundAction =
  | 'replyMet'
  | 'replyFailed'
  /** What waits for its answer goes to the owners as they are now. */
  | 'planAnew'
  /**
   * The merged states go to the primaries that were behind; `repairs.answered` when all have
   * answered.
   */
  | 'repair'
  /** Nothing of the round is awaited any more. */
  | 'finish';

const byGetRound = (): void => undefined;

export const getRoundMachine = setup({
  types: { events: {} as GetRoundEvent | { readonly type: GetFinding } },
  actions: {
    noteInLedger: byGetRound,
    carryOutOrders: byGetRound,
    replyMet: byGetRound,
    planAnew: byGetRound,
    replyFailed: byGetRound,
    repair: byGetRound,
    finish: byGetRound,
  } satisfies Record<GetRoundAction | LedgerAction, () => void>,
}).createMachine({
  id: 'getRound',
  initial: 'awaitingQuorum',
  states: {
    awaitingQuorum: {
      entry: 'carryOutOrders',
      on: {
        'replica.answered': { actions: ['noteInLedger', 'carryOutOrders'] },
        'replica.outOfReach': { actions: ['noteInLedger', 'carryOutOrders'] },
        'replica.refused': { actions: ['noteInLedger', 'carryOutOrders'] },
        'replica.differs': { actions: ['noteInLedger', 'carryOutOrders'] },
        'replica.slow': { actions: ['noteInLedger', 'carryOutOrders'] },
        'quorum.equal': { target: 'done', actions: 'replyMet' },
        'quorum.differing': { target: 'repairing', actions: 'replyMet' },
        'quorum.outOfReach': { target: 'failed', actions: 'replyFailed' },
        'deadline.passed': { target: 'failed' },
        'plan.outdated': { target: 'outdated', actions: 'planAnew' },
      },
    },
    repairing: {
      description:
        'The readers have their answer; the primaries that were behind get the merged states.',
      entry: 'repair',
      on: {
        'repairs.answered': { target: 'done' },
        'repairs.overdue': { target: 'done' },
      },
    },
    done: { type: 'final', entry: 'finish' },
    failed: { type: 'final', entry: 'finish' },
    outdated: { type: 'final', entry: 'finish' },
  },
});

export const getRoundTable = new ChartTable<GetRoundState, GetRoundAction | LedgerAction>(
  getRoundMachine,
);
