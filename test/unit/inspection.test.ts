/**
 * Several observers of one node's charts: each sees all, and none can hurt the node or the others.
 */
import 'reflect-metadata';
import { beforeEach, expect, test } from '@jest/globals';
import {
  createActor,
  setup,
  type AnyActorRef,
  type InspectionEvent,
  type Subscription,
} from 'xstate';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import type { Clock } from '../../src/seams/clock.js';
import { Inspection } from '../../src/seams/inspection.js';

const lamp = setup({}).createMachine({
  id: 'lamp',
  initial: 'dark',
  states: {
    dark: { on: { pressed: 'lit' } },
    lit: { on: { pressed: 'dark' } },
  },
});

/** Time passes when a test says so, and when an observer takes it. */
class HandClock implements Clock {
  nowMs = 0;
  private readonly timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  private lastId = 0;

  wallMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  setTimeout(run: () => void, delayMs: number): number {
    this.timers.set(++this.lastId, { atMs: this.nowMs + Math.max(1, delayMs), run });
    return this.lastId;
  }

  clearTimeout(id: unknown): void {
    this.timers.delete(id as number);
  }

  endOfTurn(run: () => void): void {
    this.setTimeout(run, 0);
  }

  get armed(): number {
    return this.timers.size;
  }

  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const due = [...this.timers].sort(([, a], [, b]) => a.atMs - b.atMs)[0];
      if (due === undefined || due[1].atMs > untilMs) break;
      this.timers.delete(due[0]);
      this.nowMs = Math.max(this.nowMs, due[1].atMs);
      due[1].run();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}

/** What it was shown: what actors it was introduced to, and the states it saw. */
class Notes {
  readonly events: InspectionEvent[] = [];
  readonly errors: string[] = [];
  readonly next = (event: InspectionEvent): void => void this.events.push(event);
  readonly error = (error: unknown): void => void this.errors.push((error as Error).message);

  get introduced(): number {
    return this.events.filter(({ type }) => type === '@xstate.actor').length;
  }

  get states(): string[] {
    return this.events.flatMap((event) =>
      event.type === '@xstate.snapshot' ? [(event.snapshot as { value?: string }).value!] : [],
    );
  }
}

let clock: HandClock;
let inspection: Inspection;
let actor: AnyActorRef;

beforeEach(() => {
  clock = new HandClock();
  inspection = new Inspection(clock);
  actor = createActor(lamp, { clock });
  inspection.attach(actor);
  actor.start();
});

function press(times: number): void {
  for (let i = 0; i < times; i++) actor.send({ type: 'pressed' });
}

test('inspection: two observers see the same, the later one from when it came, introduced to what is there', () => {
  const [first, second] = [new Notes(), new Notes()];
  inspection.watch(first);
  press(1);
  inspection.watch(second);
  press(2);
  clock.pass(10);
  expect(first.states).toEqual(['lit', 'dark', 'lit']);
  expect(second.states).toEqual(['dark', 'lit']);
  expect([first.introduced, second.introduced]).toEqual([1, 1]);
  const another = createActor(lamp, { clock });
  inspection.attach(another);
  another.start();
  clock.pass(10);
  expect([first.introduced, second.introduced]).toEqual([2, 2]);
});

test('inspection: who stops watching leaves the others as they are; with the last one the window is shut', () => {
  const { actorOptions } = inspection;
  const [first, second] = [new Notes(), new Notes()];
  const watching: Subscription[] = [first, second].map((notes) => inspection.watch(notes));
  expect(inspection.actorOptions).not.toBe(actorOptions);
  press(1);
  clock.pass(10);
  watching[0]!.unsubscribe();
  watching[0]!.unsubscribe();
  press(1);
  clock.pass(10);
  expect(first.states).toEqual(['lit']);
  expect(second.states).toEqual(['lit', 'dark']);
  expect(inspection.watching).toBe(true);
  watching[1]!.unsubscribe();
  expect(inspection.actorOptions).toBe(actorOptions);
  press(1);
  clock.pass(10);
  expect(second.states).toEqual(['lit', 'dark']);
  expect(clock.armed).toBe(0);
});

test('inspection: a round that outlives who watched it tells nobody', () => {
  const notes = new Notes();
  const watching = inspection.watch(notes);
  const round = createActor(lamp, inspection.actorOptions);
  round.start();
  watching.unsubscribe();
  round.send({ type: 'pressed' });
  clock.pass(10);
  expect(notes.events).toEqual([]);
  expect(round.getSnapshot().value).toBe('lit');
});

test('inspection: observers are told in turns of their own: an event of a chart runs none of them', () => {
  const notes = new Notes();
  inspection.watch(notes);
  press(3);
  expect(notes.events).toEqual([]);
  clock.pass(10);
  expect(notes.states).toHaveLength(3);
});

test('inspection: what is seen is what was when it happened', () => {
  const counting = { counted: 0 };
  const bell = setup({}).createMachine({
    context: counting,
    on: { pulled: { actions: () => void counting.counted++ } },
  });
  const ringing = createActor(bell, { clock });
  inspection.attach(ringing);
  ringing.start();
  const notes = new Notes();
  inspection.watch(notes);
  for (let i = 0; i < 3; i++) ringing.send({ type: 'pulled' });
  clock.pass(10);
  const seen = notes.events.flatMap((event) =>
    event.type === '@xstate.snapshot'
      ? [(event.snapshot as { context?: typeof counting }).context!.counted]
      : [],
  );
  expect(seen).toEqual([1, 2, 3]);
  expect(notes.events.some(({ actorRef }) => actorRef === actor || actorRef === ringing)).toBe(
    false,
  );
});

test('inspection: one that throws is told why, once, and no more; the chart and the others go on', () => {
  const before = new Notes();
  const after = new Notes();
  const errors: unknown[] = [];
  let told = 0;
  inspection.watch(before);
  inspection.watch({
    next: () => {
      told++;
      throw new Error('a broken observer');
    },
    error: (error) => {
      errors.push(error);
      throw new Error('broken here too');
    },
  });
  inspection.watch(after);
  press(3);
  clock.pass(10);
  press(1);
  clock.pass(10);
  expect(actor.getSnapshot()).toMatchObject({ value: 'dark', status: 'active' });
  expect(told).toBe(1);
  expect(errors).toEqual([new Error('a broken observer')]);
  for (const notes of [before, after]) {
    expect(notes.states).toEqual(['lit', 'dark', 'lit', 'dark']);
    expect(notes.errors).toEqual([]);
  }
});

test('inspection: one that is slow takes a fifth of the time, and is sent away when it falls too far behind; others miss nothing', () => {
  const quick = new Notes();
  const slow = new Notes();
  let busyMs = 0;
  inspection.watch({
    next: (event) => {
      slow.next(event);
      clock.nowMs += 5;
      busyMs += 5;
    },
    error: slow.error,
  });
  inspection.watch(quick);
  const startMs = clock.nowMs;
  let pressed = 0;
  while (slow.errors.length === 0 && pressed < 10 * inspectionLimits.waitingMax) {
    press(1);
    pressed++;
    clock.pass(1);
  }
  expect(slow.errors).toEqual([
    `the observer does not keep up: ${inspectionLimits.waitingMax} events wait`,
  ]);
  expect(busyMs).toBeLessThanOrEqual((clock.nowMs - startMs) / 5 + 5);
  const seen = slow.events.length;
  expect(seen).toBeGreaterThan(10);
  press(2);
  clock.pass(100);
  expect(slow.events).toHaveLength(seen);
  expect(quick.states).toHaveLength(pressed + 2);
  expect(quick.errors).toEqual([]);
});

test('inspection: so many may watch; one more is an error, until one goes', () => {
  const watching = Array.from({ length: inspectionLimits.observersMax }, () =>
    inspection.watch(new Notes()),
  );
  expect(() => inspection.watch(new Notes())).toThrow('observers watch already');
  watching[0]!.unsubscribe();
  const notes = new Notes();
  inspection.watch(notes);
  press(1);
  clock.pass(10);
  expect(notes.states).toEqual(['lit']);
  inspection.unwatch();
  expect(inspection.watching).toBe(false);
});

test('inspection: an observer may stop watching, or watch anew, while it is told', () => {
  const notes = new Notes();
  const late = new Notes();
  const watching: Subscription = inspection.watch({
    next: (event) => {
      notes.next(event);
      watching.unsubscribe();
      inspection.watch(late);
    },
  });
  press(2);
  clock.pass(10);
  expect(notes.events).toHaveLength(1);
  press(1);
  clock.pass(10);
  expect(late.states).toEqual(['lit']);
});

test('inspection: that an actor ends is told, whether it is stopped or has come to its end', () => {
  const match = setup({}).createMachine({
    id: 'match',
    initial: 'burning',
    states: { burning: { on: { burnt: 'ash' } }, ash: { type: 'final' } },
  });
  const notes = new Notes();
  inspection.watch(notes);
  inspection.detach(actor);
  actor.stop();
  const burning = createActor(match, { clock });
  inspection.attach(burning);
  burning.subscribe({
    complete: () => {
      inspection.detach(burning);
      burning.stop();
    },
  });
  burning.start();
  burning.send({ type: 'burnt' });
  clock.pass(10);
  const told = notes.events.flatMap((event) =>
    event.type === '@xstate.snapshot' ? [(event.snapshot as { status: string }).status] : [],
  );
  expect(told).toEqual(['stopped', 'active', 'done']);
  expect(inspection.attachedCharts()).toEqual([]);
});

test('inspection: what a chart has invoked is a chart that is there, too', () => {
  const room = setup({ actors: { lamp } }).createMachine({
    id: 'room',
    invoke: { id: 'ceiling', src: 'lamp' },
  });
  const entered = createActor(room, { clock, id: 'kitchen' });
  inspection.attach(entered);
  entered.start();
  expect(inspection.attachedCharts().map(({ id }) => id)).toEqual([actor.id, 'kitchen', 'ceiling']);
});
