/**
 * Delivers the hints for one target. Started when one is first seen, done when none is left.
 *
 * Invariants: one batch is under way at a time; a hint is settled only after the target's ack (or,
 * once it is overdue, or the target is no owner any more, the ack of every other owner); one that
 * nobody takes for now doesn't stand in the way of others. Finding, sending and settling them are
 * the effects' business (`src/replica/handoff.ts`).
 */
import { assign, setup } from 'xstate';
import { backoffMs } from '../rules/backoff.js';
import { limits } from '../rules/limits.js';
import { toBeProvided } from '../provided.js';

export interface HandoffEffects {
  /**
   * Sends the next batch, of one record to probe; answers `batch.acked`, `batch.refused`,
   * `target.absent`, `hints.passed` or `hints.settled`.
   */
  deliver(size: 'probe' | 'batch'): void;
  /**
   * Sends the next batch to the other primaries; answers `batch.acked`, `batch.refused`,
   * `hints.passed` or `hints.settled`.
   */
  rehome(): void;
  /** Stops listening for answers to what is under way. */
  giveUp(): void;
  /** In [0, 1). */
  jitter(): number;
}

export type HandoffEvent =
  | { readonly type: 'target.reachable' }
  | { readonly type: 'target.absent' }
  /** The target stayed away longer than hints are kept for it, or left for good. */
  | { readonly type: 'hints.overdue' }
  | { readonly type: 'hints.settled' }
  | { readonly type: 'batch.acked'; readonly bytes: number }
  /** By the target, or nobody is left who could take any of them now. */
  | { readonly type: 'batch.refused' }
  /** Those that were looked at nobody takes now; there are others. */
  | { readonly type: 'hints.passed' };

interface HandoffContext {
  readonly failures: number;
  readonly paceMs: number;
  readonly backoffMs: number;
}

export const handoffMachine = setup({
  types: {
    context: {} as HandoffContext,
    events: {} as HandoffEvent,
  },
  actions: {
    sendProbe: toBeProvided,
    sendBatch: toBeProvided,
    sendToOtherPrimaries: toBeProvided,
    giveUpCalls: toBeProvided,
    notePace: assign(({ event }) => ({
      failures: 0,
      paceMs:
        event.type === 'batch.acked' ? (event.bytes / limits.handoffBytesPerSecondMax) * 1000 : 0,
    })),
    goOn: assign({ paceMs: 0 }),
    planBackoff: assign(({ context }) => failedOnceMore(context, toBeProvided())),
  },
  delays: {
    callDeadline: limits.backgroundCallMsMax,
    pace: ({ context }) => context.paceMs,
    backoff: ({ context }) => context.backoffMs,
  },
}).createMachine({
  id: 'handoff',
  context: { failures: 0, paceMs: 0, backoffMs: 0 },
  initial: 'idle',
  states: {
    idle: {
      on: {
        'target.reachable': 'probing',
        'hints.overdue': 'rehoming',
        'hints.settled': 'settled',
      },
    },
    probing: {
      entry: 'sendProbe',
      exit: 'giveUpCalls',
      on: {
        'batch.acked': { target: 'sending.pacing', actions: 'notePace' },
        'hints.passed': { target: 'sending.pacing', actions: 'goOn' },
        'batch.refused': 'backingOff',
        'target.absent': 'backingOff',
        'hints.settled': 'settled',
      },
      after: { callDeadline: 'backingOff' },
    },
    sending: {
      initial: 'awaitingAck',
      on: {
        'batch.refused': 'backingOff',
        'target.absent': 'backingOff',
        'hints.settled': 'settled',
      },
      states: {
        awaitingAck: {
          entry: 'sendBatch',
          exit: 'giveUpCalls',
          on: {
            'batch.acked': { target: 'pacing', actions: 'notePace' },
            'hints.passed': { target: 'pacing', actions: 'goOn' },
          },
          after: { callDeadline: '#handoff.backingOff' },
        },
        pacing: { after: { pace: 'awaitingAck' } },
      },
    },
    rehoming: {
      initial: 'awaitingAcks',
      on: {
        'target.reachable': 'probing',
        'batch.refused': 'backingOff',
        'hints.settled': 'settled',
      },
      states: {
        awaitingAcks: {
          entry: 'sendToOtherPrimaries',
          exit: 'giveUpCalls',
          on: {
            'batch.acked': { target: 'pacing', actions: 'notePace' },
            'hints.passed': { target: 'pacing', actions: 'goOn' },
          },
          after: { callDeadline: '#handoff.backingOff' },
        },
        pacing: { after: { pace: 'awaitingAcks' } },
      },
    },
    backingOff: {
      entry: 'planBackoff',
      after: { backoff: 'idle' },
    },
    settled: { type: 'final' },
  },
});

function failedOnceMore(
  { failures }: HandoffContext,
  jitter: number,
): Pick<HandoffContext, 'failures' | 'backoffMs'> {
  const attempt = failures + 1;
  const { handoffBackoffMsMin: msMin, handoffBackoffMsMax: msMax } = limits;
  return { failures: attempt, backoffMs: backoffMs({ attempt, msMin, msMax, jitter }) };
}

export function handoffChart(effects: HandoffEffects): typeof handoffMachine {
  return handoffMachine.provide({
    actions: {
      sendProbe: () => effects.deliver('probe'),
      sendBatch: () => effects.deliver('batch'),
      sendToOtherPrimaries: () => effects.rehome(),
      giveUpCalls: () => effects.giveUp(),
      planBackoff: assign(({ context }) => failedOnceMore(context, effects.jitter())),
    },
  });
}
