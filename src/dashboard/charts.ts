/**
 * The statecharts there are: every machine that a file `*.machine.js` below the built `actors/`
 * exports, found by reading the folder. What the page draws is what decides.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { StateMachine, type AnyStateMachine } from 'xstate';
import { ChartTable } from '../../actors/chart-table.js';
import { stateOf } from './chart-definition.js';
import type { ChartDefinition } from './wire.js';
import { literalLines } from './chart-lines.js';
import { statelyConfig } from './stately-config.js';

const ownActors = fileURLToPath(new URL('../../actors', import.meta.url));
const isMachineFile = /\.machine\.js$/;

/** In the order of their files. `actors`: the folder, built. */
export async function findCharts(actors = ownActors): Promise<ChartDefinition[]> {
  const paths = (await readdir(actors, { recursive: true })).filter((path) =>
    isMachineFile.test(path),
  );
  const charts = await Promise.all(
    paths.sort().map((path) => chartsOfFile(dirname(actors), join(actors, path))),
  );
  return charts.flat();
}

async function chartsOfFile(built: string, path: string): Promise<ChartDefinition[]> {
  const exported = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  const written = await sourceOf(built, path);
  return machinesAmong(exported).map(({ name, machine, isTable }) => {
    const from = Math.max(written.text.indexOf(` ${name} =`), 0);
    const lines = literalLines(written.text, written.text.indexOf('createMachine(', from));
    const root = stateOf(machine.root, (keys) => lines.get(keys.join('\n')));
    return {
      id: machine.id,
      file: written.file,
      line: written.text.slice(0, from).split('\n').length,
      source: written.text,
      about: aboutOf(written.text),
      isTable,
      root,
      stately: statelyConfig(root),
    };
  });
}

interface Found {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly isTable: boolean;
}

/** A table alone brings its chart along. */
function machinesAmong(exported: Readonly<Record<string, unknown>>): Found[] {
  const names = new Map<AnyStateMachine, string>();
  const tables = new Set<AnyStateMachine>();
  for (const [name, value] of Object.entries(exported)) {
    const isTable = value instanceof ChartTable;
    const machine = isTable ? value.chart : value;
    if (!(machine instanceof StateMachine)) continue;
    if (isTable) tables.add(machine);
    if (!isTable || !names.has(machine)) names.set(machine, name);
  }
  return Array.from(names, ([machine, name]) => ({ name, machine, isTable: tables.has(machine) }));
}

/** As it was written, where that is there; else as it was built. */
async function sourceOf(
  built: string,
  path: string,
): Promise<{ readonly file: string; readonly text: string }> {
  const root = dirname(built);
  const source = join(root, relative(built, path)).replace(/\.js$/, '.ts');
  const text = await readFile(source, 'utf8').catch(() => undefined);
  const file = text === undefined ? path : source;
  return {
    file: relative(root, file).split(sep).join('/'),
    text: text ?? (await readFile(path, 'utf8')),
  };
}

/** The comment a file begins with. */
function aboutOf(text: string): string {
  const comment = /^\s*\/\*\*([^]*?)\*\//.exec(text)?.[1] ?? '';
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trimEnd());
  return lines.join('\n').trim();
}
