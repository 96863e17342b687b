import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { repositoryRoot, trackedFiles } from '../../support/source-files.js';

const root = repositoryRoot();
const program = new Command('quorate');

beforeAll(async () => {
  const folder = new URL('../../../src/cli/commands/', import.meta.url);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    const adders = (await import(new URL(name, folder).href)) as Record<string, unknown>;
    for (const [adder, add] of Object.entries(adders)) {
      // What stands below `ring` is added by `ring`.
      if (!adder.startsWith('add') || name === 'ring-changes.js') continue;
      (add as (to: Command) => void)(program);
    }
  }
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** First cells of the rows of a page's tables, and what stands behind them. */
function rowsOf(path: string): { first: string; rest: string }[] {
  return Array.from(
    read(path).matchAll(/^\| (.*?) \| (.*) \|$/gm),
    ([, first = '', rest = '']) => ({
      first,
      rest,
    }),
  );
}

function codeOf(text: string): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, code = '']) => code);
}

function optionsIn(text: string): string[] {
  return Array.from(text.matchAll(/(?<![\w-])(--?[a-z][\w-]*)/g), ([, option = '']) => option);
}

/** The command that these words begin with, as deep as they go; undefined: there is none. */
function commandOf(words: readonly string[], within: Command = program): Command | undefined {
  const next = within.commands.find((command) => command.name() === words[0]);
  if (next === undefined) return within === program ? undefined : within;
  return commandOf(words.slice(1), next);
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent === program
    ? command.name()
    : `${pathOf(parent)} ${command.name()}`;
}

function has(command: Command, option: string): boolean {
  return command.options.some(({ long, short }) => [long, short].includes(option));
}

function leaves(within: Command = program): Command[] {
  return within.commands.flatMap((command) => [
    ...(command.commands.length === 0 || command.name() === 'ring' ? [command] : []),
    ...leaves(command),
  ]);
}

/** Commands that a row is about: `bucket create`, then `set`, which is one beside it. */
function commandsOf(first: string): (Command | string)[] {
  let group: string[] = [];
  return codeOf(first).map((code) => {
    const words = code.split(' ');
    const command = commandOf(words) ?? commandOf([...group, ...words]);
    if (words.length > 1) group = words.slice(0, -1);
    return command ?? code;
  });
}

test('the page of the command names every command, and none that is not there', () => {
  const rows = rowsOf('src/guide/command.md').filter(({ first }) => first.startsWith('`'));
  const told = rows.flatMap(({ first }) => commandsOf(first));
  expect(told.filter((command) => typeof command === 'string')).toEqual([]);
  const names = new Set(told.map((command) => pathOf(command as Command)));
  expect(leaves().length).toBeGreaterThan(25);
  expect(
    leaves()
      .map(pathOf)
      .filter((name) => !names.has(name)),
  ).toEqual([]);
});

test('the options that the page of the command names are those of its commands', () => {
  const wrong = rowsOf('src/guide/command.md').flatMap(({ first, rest }) => {
    const commands = commandsOf(first).filter((command) => typeof command !== 'string');
    return codeOf(rest)
      .flatMap(optionsIn)
      .filter((option) => commands.length > 0 && !commands.some((command) => has(command, option)))
      .map((option) => `${first}: ${option}`);
  });
  expect(wrong).toEqual([]);
});

test('the table of the options of a node has all of them', () => {
  const text = read('src/guide/operating.md');
  const table = text.slice(text.indexOf('## Options of a node'), text.indexOf('## nats-server'));
  const told = new Set(
    Array.from(table.matchAll(/^\| (.*?) \|/gm)).flatMap(([, cell = '']) => optionsIn(cell)),
  );
  const node = commandOf(['node'])!;
  const shown = node.options.filter(({ hidden, long }) => !hidden && long !== '--json');
  expect([...told].sort()).toEqual(shown.map(({ long }) => long!).sort());
});

test('every line of quorate on the pages is of a command that has these options', () => {
  const pages = trackedFiles(root).filter(
    (path) => path === 'README.md' || /^src\/guide\/.*\.md$/.test(path),
  );
  const lines = pages.flatMap((path) =>
    Array.from(read(path).matchAll(/^```sh.*\n([^]*?)^```/gm), ([, block = '']) =>
      block
        .replaceAll('\\\n', ' ')
        .split('\n')
        .map((line) => line.split(' #')[0]!.trim())
        .filter((line) => /^(?:npx )?quorate /.test(line))
        .map((line) => ({ path, line })),
    ).flat(),
  );
  expect(lines.length).toBeGreaterThan(80);
  const wrong = lines.filter(({ line }) => {
    const words = line.replace(/^(?:npx )?quorate /, '').split(' ');
    const command = commandOf(words);
    // What is quoted is a value.
    const options = optionsIn(line.replace(/'[^']*'|"[^"]*"/g, ''));
    return command === undefined || !options.every((option) => has(command, option));
  });
  expect(wrong).toEqual([]);
});
