/** `quorate help`: of the command that the words behind it name, also of one below another. */
import type { Command } from 'commander';

export function addHelp(program: Command): void {
  program.helpCommand(false);
  program
    .command('help [command...]')
    .summary('show the help of a command')
    .description('Shows the help of a command.')
    .action((words: readonly string[]) => helped(program, words).help());
}

/** Words that name nothing are said as where they would be run. */
function helped(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const next = command.commands.find((known) => known.name() === word);
    if (next === undefined) return command.error(`error: unknown command '${word}'`);
    command = next;
  }
  return command;
}
