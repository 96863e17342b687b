/**
 * One put round: a batch of puts that share replicas and quorum. The states are minted, in the coordinator's memory
 * and on their way when it starts; it decides when the authors are answered, and that in the end every primary has the
 * states or is owed a hint by somebody. What it is told are turns of the round's ledger (`put-round.ts`), not every ack.
 *
 * Time comes in as events: one timer of the runner serves all rounds (delayed transitions in each would
 * be a quarter of its cost, and nearly never fire).
 *
 * State and event alone decide, without guards or a context. So the chart is XState's to interpret once a transition, and a
 * table from then on (`putRoundStep`): an actor a round was a tenth of the nodes' time.
 */
import { setup, transition } from 'xstate';
import type { NodeId } from '../rules/actor.js';
import type { PutTally } from './put-ledger.js';

export type PutRoundTurn =
  | { readonly type: 'quorum.met'; readonly tally: PutTally }
  /** Too many replicas were lost for W acks. */
  | { readonly type: 'quorum.outOfReach'; readonly reason: string }
  /** No request of the round waits any more. */
  | { readonly type: 'deadline.passed' }
  /** Every primary has the states, or is owed a hint; the coordinator's own log included. */
  | { readonly type: 'primaries.served' }
  /** The authors were answered long ago: at least `limits.settleMsMax`. */
  | { readonly type: 'settling.overdue' };

/** What the books have noted already: told to a chart that is watched, for who watches; it decides nothing. */
export type PutRoundNews =
  /** The coordinator's own log holds the states; as a fallback: and the debts. */
  | { readonly type: 'log.durable' }
  | { readonly type: 'replica.acked'; readonly node: NodeId }
  /** No responders, or the detector says down. */
  | { readonly type: 'replica.gone'; readonly node: NodeId; readonly why: string }
  | { readonly type: 'replica.refused'; readonly node: NodeId; readonly why: string }
  /** The coordinator has no room for a hint it was to owe. */
  | { readonly type: 'hint.refused'; readonly target: NodeId; readonly why: string }
  /** Some replica has been silent for unusually long, at least `limits.slowPutReplicaMs`. */
  | { readonly type: 'replica.slow' };

export type PutRoundState = 'awaitingQuorum' | 'settling' | 'failed' | 'done';

/** What the chart wants done, by name; `PutRound` does it. */
export type PutRoundAction =
  | 'replyMet'
  | 'replyFailed'
  /** Whoever has not answered by now counts as lost. */
  | 'oweSilentPrimaries'
  /** Nothing of the round is awaited any more. */
  | 'finish';

const byPutRound = (): void => undefined;

export const putRoundMachine = setup({
  types: { events: {} as PutRoundTurn | PutRoundNews },
  actions: {
    replyMet: byPutRound,
    replyFailed: byPutRound,
    oweSilentPrimaries: byPutRound,
    finish: byPutRound,
  } satisfies Record<PutRoundAction, () => void>,
}).createMachine({
  id: 'putRound',
  initial: 'awaitingQuorum',
  states: {
    awaitingQuorum: {
      on: {
        'quorum.met': { target: 'settling', actions: 'replyMet' },
        'quorum.outOfReach': { target: 'failed', actions: 'replyFailed' },
        'deadline.passed': { target: 'failed' },
      },
    },
    settling: {
      description: 'The authors have their answer; the other primaries are still to be served.',
      on: {
        'primaries.served': { target: 'done' },
        'settling.overdue': { target: 'done', actions: 'oweSilentPrimaries' },
      },
    },
    failed: {
      description:
        'The quorum was not met, but the states are stored here: they still go where they belong.',
      on: {
        'primaries.served': { target: 'done' },
        'settling.overdue': { target: 'done', actions: 'oweSilentPrimaries' },
      },
    },
    done: { type: 'final', entry: 'finish' },
  },
});

/** Where a turn leads, and what is to be done on the way, in this order. */
export interface PutRoundStep {
  readonly state: PutRoundState;
  readonly actions: readonly PutRoundAction[];
}

type Steps = Partial<Record<PutRoundTurn['type'], PutRoundStep>>;

const table: Readonly<Record<PutRoundState, Steps>> = {
  awaitingQuorum: {},
  settling: {},
  failed: {},
  done: {},
};

/** What the chart says to a turn. */
export function putRoundStep(state: PutRoundState, turn: PutRoundTurn): PutRoundStep {
  return (table[state][turn.type] ??= interpreted(state, turn));
}

function interpreted(value: PutRoundState, turn: PutRoundTurn): PutRoundStep {
  const before = putRoundMachine.resolveState({ value });
  const [after, actions] = transition(putRoundMachine, before, turn);
  return { state: after.value, actions: actions.map(({ type }) => type as PutRoundAction) };
}
