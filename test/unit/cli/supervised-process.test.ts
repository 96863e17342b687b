/** What `quorate up` makes of the end of a node; its chart: `process-machine.test.ts`. */
import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { exitCodes } from '../../../src/cli/exit-codes.js';
import { nodeRecipe } from '../../../src/cli/up/node-process.js';
import { SupervisedProcess } from '../../../src/cli/up/supervised-process.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A node that is no process: what it says and with what it ends is told here. */
function supervised({ isEndExpected = false } = {}) {
  const children: EventEmitter[] = [];
  const said: string[] = [];
  const moves: string[] = [];
  const stdout = new PassThrough();
  let isGivenUp = false;
  const recipe = {
    ...nodeRecipe('n3', [], {}),
    kill: () => undefined,
    spawn: (): ChildProcess => {
      const child = Object.assign(new EventEmitter(), { stdout, stderr: null });
      children.push(child);
      return child as unknown as ChildProcess;
    },
  };
  const started = new SupervisedProcess({
    recipe,
    restarts: true,
    clock: new ManualClock(),
    say: (line) => void said.push(line),
    isEndExpected: () => isEndExpected,
    onServing: () => undefined,
    onGivenUp: () => (isGivenUp = true),
    onMoved: ({ instance, event, state }) =>
      void moves.push(`${instance} ${event} ${state as string}`),
  });
  started.start();
  return {
    says: (event: string) => children.at(-1)!.emit('message', { event }),
    ends: (code: number | null, signal: string | null = null) =>
      children.at(-1)!.emit('exit', code, signal),
    prints: async (line: string) => {
      stdout.write(`${line}\n`);
      await nextTurn();
    },
    said,
    moves,
    kill: () => started.kill(),
    chart: () => started.chart,
    isGivenUp: () => isGivenUp,
  };
}

test('its chart is told as it moves, and where it is', () => {
  const { says, ends, kill, moves, chart } = supervised();
  says('serving');
  expect(chart()).toMatchObject({ chart: 'process', instance: 'n3', state: 'serving' });
  kill();
  ends(null, 'SIGKILL');
  expect(moves).toEqual([
    'n3 xstate.init starting',
    'n3 process.serving serving',
    'n3 kill.requested falling',
    'n3 process.exited down',
  ]);
});

describe('a node that ends', () => {
  test('has left its cluster: it is not started again, and that is no mishap', () => {
    const { says, ends, said, isGivenUp } = supervised();
    says('serving');
    says('left');
    ends(exitCodes.done);
    expect([isGivenUp(), said]).toEqual([true, []]);
  });

  test('as it was expected to: the same', () => {
    const { says, ends, said, isGivenUp } = supervised({ isEndExpected: true });
    says('serving');
    ends(exitCodes.done);
    expect([isGivenUp(), said]).toEqual([true, []]);
  });

  test.each([exitCodes.removed, exitCodes.usage])(
    'with %d: said, and not started again',
    (code) => {
      const { ends, said, isGivenUp } = supervised();
      ends(code);
      expect([isGivenUp(), said]).toEqual([true, [`n3 died (exit code ${code})`]]);
    },
  );

  test('in any other way is started again: killed, stopped by somebody, or killed on its way out', () => {
    for (const [event, code, signal] of [
      ['serving', null, 'SIGKILL'],
      ['serving', exitCodes.done, null],
      ['left', null, 'SIGKILL'],
      ['left', exitCodes.failed, null],
    ] as const) {
      const { says, ends, said, isGivenUp } = supervised();
      says(event);
      ends(code, signal);
      expect(isGivenUp()).toBe(false);
      expect(said.join()).toMatch(/n3 died .*; starting it again/);
    }
  });
});

test('what it prints is told by its name, once', async () => {
  const { prints, said } = supervised();
  await prints('has left its cluster');
  await prints('quorate: no connection');
  expect(said).toEqual(['n3: has left its cluster', 'n3: no connection']);
});
