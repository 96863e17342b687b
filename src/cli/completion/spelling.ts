/** What can be typed behind `quorate`, as the scripts for shells are made of it. */
import type { Command, Option } from 'commander';

export interface SpelledOption {
  /** `--json`, and `-j` where there is one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takes: 'nothing' | 'file' | 'value';
  /** Which values there are; empty: any. */
  readonly choices: readonly string[];
}

export interface SpelledCommand {
  /** The words that lead to it, such as `ring plan`; empty: the program itself. */
  readonly words: string;
  readonly summary: string;
  /** By their last words; and what may stand in their place. */
  readonly below: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly SpelledOption[];
}

/** The program first, then each command before those below it. */
export function spelled(command: Command, words: readonly string[] = []): SpelledCommand[] {
  const help = command.createHelp();
  const shown = help.visibleCommands(command);
  const own: SpelledCommand = {
    words: words.join(' '),
    summary: summaryOf(command),
    below: belowOf(command, shown),
    options: help.visibleOptions(command).map(spelledOption),
  };
  return [own, ...shown.flatMap((next) => spelled(next, [...words, next.name()]))];
}

/** Behind `help` come the commands that there are. */
function belowOf(command: Command, shown: readonly Command[]): SpelledCommand['below'] {
  const { parent, registeredArguments } = command;
  const isHelp = command.name() === 'help' && parent !== null;
  const all = isHelp ? parent.createHelp().visibleCommands(parent) : shown;
  return [
    ...all.map((one) => ({ name: one.name(), summary: summaryOf(one) })),
    ...registeredArguments.flatMap(({ argChoices = [], description }) =>
      argChoices.map((name) => ({ name, summary: description })),
    ),
  ];
}

function summaryOf(command: Command): string {
  return command.summary() || command.description();
}

const filePlaceholder = /[<[](?:path|directory|file)[>\]]/;

function spelledOption({ short, long, flags, description, argChoices }: Option): SpelledOption {
  const takesOne = /[<[]/.test(flags);
  const takesFile = filePlaceholder.test(flags);
  return {
    flags: [long, short].filter((flag) => flag !== undefined),
    description,
    takes: !takesOne ? 'nothing' : takesFile ? 'file' : 'value',
    choices: argChoices ?? [],
  };
}
