/** The charts the dashboard shows are the machines of `actors/`, all of them and all of each. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMachine, StateMachine, type AnyStateMachine, type AnyStateNode } from 'xstate';
import type { ChartDefinition, ChartNode, ChartTransition } from '../../../src/dashboard/wire.js';
import { stateOf } from '../../../src/dashboard/chart-definition.js';
import { findCharts } from '../../../src/dashboard/charts.js';
import { statelyText } from '../../../src/dashboard/page/views/charts/stately-text.js';
import { repositoryRoot, trackedFiles } from '../../support/source-files.js';

const root = repositoryRoot();
const charts = await findCharts();

describe('the charts', () => {
  test('are those of every file of machines, with its text', () => {
    const files = trackedFiles(root).filter((path) => /^actors\/.*\.machine\.ts$/.test(path));
    expect(files.length).toBeGreaterThan(10);
    expect([...new Set(charts.map(({ file }) => file))]).toEqual(files);
    for (const { file, source } of charts)
      expect(source).toBe(readFileSync(join(root, file), 'utf8'));
  });

  test.each(charts.map((chart) => [chart.id, chart] as const))(
    '%s has the states and transitions XState knows of it',
    async (_, chart) => {
      const machine = await machineOf(chart);
      const nodes = nodesOf(machine.root);
      expect(statesOf(chart.root).map(stateText)).toEqual(nodes.map(nodeText));
      expect(transitionsOf(chart.root).map(transitionText)).toEqual(
        nodes.flatMap((node) =>
          [...(node.always ?? []), ...node.definition.transitions].map((transition) =>
            JSON.stringify([
              node.id,
              transition.eventType,
              (transition.target ?? []).map(({ id }) => id),
              transition.reenter,
              transition.actions.length,
              transition.guard !== undefined,
            ]),
          ),
        ),
      );
    },
  );

  test.each(charts.map((chart) => [chart.id, chart] as const))(
    '%s is made again of what Stately’s editor is given',
    (_, chart) => {
      const { root } = chart;
      const [, config = ''] = calledWith.exec(statelyText(chart)) ?? [];
      const again = createMachine(JSON.parse(config) as object);
      const known = stateOf(again.root, () => undefined);
      expect(withoutPlaces(known)).toEqual(withoutPlaces(root));
    },
  );

  test('say in which line each state is written', () => {
    for (const { source, line, root } of charts) {
      const lines = source.split('\n');
      expect(lines[line - 1]).toMatch(/^export const \w+ = setup\(/);
      for (const state of statesOf(root).slice(1)) {
        const text = lines[(state.line ?? 0) - 1] ?? '';
        expect(text).toMatch(new RegExp(`\\b${state.key}: `));
      }
      for (const { line, trigger, event } of transitionsOf(root))
        if (trigger.kind === 'event') expect(lines[(line ?? 0) - 1]).toContain(event);
    }
  });

  test('say what a delay comes to, where that is always the same', () => {
    const transitions = charts.flatMap(({ root }) => transitionsOf(root));
    const delays = transitions.flatMap(({ trigger }) =>
      trigger.kind === 'after' ? [trigger] : [],
    );
    expect(delays).toContainEqual({ kind: 'after', delay: 'settle', ms: 250 });
    expect(delays).toContainEqual({ kind: 'after', delay: 'backoff' });
  });

  test('say which of them are run by tables', () => {
    expect(charts.filter(({ isTable }) => isTable).map(({ id }) => id)).toEqual([
      'getRound',
      'putRound',
    ]);
  });
});

describe('a machine that nobody has listed', () => {
  const folder = join(root, 'dist', 'made-up');
  const actors = join(folder, 'actors');

  beforeAll(() => {
    mkdirSync(join(actors, 'made'), { recursive: true });
    writeFileSync(join(actors, 'made', 'up.machine.js'), madeUp);
    writeFileSync(join(actors, 'made', 'tabled.machine.js'), tabled);
    writeFileSync(join(actors, 'made', 'helper.js'), `export * from './up.machine.js';\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('appears by itself, with all it has', async () => {
    const [, chart, ...others] = await findCharts(actors);
    expect(others).toEqual([]);
    expect(chart).toMatchObject({ id: 'madeUp', line: 3, isTable: false, about: 'Made up.' });
    expect(chart!.file).toBe('made-up/actors/made/up.machine.js');
    const [first, both] = chart!.root.states;
    expect(first).toMatchObject({ key: 'first', line: 7, type: 'atomic', tags: ['calm'] });
    expect(
      first!.transitions.map(({ trigger, guard, otherwise }) => [trigger, guard, otherwise]),
    ).toEqual([
      [{ kind: 'always' }, 'not (a or in b)', false],
      [{ kind: 'event' }, 'a', false],
      [{ kind: 'event' }, undefined, true],
      [{ kind: 'after', ms: 70 }, undefined, false],
    ]);
    expect(first!.entry).toEqual([{ name: 'tell', params: { because: 'why' } }]);
    expect(both).toMatchObject({ type: 'parallel', invokes: [{ id: 'worker', src: 'work' }] });
    expect(both!.transitions.map(({ trigger }) => trigger)).toEqual([
      { kind: 'done' },
      { kind: 'actor', how: 'done', actor: 'worker' },
      { kind: 'actor', how: 'error', actor: 'worker' },
    ]);
    expect(both!.states.map(({ type, history }) => [type, history])).toEqual([
      ['compound', undefined],
      ['history', 'deep'],
    ]);
  });

  test('appears when it is known by its table alone', async () => {
    const [chart] = await findCharts(actors);
    expect(chart).toMatchObject({ id: 'tabled', isTable: true, line: 3 });
  });
});

const madeUp = `/** Made up. */
import { not, or, setup, stateIn } from 'xstate';
export const madeUpMachine = setup({}).createMachine({
  id: 'madeUp',
  initial: 'first',
  states: {
    first: {
      tags: 'calm',
      entry: { type: 'tell', params: { because: 'why' } },
      always: { guard: not(or(['a', stateIn('b')])), target: 'both' },
      on: { go: [{ guard: 'a', target: 'both' }, { actions: 'stay' }] },
      after: { 70: 'both' },
    },
    both: {
      type: 'parallel',
      invoke: { id: 'worker', src: 'work', onDone: 'first', onError: 'first' },
      onDone: 'first',
      states: {
        one: { initial: 'a', states: { a: { type: 'final' } } },
        before: { type: 'history', history: 'deep' },
      },
    },
  },
});
`;

const tabled = `import { createMachine } from 'xstate';
import { ChartTable } from '../../../actors/chart-table.js';
export const table = new ChartTable(
  createMachine({ id: 'tabled', initial: 'a', states: { a: {} } }),
);
`;

async function machineOf({ id, file }: ChartDefinition): Promise<AnyStateMachine> {
  const path = join(root, 'dist', file.replace(/\.ts$/, '.js'));
  const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const machine = Object.values(exported).find(
    (value) => value instanceof StateMachine && value.id === id,
  );
  return machine as AnyStateMachine;
}

/** The editor takes calls of `createMachine`, and says of other text that there is none. */
const calledWith =
  /^import \{ createMachine \} from 'xstate';\n\nexport const machine = createMachine\(([^]*)\);\n$/m;

function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

function statesOf(state: ChartNode): ChartNode[] {
  return [state, ...state.states.flatMap(statesOf)];
}

function transitionsOf(state: ChartNode): ChartTransition[] {
  return statesOf(state).flatMap(({ transitions }) => transitions);
}

function nodeText(node: AnyStateNode): string {
  const { id, key, type, tags, config, invoke } = node;
  const initial = type === 'compound' ? node.initial.target[0]!.id : undefined;
  const entry = [config.entry ?? []].flat().length;
  const exit = [config.exit ?? []].flat().length;
  return JSON.stringify({ id, key, type, tags, initial, entry, exit, invokes: invoke.length });
}

function stateText({ id, key, type, tags, initial, entry, exit, invokes }: ChartNode): string {
  const counts = { entry: entry.length, exit: exit.length, invokes: invokes.length };
  return JSON.stringify({ id, key, type, tags, initial, ...counts });
}

function transitionText(transition: ChartTransition): string {
  const { source, event, targets, reenter, actions, guard } = transition;
  return JSON.stringify([source, event, targets, reenter, actions.length, guard !== undefined]);
}

/** What a configuration does not say: lines, and what a named delay comes to. */
function withoutPlaces(state: ChartNode): unknown {
  return JSON.parse(
    JSON.stringify(state, (name, value: unknown) =>
      name === 'line' || name === 'ms' ? undefined : value,
    ),
  );
}
