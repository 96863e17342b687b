/** A chart that goes by its table does, and shows, what an actor of it would. */
import { describe, expect, test } from '@jest/globals';
import { createActor, setup, type AnyStateMachine, type InspectionEvent } from 'xstate';
import { ChartTable } from '../../actors/chart-table.js';
import { openGetLedger, type GetPlan } from '../../actors/coordinator/get-ledger.js';
import { getRoundMachine } from '../../actors/coordinator/get-round.machine.js';
import { GetRound } from '../../actors/coordinator/get-round.js';
import { openPutLedger, type PutPlan } from '../../actors/coordinator/put-ledger.js';
import { putRoundMachine, type PutRoundEvent } from '../../actors/coordinator/put-round.machine.js';
import { PutRound } from '../../actors/coordinator/put-round.js';

const lamp = setup({
  actions: { shine: () => undefined, click: () => undefined, cool: () => undefined },
}).createMachine({
  id: 'lamp',
  initial: 'dark',
  on: { tapped: { actions: 'click' }, broken: '.dead' },
  states: {
    dark: { entry: 'cool', on: { pressed: 'lit' } },
    lit: { entry: 'shine', exit: 'click', on: { pressed: { target: 'dark', actions: 'click' } } },
    dead: { type: 'final' },
  },
});

describe('a table', () => {
  const table = new ChartTable<'dark' | 'lit' | 'dead', 'shine' | 'click' | 'cool'>(lamp);
  const dark = table.start.to;
  const lit = table.exit(dark, 'pressed')!.to;

  test('starts where the chart does, with what it does on the way', () => {
    expect([dark.state, dark.isFinal, table.start.actions]).toEqual(['dark', false, ['cool']]);
  });

  test('has exit, transition and entry in their order, and what an event does from anywhere', () => {
    expect(table.exit(lit, 'pressed')).toEqual({ to: dark, actions: ['click', 'click', 'cool'] });
    expect(table.exit(lit, 'tapped')).toEqual({ to: lit, actions: ['click'] });
    expect(table.exit(dark, 'broken')!.to).toMatchObject({ state: 'dead', isFinal: true });
  });

  test('knows what a state says nothing to, and gives the same each time', () => {
    for (let i = 0; i < 2; i++) expect(table.exit(dark, 'kicked')).toBeNull();
    expect(table.exit(lit, 'pressed')).toBe(table.exit(lit, 'pressed'));
  });

  test('is none where more than state and event decide', () => {
    const guarded = setup({ guards: { isNight: () => true } }).createMachine({});
    const timed = setup({ delays: { late: 5 } }).createMachine({});
    for (const chart of [guarded, timed])
      expect(() => new ChartTable(chart)).toThrow('has guards or delays');
  });
});

type Seen = readonly [type: string, event: string | undefined, state: unknown, status: unknown];

/** What `@statelyai/inspect` takes in. */
function noting(seen: Seen[]): { next: (event: InspectionEvent) => void } {
  return {
    next: (event) => {
      const { type, actorRef } = event;
      if (type === '@xstate.actor') {
        const { config } = (actorRef as unknown as { logic: AnyStateMachine }).logic;
        seen.push([type, config.id, undefined, undefined]);
      } else if (type === '@xstate.event')
        seen.push([type, event.event.type, undefined, undefined]);
      else if (type === '@xstate.snapshot') {
        const { value, status } = event.snapshot as { value?: unknown; status: unknown };
        seen.push([type, event.event.type, value, status]);
      }
    },
  };
}

/** An actor of the chart, told the events that were shown. */
function actorsView(chart: AnyStateMachine, shown: readonly Seen[]): Seen[] {
  const seen: Seen[] = [];
  const actor = createActor(chart, { inspect: noting(seen) });
  actor.start();
  for (const [type, event] of shown)
    if (type === '@xstate.event' && event !== 'xstate.init') actor.send({ type: event! });
  return seen;
}

const nobody = {
  carryOut() {},
  ask() {},
  repair() {},
  replyMet() {},
  replyFailed() {},
  planAnew() {},
  finish() {},
};

describe('who watches a round sees what an actor of its chart would show', () => {
  const plan: PutPlan = {
    self: 'A',
    primaries: ['A', 'B', 'C'],
    incoming: [],
    down: [],
    fallbacks: ['D'],
    needed: 2,
    strict: false,
  };
  const lost = { type: 'replica.outOfReach', why: 'is not there' } as const;

  test.each<[string, PutRoundEvent[], string]>([
    [
      'that is served',
      [
        { type: 'log.durable' },
        { type: 'replica.acked', node: 'B' },
        { type: 'replica.slow' },
        { type: 'replica.acked', node: 'C' },
      ],
      'done',
    ],
    [
      'that fails and is overdue',
      [
        { ...lost, node: 'B' },
        { ...lost, node: 'C' },
        { ...lost, node: 'D' },
        { type: 'settling.overdue' },
      ],
      'done',
    ],
    ['whose time is up', [{ type: 'deadline.passed' }], 'failed'],
  ])('of puts %s', (_what, events, end) => {
    const seen: Seen[] = [];
    const round = new PutRound(openPutLedger(plan), nobody, { id: 'put', inspect: noting(seen) });
    round.begin();
    for (const event of events) round.happened(event);
    expect(round.state).toBe(end);
    expect(seen).toEqual(actorsView(putRoundMachine, seen));
    const told = seen.filter(([type]) => type === '@xstate.event').map(([, event]) => event);
    expect(told).toEqual(expect.arrayContaining(events.map(({ type }) => type)));
  });

  test.each([
    ['equal', false, 'done'],
    ['differing', true, 'repairing'],
  ])('of gets with %s answers', (_what, differs, end) => {
    const seen: Seen[] = [];
    const gets: GetPlan = { ...plan, candidates: ['A', 'B', 'C'] };
    const round = new GetRound(openGetLedger(gets), nobody, { id: 'get', inspect: noting(seen) });
    round.begin();
    round.happened({ type: 'replica.answered', node: 'B', differs });
    expect(round.state).toBe(end);
    // Nothing is asked or counted any more.
    round.happened({ type: 'replica.slow' });
    expect(round.ledger.seats).toHaveLength(2);
    expect(seen).toEqual(actorsView(getRoundMachine, seen));
  });
});
