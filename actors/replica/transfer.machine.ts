/**
 * Receives the partitions that move to this node: a few at once, from one source after the other.
 * Of a source, those of which this node holds little are streamed in key order, the others are
 * compared by their hash trees.
 *
 * Invariants: one batch is under way at a time, and counts when it is durable; of a source nothing
 * counts before it has said that it goes by the same layout; whatever goes wrong with one leaves it
 * to be asked again later, while the others are asked. Which sources are enough is said by
 * `rules/transfer.ts`. All that comes is merged, so starting anew at any point does no harm.
 */
import { assign, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import { limits } from '../rules/limits.js';
import { transferLimits } from '../rules/limits/transfer.js';

export interface TransferEffects {
  /** Takes the next partitions up: `lot.chosen`, `lot.stuck` or `lot.none`. */
  choose(): void;
  /** Asks the next of their sources what it holds: `source.offered`, `source.silent`, `lot.had`. */
  ask(): void;
  /** Has the next batch sent, and merges it: `batch.stored`, `source.silent`, `store.refused`. */
  fetch(): void;
  /** Compares trees with the source: `source.compared` or `source.silent`. */
  compare(): void;
  /** The source did not answer: it is left alone for a while. */
  leaveAlone(): void;
  /** Waits until all that came is durable: `lot.durable`; what was received is told then. */
  settle(): void;
  /** Stops listening for the answer to what was asked. */
  giveUp(): void;
}

export type TransferEvent =
  /**
   * Owners are others than before, or a cancel has exchanged them: what was asked for may not be
   * what is needed, and what would be sent of it is something else.
   */
  | { readonly type: 'layout.changed' }
  /** Something has moved, within the same layout. */
  | { readonly type: 'partitions.moved' }
  | { readonly type: 'lot.chosen' }
  /** There is something to receive, and nobody there to ask for it. */
  | { readonly type: 'lot.stuck' }
  /** There is nothing to receive. */
  | { readonly type: 'lot.none' }
  /** Nobody is left to be asked for these partitions. */
  | { readonly type: 'lot.had' }
  | { readonly type: 'lot.durable' }
  /** How many partitions are to be streamed, how many compared. */
  | { readonly type: 'source.offered'; readonly streams: number; readonly compares: number }
  /** No answer, no sense in it, or another layout. */
  | { readonly type: 'source.silent' }
  | { readonly type: 'source.compared' }
  /** What is left to be done with the source, and how long to leave it and this node alone. */
  | {
      readonly type: 'batch.stored';
      readonly streams: number;
      readonly compares: number;
      readonly restMs: number;
    }
  /** This node can store nothing for now. */
  | { readonly type: 'store.refused' };

interface TransferContext {
  /** Partitions left to be had from the source at hand, by the one way and the other. */
  readonly streams: number;
  readonly compares: number;
  readonly restMs: number;
}

export const transferMachine = setup({
  types: {
    context: {} as TransferContext,
    events: {} as TransferEvent,
  },
  actions: {
    chooseLot: toBeProvided,
    askNextSource: toBeProvided,
    fetchBatch: toBeProvided,
    compareTrees: toBeProvided,
    leaveSourceAlone: toBeProvided,
    settleLot: toBeProvided,
    giveUpCall: toBeProvided,
    noteLeft: assign(({ event }) =>
      'streams' in event ? { streams: event.streams, compares: event.compares } : {},
    ),
    planRest: assign(({ event }) => ({
      restMs: event.type === 'batch.stored' ? event.restMs : 0,
    })),
  },
  guards: {
    someToStream: ({ event }) => event.type === 'source.offered' && event.streams > 0,
    streamsLeft: ({ context }) => context.streams > 0,
    comparesLeft: ({ context }) => context.compares > 0,
  },
  delays: {
    callDeadline: limits.backgroundCallMsMax,
    rest: ({ context }) => context.restMs,
    retry: transferLimits.retryMs,
  },
}).createMachine({
  id: 'transfer',
  context: { streams: 0, compares: 0, restMs: 0 },
  initial: 'idle',
  on: { 'layout.changed': '.receiving' },
  states: {
    idle: { on: { 'partitions.moved': 'receiving' } },
    receiving: {
      initial: 'choosing',
      on: { 'source.silent': { target: '.asking', actions: 'leaveSourceAlone' } },
      states: {
        choosing: {
          entry: 'chooseLot',
          on: { 'lot.chosen': 'asking', 'lot.stuck': 'waiting', 'lot.none': '#transfer.idle' },
        },
        /** Somebody may be back, or have learned of the layout. */
        waiting: { after: { retry: 'choosing' } },
        asking: {
          entry: 'askNextSource',
          exit: 'giveUpCall',
          on: {
            'source.offered': [
              { guard: 'someToStream', target: 'streaming', actions: 'noteLeft' },
              { target: 'comparing', actions: 'noteLeft' },
            ],
            'lot.had': 'settling',
          },
          after: {
            callDeadline: { target: 'asking', reenter: true, actions: 'leaveSourceAlone' },
          },
        },
        streaming: {
          initial: 'fetching',
          states: {
            fetching: {
              entry: 'fetchBatch',
              exit: 'giveUpCall',
              on: {
                'batch.stored': { target: 'pacing', actions: ['noteLeft', 'planRest'] },
                'store.refused': 'refused',
              },
              after: {
                callDeadline: {
                  target: '#transfer.receiving.asking',
                  actions: 'leaveSourceAlone',
                },
              },
            },
            pacing: {
              after: {
                rest: [
                  { guard: 'streamsLeft', target: 'fetching' },
                  { guard: 'comparesLeft', target: '#transfer.receiving.comparing' },
                  { target: '#transfer.receiving.asking' },
                ],
              },
            },
            refused: { after: { retry: 'fetching' } },
          },
        },
        comparing: {
          entry: 'compareTrees',
          exit: 'giveUpCall',
          on: { 'source.compared': 'asking' },
        },
        settling: {
          entry: 'settleLot',
          exit: 'giveUpCall',
          on: { 'lot.durable': 'choosing' },
        },
      },
    },
  },
});

export function transferChart(effects: TransferEffects): typeof transferMachine {
  return transferMachine.provide({
    actions: {
      chooseLot: () => effects.choose(),
      askNextSource: () => effects.ask(),
      fetchBatch: () => effects.fetch(),
      compareTrees: () => effects.compare(),
      leaveSourceAlone: () => effects.leaveAlone(),
      settleLot: () => effects.settle(),
      giveUpCall: () => effects.giveUp(),
    },
  });
}
