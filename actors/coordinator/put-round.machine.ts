/**
 * One put round: a batch of puts that share replicas and quorum. The states are minted, in the coordinator's memory
 * and on their way when it starts; it decides when the authors are answered, and that in the end every primary has the
 * states or is owed a hint by somebody. What it is told are turns of the round's ledger (`put-round.ts`), not every ack.
 *
 * Time comes in as events: one timer of the runner serves all rounds (delayed transitions in each would
 * be a quarter of its cost, and nearly never fire).
 */
import { setup } from 'xstate';
import type { NodeId } from '../rules/actor.js';
import type { PutTally } from './put-ledger.js';

/** What the machine goes by, and wants done. */
export interface PutRoundDecisions {
  /** Every primary has the states, or is owed a hint. */
  readonly everyPrimaryIsServed: boolean;
  replyMet(tally: PutTally): void;
  replyFailed(reason: string): void;
  /** Whoever has not answered by now counts as lost. */
  oweSilentPrimaries(): void;
  /** Nothing of the round is awaited any more. */
  finish(): void;
}

export interface PutRoundContext {
  readonly decisions: PutRoundDecisions;
}

export type PutRoundTurn =
  | { readonly type: 'quorum.met'; readonly tally: PutTally }
  /** Too many replicas were lost for W acks. */
  | { readonly type: 'quorum.outOfReach'; readonly reason: string }
  /** No request of the round waits any more. */
  | { readonly type: 'deadline.passed' }
  /** The last primary has the states, or is owed a hint; the coordinator's own log included. */
  | { readonly type: 'primaries.served' }
  /** The authors were answered long ago: at least `limits.settleMsMax`. */
  | { readonly type: 'settling.overdue' };

/** What the books have noted already: told to a chart that is watched, for who watches; it decides nothing. */
export type PutRoundNews =
  /** The coordinator's own log holds the states; as a fallback: and the debt. */
  | { readonly type: 'log.durable' }
  | { readonly type: 'replica.acked'; readonly node: NodeId }
  /** No responders, or the detector says down. */
  | { readonly type: 'replica.gone'; readonly node: NodeId; readonly why: string }
  | { readonly type: 'replica.refused'; readonly node: NodeId; readonly why: string }
  /** Some replica has been silent for unusually long, at least `limits.slowPutReplicaMs`. */
  | { readonly type: 'replica.slow' };

export const putRoundMachine = setup({
  types: {
    input: {} as PutRoundContext,
    context: {} as PutRoundContext,
    events: {} as PutRoundTurn | PutRoundNews,
  },
  guards: {
    everyPrimaryServed: ({ context }) => context.decisions.everyPrimaryIsServed,
  },
  actions: {
    replyMet: ({ context, event }) => {
      if (event.type === 'quorum.met') context.decisions.replyMet(event.tally);
    },
    replyFailed: ({ context, event }) => {
      if (event.type === 'quorum.outOfReach') context.decisions.replyFailed(event.reason);
    },
    oweSilentPrimaries: ({ context }) => context.decisions.oweSilentPrimaries(),
    finish: ({ context }) => context.decisions.finish(),
  },
}).createMachine({
  id: 'putRound',
  context: ({ input }) => input,
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
      always: { guard: 'everyPrimaryServed', target: 'done' },
      on: {
        'primaries.served': { target: 'done' },
        'settling.overdue': { target: 'done', actions: 'oweSilentPrimaries' },
      },
    },
    failed: {
      description:
        'The quorum was not met, but the states are stored here: they still go where they belong.',
      always: { guard: 'everyPrimaryServed', target: 'done' },
      on: {
        'primaries.served': { target: 'done' },
        'settling.overdue': { target: 'done', actions: 'oweSilentPrimaries' },
      },
    },
    done: { type: 'final', entry: 'finish' },
  },
});
