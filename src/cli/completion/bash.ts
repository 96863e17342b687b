/** The script for bash (3.2 or newer): `source <(quorate completion bash)`. */
import { quoted } from './shell-words.js';
import type { SpelledCommand, SpelledOption } from './spelling.js';

export function bashScript(commands: readonly SpelledCommand[]): string {
  const paths = commands.filter(({ words }) => words !== '');
  return `# quorate completion bash
_quorate() {
  local typed="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' words='' at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "$command \${COMP_WORDS[at]}" in
      ${paths.map(({ words }) => quoted(` ${words}`)).join('|')})
        command="$command \${COMP_WORDS[at]}" ;;
    esac
  done
  case "$command $before" in
${commands.flatMap(valueRows).join('\n')}
  esac
  case "$command" in
${commands.map(wordsRow).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$typed"))
}
complete -o bashdefault -o default -F _quorate quorate
`;
}

/** What comes behind an option that takes something: its choices, else what the shell has. */
function valueRows({ words, options }: SpelledCommand): string[] {
  return options
    .filter(({ takes }) => takes !== 'nothing')
    .map((option) => `    ${caseOf(words, option)}) ${valuesOf(option)} ;;`);
}

function caseOf(words: string, { flags }: SpelledOption): string {
  const command = words === '' ? '' : ` ${words}`;
  return flags.map((flag) => quoted(`${command} ${flag}`)).join('|');
}

function valuesOf({ choices }: SpelledOption): string {
  if (choices.length === 0) return 'return';
  return `COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$typed")); return`;
}

/** Options once somebody begins one. */
function wordsRow({ words, below, options }: SpelledCommand): string {
  const command = words === '' ? '' : ` ${words}`;
  const flags = options.flatMap((option) => option.flags).join(' ');
  const names = below.map(({ name }) => name).join(' ');
  return `    ${quoted(command)}) words=${quoted(names)}; [[ $typed == -* ]] && words=${quoted(flags)} ;;`;
}
