/** What `quorate completion` prints, read by real shells: they complete what the program has. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { brief, fishQuoted, quoted } from '../../../src/cli/completion/shell-words.js';
import { main } from '../../support/launched.js';

const program = new Command('quorate');
const names = new Set<string>();

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
  for (const command of program.commands) names.add(command.name());
});

function script(shell: string): string {
  const { stdout, status } = spawnSync(process.execPath, [main, 'completion', shell]);
  expect(status).toBe(0);
  return stdout.toString();
}

function isThere(shell: string): boolean {
  return spawnSync(shell, ['-c', 'true']).status === 0;
}

/** A line for each line that is typed: what bash would show then, the words apart by blanks. */
function inBash(lines: readonly (readonly string[])[]): string[][] {
  const asked = lines.map((words) => {
    const typed = ['quorate', ...words].map(quoted).join(' ');
    return `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _quorate; echo "\${COMPREPLY[*]}"`;
  });
  // As the guide says it, so that nothing but this file is asked for.
  const text = [`source <('${process.execPath}' '${main}' completion bash)`, ...asked].join('\n');
  const { stdout, stderr } = spawnSync('bash', ['--norc'], { input: text });
  expect(stderr.toString()).toBe('');
  const shown = stdout.toString().replace(/\n$/, '').split('\n');
  return shown.map((line) => line.split(' ').filter((word) => word !== ''));
}

/** Words to a command, and the command; those that have others below them as well. */
function all(within: Command = program, before: string[] = []): [string[], Command][] {
  return within.commands.flatMap((command) => {
    const words = [...before, command.name()];
    return [[words, command] as [string[], Command], ...all(command, words)];
  });
}

function flagsOf(command: Command): string[] {
  const shown = command.options.filter(({ hidden }) => !hidden);
  return [...shown.flatMap(({ long, short }) => [long, short]), '--help', '-h']
    .filter((flag) => typeof flag === 'string')
    .sort();
}

describe('bash', () => {
  test('every option of every command, and no other', () => {
    const commands = all();
    expect(commands.length).toBeGreaterThan(29);
    const shown = inBash(commands.map(([words]) => [...words, '-']));
    expect(shown).toHaveLength(commands.length);
    for (const [at, [words, command]] of commands.entries())
      expect([words.join(' '), shown[at]!.sort()]).toEqual([words.join(' '), flagsOf(command)]);
  });

  test('commands, those below others, what is begun, and values that are known', () => {
    const [first, below, begun, choices, help, shells] = inBash([
      [''],
      ['ring', ''],
      ['re'],
      ['watch', 'orders', '--include', ''],
      ['help', 'w'],
      ['completion', ''],
    ]);
    expect(new Set(first)).toEqual(new Set([...names, 'help']));
    expect(below).toEqual(expect.arrayContaining(['plan', 'apply', 'cancel']));
    expect(begun).toEqual(['replace', 'remove', 'recover']);
    expect(choices).toEqual(['updates', 'current', 'history']);
    expect(help).toEqual(['watch', 'where']);
    expect(shells).toEqual(['bash', 'zsh', 'fish']);
  });

  test('a bucket that is called as a command, and a value of any kind', () => {
    const [bucket, key, value] = inBash([
      ['put', 'ring', '--str'],
      ['put', 'ring', 'plan', '--str'],
      ['up', '--nodes', ''],
    ]);
    expect([bucket, key, value]).toEqual([['--strict'], ['--strict'], []]);
  });
});

/** A machine may lack these shells; bash it has. */
function testIn(shell: string, what: string, check: () => void): void {
  if (isThere(shell)) test(`${shell}: ${what}`, check);
  else console.warn(`${shell} is not there: its completions are not tested`);
}

testIn('zsh', 'the script is read, and completes with what it is asked for', () => {
  const asked = [
    'compdef() { print -r -- "compdef $*"; }',
    script('zsh'),
    '_describe() { print -r -- "$1 ${(P)2}"; }; compadd() { print -r -- "compadd $*"; }',
    'words=(quorate ring pl) CURRENT=3 PREFIX=pl; _quorate',
    'words=(quorate get b --sib) CURRENT=4 PREFIX=--sib; _quorate',
    'words=(quorate watch b --include "") CURRENT=5 PREFIX=; _quorate',
  ].join('\n');
  const { stdout, stderr } = spawnSync('zsh', ['-f'], { input: asked });
  expect(stderr.toString()).toBe('');
  const [defined, plans, options, choices] = stdout.toString().split('\n');
  expect(defined).toBe('compdef _quorate quorate');
  expect(plans).toMatch(/^command plan:.* apply:.* cancel:/);
  expect(options).toMatch(/^option .*--siblings:.* --sibling:only this one of/);
  expect(choices).toBe('compadd -- updates current history');
});

testIn('fish', 'the script is read, and completes with what it is asked for', () => {
  const asked = [
    script('fish'),
    "complete -C 'quorate ring p'",
    "complete -C 'quorate get b --sib'",
    "complete -C 'quorate watch b --include '",
  ].join('\n');
  const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', asked]);
  expect(stderr.toString()).toBe('');
  const shown = stdout
    .toString()
    .split('\n')
    .map((line) => line.split('\t')[0]);
  expect(shown.filter((word) => word !== '')).toEqual([
    'plan',
    '--sibling',
    '--siblings',
    'current',
    'history',
    'updates',
  ]);
});

test('words are quoted, whatever stands in them; of a description its first half', () => {
  const odd = String.raw`it's \ $HOME`;
  const { stdout } = spawnSync('bash', ['-c', `printf %s ${quoted(odd)}`]);
  expect(stdout.toString()).toBe(odd);
  expect(fishQuoted(String.raw`it's \ `)).toBe(String.raw`'it\'s \\ '`);
  expect(brief('how long to wait (default: 1s): at most. And; more.')).toBe(
    'how long to wait: at most',
  );
});

test('a shell that there is no script for: refused, with those there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, 'completion', 'tcsh']);
  expect(status).toBe(2);
  expect(stderr.toString()).toMatch(/bash, zsh, fish/);
});
