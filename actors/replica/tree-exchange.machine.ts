/**
 * Compares this node's partitions with the other primaries', one peer at a time, for ever; repairs
 * what differs.
 *
 * Equal replicas cost one message a visit. Roots that differ are looked at twice, because writes
 * under way make them differ for a moment, and so are leaves where few do: to look at keys takes a
 * scan of the partition on both sides. Then keys, then states travel, in bounded batches with a
 * rest between them. Whatever goes wrong ends the visit: the next one begins afresh.
 * Repair is a merge, so it can't do harm.
 */
import { assign, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import { limits } from '../rules/limits.js';

export interface ExchangeEffects {
  /** Whether one who can be reached must be visited at once. */
  isUrgent(): boolean;
  /** Else: how long to rest before the next visit. */
  restMs(): number;
  /** How long to rest after a batch, as far as this node has requests to serve. */
  paceMs(): number;
  /**
   * Chooses a peer, first one to whom a visit was asked for, and sends it all roots to compare:
   * `roots.equal`, `roots.differ`, `nobody.near` or `peer.silent`.
   */
  compareRoots(): void;
  /** Sends the roots that differed once more: as `compareRoots`. */
  confirmRoots(): void;
  /**
   * Asks for the leaves of the next partition that differs: `leaves.equal`, `leaves.differ` or
   * `peer.silent`.
   */
  compareLeaves(): void;
  /** Asks once more whether those that differed still do: as `compareLeaves`. */
  confirmLeaves(): void;
  /**
   * Asks for the next keys of the leaves that differ: `keys.equal`, `keys.differ` or `peer.silent`.
   */
  compareKeys(): void;
  /**
   * Reads the peer's states of the keys that differ and merges them here: `states.pulled` or
   * `peer.silent`.
   */
  pull(): void;
  /** Sends the peer what it lacks of them: `states.pushed` or `peer.silent`. */
  push(): void;
  /** The visit went through to its end. */
  visited(): void;
  /** It is over, through to its end or not. */
  ended(): void;
  /** Stops listening for the answer to what was asked. */
  giveUp(): void;
}

export type ExchangeEvent =
  /** A partition may have lost something, a peer is back, a visit was asked for: do not wait. */
  | { readonly type: 'visit.wanted' }
  | { readonly type: 'nobody.near' }
  | { readonly type: 'peer.silent' }
  | { readonly type: 'roots.equal' }
  | { readonly type: 'roots.differ'; readonly partitions: number }
  | { readonly type: 'leaves.equal' }
  | { readonly type: 'leaves.differ'; readonly leaves: number }
  | { readonly type: 'keys.equal'; readonly last: boolean }
  | { readonly type: 'keys.differ'; readonly last: boolean }
  | { readonly type: 'states.pulled'; readonly complete: boolean }
  | { readonly type: 'states.pushed'; readonly complete: boolean };

interface ExchangeContext {
  readonly restMs: number;
  /** The same, between two batches. */
  readonly paceMs: number;
  /** The visit at hand has not gone through yet, or the last one did not. */
  readonly isUnfinished: boolean;
  /**
   * Partitions of this visit that differ and were not looked into yet, the one at hand included.
   */
  readonly partitionsLeft: number;
  /** Whether the partition at hand has keys behind those compared last. */
  readonly keysLeft: boolean;
  /** Whether keys known to differ have states that were not pulled yet. */
  readonly statesLeft: boolean;
}

export const treeExchangeMachine = setup({
  types: {
    context: {} as ExchangeContext,
    events: {} as ExchangeEvent,
  },
  actions: {
    planRest: assign(({ context }) => restAfter(context, toBeProvided())),
    planPace: assign(() => paceBy(toBeProvided())),
    sendRoots: toBeProvided,
    sendDifferingRoots: toBeProvided,
    askLeaves: toBeProvided,
    askDifferingLeaves: toBeProvided,
    askKeys: toBeProvided,
    pullStates: toBeProvided,
    pushStates: toBeProvided,
    giveUpCall: toBeProvided,
    notePartitions: assign(({ event }) => ({
      partitionsLeft: event.type === 'roots.differ' ? event.partitions : 0,
    })),
    noteKeysLeft: assign(({ event }) => ({ keysLeft: 'last' in event && !event.last })),
    noteStatesLeft: assign(({ event }) => ({
      statesLeft: event.type === 'states.pulled' && !event.complete,
    })),
    finishVisit: assign({ isUnfinished: false }),
    noteVisited: toBeProvided,
    noteEnd: toBeProvided,
    beginVisit: assign({
      isUnfinished: true,
      partitionsLeft: 0,
      keysLeft: false,
      statesLeft: false,
    }),
    finishPartition: assign(({ context }) => ({
      partitionsLeft: context.partitionsLeft - 1,
      keysLeft: false,
    })),
  },
  guards: {
    fewLeaves: ({ event }) =>
      event.type === 'leaves.differ' && event.leaves <= limits.exchangeFewLeavesMax,
    keysLeft: ({ context }) => context.keysLeft,
    otherPartitionsLeft: ({ context }) => context.partitionsLeft > 1,
    pushedAll: ({ event }) => event.type === 'states.pushed' && event.complete,
    statesLeft: ({ context }) => context.statesLeft,
  },
  delays: {
    rest: ({ context }) => context.restMs,
    settle: limits.exchangeSettleMs,
    settleLeaves: limits.exchangeLeavesSettleMs,
    pace: ({ context }) => context.paceMs,
    callDeadline: limits.backgroundCallMsMax,
  },
}).createMachine({
  id: 'treeExchange',
  context: {
    restMs: 0,
    paceMs: 0,
    isUnfinished: false,
    partitionsLeft: 0,
    keysLeft: false,
    statesLeft: false,
  },
  initial: 'resting',
  states: {
    resting: {
      // What was wanted and is over must not make the next visit urgent.
      entry: ['noteEnd', 'planRest'],
      on: { 'visit.wanted': 'visiting' },
      after: { rest: 'visiting' },
    },
    visiting: {
      entry: 'beginVisit',
      initial: 'comparingRoots',
      on: { 'peer.silent': 'resting', 'nobody.near': 'resting' },
      states: {
        comparingRoots: {
          entry: 'sendRoots',
          exit: 'giveUpCall',
          on: {
            'roots.equal': {
              target: '#treeExchange.resting',
              actions: ['finishVisit', 'noteVisited'],
            },
            'roots.differ': 'settling',
          },
          after: { callDeadline: '#treeExchange.resting' },
        },
        settling: { after: { settle: 'confirmingRoots' } },
        confirmingRoots: {
          entry: 'sendDifferingRoots',
          exit: 'giveUpCall',
          on: {
            'roots.equal': {
              target: '#treeExchange.resting',
              actions: ['finishVisit', 'noteVisited'],
            },
            'roots.differ': { target: 'comparingLeaves', actions: 'notePartitions' },
          },
          after: { callDeadline: '#treeExchange.resting' },
        },
        comparingLeaves: {
          entry: 'askLeaves',
          exit: 'giveUpCall',
          on: {
            'leaves.equal': 'pacing',
            'leaves.differ': [
              { guard: 'fewLeaves', target: 'settlingLeaves' },
              { target: 'comparingKeys' },
            ],
          },
          after: { callDeadline: '#treeExchange.resting' },
        },
        settlingLeaves: { after: { settleLeaves: 'confirmingLeaves' } },
        confirmingLeaves: {
          entry: 'askDifferingLeaves',
          exit: 'giveUpCall',
          on: { 'leaves.equal': 'pacing', 'leaves.differ': 'comparingKeys' },
          after: { callDeadline: '#treeExchange.resting' },
        },
        comparingKeys: {
          entry: 'askKeys',
          exit: 'giveUpCall',
          on: {
            'keys.equal': { target: 'pacing', actions: 'noteKeysLeft' },
            'keys.differ': { target: 'pulling', actions: 'noteKeysLeft' },
          },
          after: { callDeadline: '#treeExchange.resting' },
        },
        pulling: {
          entry: 'pullStates',
          exit: 'giveUpCall',
          on: { 'states.pulled': { target: 'pushing', actions: 'noteStatesLeft' } },
          after: { callDeadline: '#treeExchange.resting' },
        },
        pushing: {
          entry: 'pushStates',
          exit: 'giveUpCall',
          on: {
            'states.pushed': [
              { guard: 'pushedAll', target: 'pacing' },
              { target: 'pushing', reenter: true },
            ],
          },
          after: { callDeadline: '#treeExchange.resting' },
        },
        pacing: {
          entry: 'planPace',
          after: {
            pace: [
              { guard: 'statesLeft', target: 'pulling' },
              { guard: 'keysLeft', target: 'comparingKeys' },
              {
                guard: 'otherPartitionsLeft',
                target: 'comparingLeaves',
                actions: 'finishPartition',
              },
              { target: '#treeExchange.resting', actions: ['finishVisit', 'noteVisited'] },
            ],
          },
        },
      },
    },
  },
});

type Rest = Pick<ExchangeEffects, 'isUrgent' | 'restMs'>;

/** However urgent, a visit that failed is not tried again at once. */
function restAfter({ isUnfinished }: ExchangeContext, rest: Rest): Pick<ExchangeContext, 'restMs'> {
  if (!rest.isUrgent()) return { restMs: rest.restMs() };
  return { restMs: isUnfinished ? limits.exchangeRetryMs : 0 };
}

/** A longest rest, so that what was missed comes back whatever else there is to do. */
function paceBy(effects: Pick<ExchangeEffects, 'paceMs'>): Pick<ExchangeContext, 'paceMs'> {
  const { exchangePaceMs, exchangePaceMsMax } = limits;
  return { paceMs: Math.min(exchangePaceMsMax, Math.max(exchangePaceMs, effects.paceMs())) };
}

export function treeExchangeChart(effects: ExchangeEffects): typeof treeExchangeMachine {
  return treeExchangeMachine.provide({
    actions: {
      planRest: assign(({ context }) => restAfter(context, effects)),
      planPace: assign(() => paceBy(effects)),
      sendRoots: () => effects.compareRoots(),
      sendDifferingRoots: () => effects.confirmRoots(),
      askLeaves: () => effects.compareLeaves(),
      askDifferingLeaves: () => effects.confirmLeaves(),
      askKeys: () => effects.compareKeys(),
      pullStates: () => effects.pull(),
      pushStates: () => effects.push(),
      giveUpCall: () => effects.giveUp(),
      noteVisited: () => effects.visited(),
      noteEnd: () => effects.ended(),
    },
  });
}
