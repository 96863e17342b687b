/**
 * The life of one process that `quorate up` looks after: a node, or nats-server.
 *
 * Invariants: at most one process is alive; a process that died is started again only if restarts
 * are wanted and nobody asked to stop; asked twice, or not gone in time, it is killed. Who wanted
 * it to die says when it is to start again. Starting and signalling is the effects' business
 * (`src/cli/up/`).
 */
import { assign, setup } from 'xstate';
import { toBeProvided } from '../provided.js';
import { commandLimits } from '../rules/limits/command.js';

export interface ProcessEffects {
  /**
   * Starts the process; it answers `process.serving` when it serves and `process.exited` when it is
   * gone.
   */
  launch(): void;
  /** Asks it to stop cleanly. */
  terminate(): void;
  kill(): void;
  /** It died unasked and starts again after the time; undefined: it does not. */
  reportDeath(restartInMs: number | undefined): void;
}

export interface ProcessInput {
  readonly restarts: boolean;
}

export type ProcessEvent =
  | { readonly type: 'process.serving' }
  /** `hopeless`: another start would end the same way. */
  | { readonly type: 'process.exited'; readonly hopeless: boolean }
  | { readonly type: 'stop.requested' }
  /** Without a word to it, and to stay away until it is to start. */
  | { readonly type: 'kill.requested' }
  | { readonly type: 'start.requested' }
  /** The second Ctrl-C. */
  | { readonly type: 'stop.forced' };

interface ProcessContext extends ProcessInput {
  /** Deaths in a row, none of them after a steady time. */
  readonly deaths: number;
}

export const processMachine = setup({
  types: {
    context: {} as ProcessContext,
    events: {} as ProcessEvent,
    input: {} as ProcessInput,
  },
  guards: {
    restartsHelp: ({ context, event }) =>
      context.restarts && event.type === 'process.exited' && !event.hopeless,
  },
  actions: {
    launch: toBeProvided,
    terminate: toBeProvided,
    kill: toBeProvided,
    countDeath: assign({ deaths: ({ context }) => context.deaths + 1 }),
    clearDeaths: assign({ deaths: 0 }),
    reportRestart: toBeProvided,
    reportDeath: toBeProvided,
  },
  delays: {
    restartDelay: ({ context }) => restartDelayMs(context.deaths),
    steadyTime: commandLimits.processSteadyMsMin,
    stopDeadline: commandLimits.processStopMsMax,
  },
}).createMachine({
  id: 'process',
  context: ({ input }) => ({ ...input, deaths: 0 }),
  initial: 'starting',
  states: {
    starting: {
      entry: 'launch',
      on: {
        'process.serving': 'serving',
        'process.exited': [{ guard: 'restartsHelp', target: 'backingOff' }, { target: 'givenUp' }],
        'stop.requested': 'stopping',
        'kill.requested': 'falling',
      },
    },
    serving: {
      on: {
        'process.exited': [{ guard: 'restartsHelp', target: 'backingOff' }, { target: 'givenUp' }],
        'stop.requested': 'stopping',
        'kill.requested': 'falling',
        'start.requested': 'restarting',
      },
      after: { steadyTime: { actions: 'clearDeaths' } },
    },
    backingOff: {
      entry: ['countDeath', 'reportRestart'],
      on: {
        'stop.requested': 'stopped',
        'kill.requested': 'down',
        'start.requested': 'starting',
      },
      after: { restartDelay: 'starting' },
    },
    givenUp: {
      entry: 'reportDeath',
      on: { 'stop.requested': 'stopped', 'start.requested': 'starting' },
    },
    falling: {
      entry: 'kill',
      on: {
        'process.exited': 'down',
        'stop.requested': 'killing',
        'start.requested': 'restarting',
      },
    },
    down: {
      on: { 'stop.requested': 'stopped', 'start.requested': 'starting' },
    },
    restarting: {
      entry: 'terminate',
      on: {
        'process.exited': 'starting',
        'stop.requested': 'stopping',
        'kill.requested': 'falling',
      },
      after: { stopDeadline: { actions: 'kill' } },
    },
    stopping: {
      entry: 'terminate',
      on: { 'process.exited': 'stopped', 'stop.forced': 'killing' },
      after: { stopDeadline: 'killing' },
    },
    killing: {
      entry: 'kill',
      on: { 'process.exited': 'stopped' },
    },
    stopped: { type: 'final' },
  },
});

/**
 * At once, then doubled with every death in a row. Without jitter: the processes of one machine
 * have no herd to avoid.
 */
export function restartDelayMs(deaths: number): number {
  if (deaths <= 1) return 0;
  const doubled = commandLimits.processRestartMsMin * 2 ** (deaths - 2);
  return Math.min(doubled, commandLimits.processRestartMsMax);
}

export function processChart(effects: ProcessEffects): typeof processMachine {
  return processMachine.provide({
    actions: {
      launch: () => effects.launch(),
      terminate: () => effects.terminate(),
      kill: () => effects.kill(),
      reportRestart: ({ context }) => effects.reportDeath(restartDelayMs(context.deaths)),
      reportDeath: () => effects.reportDeath(undefined),
    },
  });
}
