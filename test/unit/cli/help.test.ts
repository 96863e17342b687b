/** What `quorate help` shows. */
import { Command } from 'commander';
import { expect, test } from '@jest/globals';
import { addRing } from '../../../src/cli/commands/ring.js';
import { addHelp } from '../../../src/cli/help.js';

async function shown(...words: string[]): Promise<string> {
  const texts: string[] = [];
  const note = (text: string): void => void texts.push(text);
  const program = new Command('quorate')
    .exitOverride()
    .configureOutput({ writeOut: note, writeErr: note });
  for (const add of [addRing, addHelp]) add(program);
  for (const command of [program, ...program.commands])
    for (const one of [command, ...command.commands]) one.copyInheritedSettings(program);
  await program.parseAsync(['help', ...words], { from: 'user' }).catch(() => undefined);
  return texts.join('');
}

test('of all, of a command, and of one below another', async () => {
  expect(await shown()).toMatch(/^Usage: quorate \[options\] \[command\]/);
  expect(await shown('ring')).toMatch(/^Usage: quorate ring \[options\] \[command\]/);
  expect(await shown('ring', 'plan')).toMatch(/^Usage: quorate ring plan \[options\]/);
  expect(await shown('help')).toMatch(/^Usage: quorate help \[options\] \[command...\]/);
});

test('of none: said', async () => {
  expect(await shown('rings')).toMatch(/^error: unknown command 'rings'/);
  expect(await shown('ring', 'plans')).toMatch(/^error: unknown command 'plans'/);
});
