/**
 * A proposer of one instance: it asks its voters under a ballot of its own until one value has been
 * chosen, which may be another's, or somebody knows that one was.
 *
 * Whoever may have been chosen is found by the first question and proposed again; so a proposer
 * that ends anywhere leaves nothing behind that the next one can't finish, and any number of them
 * may be at work at once. The voters' answers are counted by `proposal.ts`.
 */
import { assign, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import type { NodeId } from '../rules/actor.js';
import { backoffMs } from '../rules/backoff.js';
import { consensusLimits } from '../rules/limits/consensus.js';
import type { Question } from './acceptor.js';
import {
  anew,
  heard,
  missingOf,
  openProposal,
  silentToTheEnd,
  standingOf,
  toBeAccepted,
  type Heard,
  type MissingVoter,
  type Proposal,
} from './proposal.js';

/** As it travels and lies on disk. */
export type Value = Uint8Array;

export interface ProposerEffects {
  /**
   * Asks each of them, the own node included when it is one. What comes of it is told as
   * `voter.answered` or `instance.superseded`.
   */
  ask(voters: readonly NodeId[], question: Question<Value>): void;
  /** Stops listening for answers to that. */
  giveUp(): void;
  /** This was chosen: what was wanted, or what another proposer had wanted. */
  decided(value: Value): void;
  /** It is tried again. */
  lacksMajority(missing: readonly MissingVoter[]): void;
  /** Something was chosen long ago: what is known by whoever said so, or on the own disk. */
  superseded(): void;
  /** In [0, 1). */
  jitter(): number;
}

export interface ProposerInput {
  readonly self: NodeId;
  readonly voters: readonly NodeId[];
  readonly wanted: Value;
}

export type ProposerEvent =
  | ({ readonly type: 'voter.answered' } & Heard<Value>)
  /** A voter says so, or this node has learned it otherwise. */
  | { readonly type: 'instance.superseded' }
  | { readonly type: 'node.stopping' };

interface ProposerContext {
  readonly proposal: Proposal<Value>;
  /** Tries that came to nothing. */
  readonly failures: number;
  readonly delayMs: number;
}

export const proposerMachine = setup({
  types: {
    input: {} as ProposerInput,
    context: {} as ProposerContext,
    events: {} as ProposerEvent,
  },
  guards: {
    hasMajority: ({ context }) => standingOf(context.proposal) === 'majority',
    isOutvoted: ({ context }) => standingOf(context.proposal) === 'outvoted',
    isWithoutMajority: ({ context }) => standingOf(context.proposal) === 'withoutMajority',
  },
  actions: {
    askVoters: toBeProvided,
    giveUpCalls: toBeProvided,
    note: assign(({ context, event }) =>
      event.type === 'voter.answered' ? { proposal: heard(context.proposal, event) } : {},
    ),
    noteSilence: assign(({ context }) => ({ proposal: silentToTheEnd(context.proposal) })),
    chooseValue: assign(({ context }) => ({ proposal: toBeAccepted(context.proposal) })),
    beginAnew: assign(({ context }) => ({ proposal: anew(context.proposal) })),
    planBackoff: assign(({ context }) => delayAfter(context, outvoted, toBeProvided())),
    planAnotherTry: assign(({ context }) => delayAfter(context, alone, toBeProvided())),
    tellDecided: toBeProvided,
    tellMissing: toBeProvided,
    tellSuperseded: toBeProvided,
  },
  delays: {
    answersDeadline: consensusLimits.answersMsMax,
    delay: ({ context }) => context.delayMs,
  },
}).createMachine({
  id: 'proposer',
  context: ({ input: { self, voters, wanted } }) => ({
    proposal: openProposal(voters, wanted, { round: 1, proposer: self }),
    failures: 0,
    delayMs: 0,
  }),
  initial: 'preparing',
  on: { 'instance.superseded': '.superseded', 'node.stopping': '.stopped' },
  states: {
    preparing: {
      entry: 'askVoters',
      exit: 'giveUpCalls',
      on: { 'voter.answered': { actions: 'note' } },
      after: { answersDeadline: { actions: 'noteSilence' } },
      always: [
        { guard: 'hasMajority', target: 'accepting', actions: 'chooseValue' },
        { guard: 'isOutvoted', target: 'outvoted' },
        { guard: 'isWithoutMajority', target: 'withoutMajority' },
      ],
    },
    accepting: {
      entry: 'askVoters',
      exit: 'giveUpCalls',
      on: { 'voter.answered': { actions: 'note' } },
      after: { answersDeadline: { actions: 'noteSilence' } },
      always: [
        { guard: 'hasMajority', target: 'decided' },
        { guard: 'isOutvoted', target: 'outvoted' },
        { guard: 'isWithoutMajority', target: 'withoutMajority' },
      ],
    },
    outvoted: {
      description: 'Another proposer is at work: it is given the time to end.',
      entry: 'planBackoff',
      after: { delay: { target: 'preparing', actions: 'beginAnew' } },
    },
    withoutMajority: {
      entry: ['tellMissing', 'planAnotherTry'],
      after: { delay: { target: 'preparing', actions: 'beginAnew' } },
    },
    decided: { type: 'final', entry: 'tellDecided' },
    superseded: { type: 'final', entry: 'tellSuperseded' },
    stopped: { type: 'final' },
  },
});

interface Delays {
  readonly msMin: number;
  readonly msMax: number;
}

const outvoted: Delays = {
  msMin: consensusLimits.outvotedMsMin,
  msMax: consensusLimits.outvotedMsMax,
};
const alone: Delays = {
  msMin: consensusLimits.withoutMajorityMsMin,
  msMax: consensusLimits.withoutMajorityMsMax,
};

function delayAfter(
  { failures }: ProposerContext,
  delays: Delays,
  jitter: number,
): Pick<ProposerContext, 'failures' | 'delayMs'> {
  const attempt = failures + 1;
  return { failures: attempt, delayMs: backoffMs({ attempt, ...delays, jitter }) };
}

/** Of what was accepted under the last ballot. */
function valueOf({ proposal: { question, wanted } }: ProposerContext): Value {
  return question.kind === 'accept' ? question.value : wanted;
}

export function proposerChart(effects: ProposerEffects): typeof proposerMachine {
  return proposerMachine.provide({
    actions: {
      askVoters: ({ context: { proposal } }) => effects.ask(proposal.voters, proposal.question),
      giveUpCalls: () => effects.giveUp(),
      planBackoff: assign(({ context }) => delayAfter(context, outvoted, effects.jitter())),
      planAnotherTry: assign(({ context }) => delayAfter(context, alone, effects.jitter())),
      tellDecided: ({ context }) => effects.decided(valueOf(context)),
      tellMissing: ({ context }) => effects.lacksMajority(missingOf(context.proposal)),
      tellSuperseded: () => effects.superseded(),
    },
  });
}
