import { describe, expect, test } from '@jest/globals';
import { createActor, SimulatedClock } from 'xstate';
import { commandLimits } from '../../actors/rules/limits/command.js';
import {
  processChart,
  restartDelayMs,
  type ProcessEvent,
} from '../../actors/supervisor/process.machine.js';

/** A machine whose effects are written down instead of done. */
function supervise({ restarts = true } = {}) {
  const clock = new SimulatedClock();
  const done: string[] = [];
  const effects = {
    launch: () => void done.push('launch'),
    terminate: () => void done.push('terminate'),
    kill: () => void done.push('kill'),
    reportDeath: (ms: number | undefined) => void done.push(`died, restart in ${ms}`),
  };
  const actor = createActor(processChart(effects), { clock, input: { restarts } }).start();
  return {
    clock,
    send: (type: ProcessEvent['type'], hopeless = false) =>
      actor.send(type === 'process.exited' ? { type, hopeless } : { type }),
    /** What was done since the last look. */
    effects: () => done.splice(0),
    state: () => actor.getSnapshot().value,
  };
}

describe('supervised process', () => {
  test('it is started, serves, stops when asked', () => {
    const { send, effects, state } = supervise();
    send('process.serving');
    expect(state()).toBe('serving');
    send('stop.requested');
    expect(effects()).toEqual(['launch', 'terminate']);
    send('process.exited');
    expect(state()).toBe('stopped');
    expect(effects()).toEqual([]);
  });

  test('it dies again and again: it is started at once, then each restart waits twice as long, up to a bound', () => {
    const { send, effects, clock } = supervise();
    const waits: number[] = [];
    for (let death = 1; death <= 8; death++) {
      send('process.exited');
      waits.push(restartDelayMs(death));
      expect(effects().at(-1)).toBe(`died, restart in ${restartDelayMs(death)}`);
      if (death > 1) {
        clock.increment(restartDelayMs(death) - 1);
        expect(effects()).toEqual([]);
      }
      clock.increment(1);
      expect(effects()).toEqual(['launch']);
    }
    expect(waits.slice(0, 3)).toEqual([0, 500, 1_000]);
    expect(waits.at(-1)).toBe(commandLimits.processRestartMsMax);
  });

  test('after a steady time earlier deaths no longer count', () => {
    const { send, effects, clock } = supervise();
    send('process.exited');
    clock.increment(commandLimits.processRestartMsMin);
    send('process.serving');
    clock.increment(commandLimits.processSteadyMsMin);
    send('process.exited');
    expect(effects().at(-1)).toBe('died, restart in 0');
  });

  test.each([
    ['restarts are not wanted', { restarts: false }, false],
    ['another start can not help', { restarts: true }, true],
  ])('%s: its death is reported, and that is all', (_, options, hopeless) => {
    const { send, effects, state, clock } = supervise(options);
    send('process.serving');
    send('process.exited', hopeless);
    clock.increment(60 * 60 * 1000);
    expect(effects()).toEqual(['launch', 'died, restart in undefined']);
    send('stop.requested');
    expect(state()).toBe('stopped');
  });

  test('asked to stop while it waits for a restart: it is not started again', () => {
    const { send, effects, state, clock } = supervise();
    send('process.exited');
    effects();
    send('stop.requested');
    clock.increment(commandLimits.processRestartMsMax);
    expect(state()).toBe('stopped');
    expect(effects()).toEqual([]);
  });

  test('asked twice: it is killed at once', () => {
    const { send, effects } = supervise();
    send('stop.requested');
    send('stop.forced');
    expect(effects()).toEqual(['launch', 'terminate', 'kill']);
  });

  test('not gone in time: it is killed', () => {
    const { send, effects, clock } = supervise();
    send('stop.requested');
    clock.increment(commandLimits.processStopMsMax - 1);
    expect(effects()).toEqual(['launch', 'terminate']);
    clock.increment(1);
    expect(effects()).toEqual(['kill']);
  });

  test('killed, it stays away until it is to start, and its death does not count', () => {
    const { send, effects, state, clock } = supervise();
    send('process.serving');
    send('kill.requested');
    expect(effects()).toEqual(['launch', 'kill']);
    send('process.exited');
    clock.increment(commandLimits.processRestartMsMax);
    expect([state(), effects()]).toEqual(['down', []]);
    send('start.requested');
    expect(effects()).toEqual(['launch']);
    send('process.exited');
    expect(effects()[0]).toBe('died, restart in 0');
  });

  test('to start again before it is gone: it starts once it is', () => {
    const { send, effects } = supervise();
    send('process.serving');
    send('kill.requested');
    send('start.requested');
    effects();
    send('process.exited');
    expect(effects()).toEqual(['launch']);
  });

  test('serving, it is stopped to start again; killed if it does not stop', () => {
    const { send, effects, clock } = supervise();
    send('process.serving');
    send('start.requested');
    expect(effects()).toEqual(['launch', 'terminate']);
    clock.increment(commandLimits.processStopMsMax);
    expect(effects()).toEqual(['kill']);
    send('process.exited');
    expect(effects()).toEqual(['launch']);
  });

  test('killed while it waits for a restart: there is none until it is to start', () => {
    const { send, effects, clock, state } = supervise();
    send('process.exited');
    send('kill.requested');
    effects();
    clock.increment(commandLimits.processRestartMsMax);
    expect([state(), effects()]).toEqual(['down', []]);
    send('stop.requested');
    expect(state()).toBe('stopped');
  });
});
