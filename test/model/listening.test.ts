/** The chart of where a node takes requests, alone: each transition, and random histories. */
import { afterAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createActor } from 'xstate';
import {
  listeningChart,
  type ListeningEvent,
  listeningMachine,
} from '../../actors/membership/listening.machine.js';
import { limits } from '../../actors/rules/limits.js';
import {
  hangingAmong,
  hangingMsMin,
  hasMetAll,
  type ListeningMember,
  mayBeDoubled,
} from '../../actors/rules/listening.js';
import { ManualClock } from '../support/manual-clock.js';
import { TakenTransitions } from '../support/taken-transitions.js';

type State = 'alive' | 'suspect' | 'down' | 'gone' | 'unmet';

function others(...states: readonly State[]): ListeningMember[] {
  return states.map((state, i) => {
    const reachability = state === 'gone' ? 'down' : state === 'unmet' ? 'alive' : state;
    const isMet = state !== 'unmet';
    return { id: `n${i}`, reachability, isAbsent: state === 'gone', isMet, isRemoved: false };
  });
}

const taken = new TakenTransitions();
const { hangingMsMin: waitMs, doubledMsMax } = limits;

function listening() {
  const clock = new ManualClock();
  const done: string[] = [];
  let isDoubled: boolean | undefined;
  const chart = listeningChart({
    meetWithout: (hanging) => void done.push(`meet without ${hanging.join(', ') || 'nobody'}`),
    doDoubly: (may) => (isDoubled = may),
    knowAll: () => void done.push('know all'),
  });
  const actor = createActor(chart, { clock, inspect: taken.inspect }).start();
  expect(done.splice(0)).toEqual(['meet without nobody']);
  expect(isDoubled).toBe(false);
  const send = (event: ListeningEvent): string[] => {
    actor.send(event);
    return done.splice(0);
  };
  return {
    send,
    see: (...states: readonly State[]) =>
      send({ type: 'others.changed', others: others(...states), isBack: false }),
    back: (...states: readonly State[]) =>
      send({ type: 'others.changed', others: others(...states), isBack: true }),
    pass: (ms: number) => {
      clock.advance(ms);
      return done.splice(0);
    },
    doubled: () => isDoubled,
    stop: () => {
      actor.stop();
      return clock.pending;
    },
  };
}

describe('where it meets', () => {
  test('without who hangs, after a while; with all again at once', () => {
    const { see, pass } = listening();
    expect([see('alive', 'alive'), see('alive', 'down')]).toEqual([[], []]);
    expect(pass(waitMs - 1)).toEqual([]);
    expect(pass(1)).toEqual(['meet without n1']);
    expect([see('alive', 'down'), pass(waitMs)]).toEqual([[], []]);
    expect(see('alive', 'alive')).toEqual(['meet without nobody']);
    expect(pass(10 * waitMs)).toEqual([]);
  });

  test('who is back in time, or turns out to be gone, is not met without', () => {
    for (const then of ['alive', 'gone'] as const) {
      const { see, pass } = listening();
      see('alive', 'down');
      expect([see('alive', then), pass(waitMs)]).toEqual([[], []]);
    }
  });

  test('who else hangs begins the wait anew, and whoever else changes does not', () => {
    const { see, pass } = listening();
    see('alive', 'alive', 'down');
    pass(waitMs - 1);
    see('alive', 'down', 'down');
    pass(waitMs - 1);
    see('gone', 'down', 'down');
    see('alive', 'down', 'down');
    expect(pass(1)).toEqual(['meet without n1, n2']);
  });

  test('elsewhere as well: it waits where it is, and stays when it would come back there', () => {
    const { see, pass } = listening();
    see('alive', 'alive', 'down');
    expect(pass(waitMs)).toEqual(['meet without n2']);
    expect([see('alive', 'down', 'down'), pass(waitMs - 1)]).toEqual([[], []]);
    expect([see('alive', 'alive', 'down'), pass(waitMs)]).toEqual([[], []]);
    see('alive', 'down', 'down');
    see('alive', 'down', 'down');
    expect(see('alive', 'down', 'gone')).toEqual([]);
    expect([pass(waitMs - 1), pass(1)]).toEqual([[], ['meet without n1']]);
    see('alive', 'down', 'down');
    expect(see('alive', 'alive', 'alive')).toEqual(['meet without nobody']);
  });

  test('the larger the cluster the longer it waits', () => {
    const { see, pass } = listening();
    const states = Array<State>(7).fill('alive');
    see('down', ...states);
    expect(pass(hangingMsMin(9) - 1)).toEqual([]);
    expect(pass(1)).toEqual(['meet without n0']);
  });
});

describe('what it is given others may be given', () => {
  test('while somebody is silent and not gone, and until all agree', () => {
    const { see, pass, doubled } = listening();
    see('alive', 'suspect');
    pass(10 * doubledMsMax);
    see('alive', 'down');
    expect(doubled()).toBe(true);
    see('alive', 'gone');
    pass(doubledMsMax - 1);
    expect(doubled()).toBe(true);
    pass(1);
    expect(doubled()).toBe(false);
  });

  test('for a moment, when somebody is back who was gone', () => {
    const { see, back, pass, doubled } = listening();
    see('alive', 'gone');
    expect(doubled()).toBe(false);
    back('alive', 'alive');
    expect(doubled()).toBe(true);
    pass(doubledMsMax - 1);
    back('alive', 'alive');
    see('alive', 'alive');
    pass(doubledMsMax - 1);
    expect(doubled()).toBe(true);
    see('alive', 'suspect');
    pass(doubledMsMax);
    expect(doubled()).toBe(true);
    back('alive', 'alive');
    pass(doubledMsMax);
    expect(doubled()).toBe(false);
  });

  test.each(['self.unheard', 'hanging.told', 'self.stoodLong'] as const)(
    'for a moment since the last %s',
    (type) => {
      const { see, send, pass, doubled } = listening();
      send({ type });
      pass(doubledMsMax - 1);
      send({ type });
      pass(doubledMsMax - 1);
      expect(doubled()).toBe(true);
      pass(1);
      expect(doubled()).toBe(false);
      // Longer, while it is seen here.
      see('alive', 'down');
      send({ type });
      pass(doubledMsMax);
      expect(doubled()).toBe(true);
    },
  );
});

test('who is new knows where the others meet once it has met each, and goes on knowing', () => {
  const { send, see } = listening();
  const ask = (...states: readonly State[]): string[] =>
    send({ type: 'request.came', others: others(...states) });
  expect(see('alive', 'alive')).toEqual([]);
  expect(ask('alive', 'unmet')).toEqual([]);
  expect(ask('alive', 'gone')).toEqual(['know all']);
  expect(ask('unmet')).toEqual([]);
});

test('stopped while it waits: no timer is left', () => {
  const { see, send, stop } = listening();
  see('alive', 'down');
  send({ type: 'hanging.told' });
  expect(stop()).toBe(0);
});

/** What it comes to, in moments instead of states. */
class Model {
  private nowMs = 0;
  private met = '';
  private next = '';
  private moveMs = Infinity;
  private isDoubled = false;
  private doubledUntilMs = 0;
  private isNew = true;

  send(event: ListeningEvent): void {
    if (event.type === 'request.came') this.isNew &&= !hasMetAll(event.others);
    else if (event.type === 'others.changed') this.see(event.others, event.isBack);
    else this.doubledUntilMs = this.nowMs + doubledMsMax;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    if (this.moveMs <= this.nowMs) this.move();
  }

  get state() {
    const isDoubled = this.isDoubled || this.nowMs < this.doubledUntilMs;
    return { met: this.met, isDoubled, isNew: this.isNew };
  }

  private see(members: readonly ListeningMember[], isBack: boolean): void {
    const wasDoubled = this.isDoubled;
    this.isDoubled = mayBeDoubled(members);
    if (!this.isDoubled && (wasDoubled || isBack)) this.doubledUntilMs = this.nowMs + doubledMsMax;
    const next = hangingAmong(members).join();
    if (next === this.next) return;
    this.next = next;
    if (next === '') this.move();
    else this.moveMs = this.nowMs + hangingMsMin(members.length + 1);
  }

  private move(): void {
    this.met = this.next;
    this.moveMs = Infinity;
  }
}

const states = fc.array(fc.constantFrom<State[]>('alive', 'suspect', 'down', 'gone', 'unmet'), {
  minLength: 2,
  maxLength: 5,
});

const steps = fc.oneof(
  fc.record({ ms: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({ see: states, isBack: fc.boolean() }),
  fc.record({ ask: states }),
  fc.record({ told: fc.constantFrom('self.unheard', 'hanging.told', 'self.stoodLong') }),
);

test('random histories: as moments that are compared have it', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 30 }), (history) => {
      const clock = new ManualClock();
      const state = { met: '', isDoubled: false, isNew: true };
      const chart = listeningChart({
        meetWithout: (hanging) => void (state.met = hanging.join()),
        doDoubly: (may) => void (state.isDoubled = may),
        knowAll: () => void (state.isNew = false),
      });
      const actor = createActor(chart, { clock }).start();
      const model = new Model();
      for (const step of history) {
        if ('ms' in step) {
          clock.advance(step.ms);
          model.pass(step.ms);
        } else {
          const event: ListeningEvent =
            'told' in step
              ? { type: step.told }
              : 'ask' in step
                ? { type: 'request.came', others: others(...step.ask) }
                : { type: 'others.changed', others: others(...step.see), isBack: step.isBack };
          actor.send(event);
          model.send(event);
        }
        expect(state).toEqual(model.state);
      }
      actor.stop();
    }),
  );
});

afterAll(() => expect(taken.missing(listeningMachine)).toEqual([]));
