/** The script for fish: `quorate completion fish | source`. */
import { brief, fishQuoted } from './shell-words.js';
import type { SpelledCommand, SpelledOption } from './spelling.js';

export function fishScript(commands: readonly SpelledCommand[]): string {
  const paths = commands.map(({ words }) => words).filter((words) => words !== '');
  return `# quorate completion fish
function __quorate_is
    set -l known ${paths.map(fishQuoted).join(' ')}
    set -l command
    for word in (commandline -opc)[2..-1]
        set -l longer (string join ' ' -- $command $word)
        contains -- $longer $known; and set command $longer
    end
    test "$command" = "$argv[1]"
end
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ words, below, options }: SpelledCommand): string[] {
  const here = `complete -c quorate -n ${fishQuoted(`__quorate_is ${fishQuoted(words)}`)}`;
  return [
    ...below.map(
      ({ name, summary }) => `${here} -f -a ${fishQuoted(name)} -d ${fishQuoted(brief(summary))}`,
    ),
    ...options.map((option) => `${here} ${optionWords(option)}`),
  ];
}

function optionWords({ flags, description, takes, choices }: SpelledOption): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const argument = {
    nothing: [],
    file: ['-r', '-F'],
    value: choices.length > 0 ? ['-x', '-a', fishQuoted(choices.join(' '))] : ['-x'],
  }[takes];
  return [...names, ...argument, '-d', fishQuoted(brief(description))].join(' ');
}
