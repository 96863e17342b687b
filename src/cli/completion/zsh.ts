/** The script for zsh: `source <(quorate completion zsh)` behind `compinit`, or in `fpath`. */
import { brief, quoted } from './shell-words.js';
import type { SpelledCommand, SpelledOption } from './spelling.js';

export function zshScript(commands: readonly SpelledCommand[]): string {
  const paths = commands.filter(({ words }) => words !== '');
  return `#compdef quorate
_quorate() {
  local command='' word
  local -a below options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$command $word" in
      (${paths.map(({ words }) => quoted(` ${words}`)).join('|')}) command="$command $word" ;;
    esac
  done
  case "$command \${words[CURRENT-1]}" in
${commands.flatMap(valueRows).join('\n')}
  esac
  case "$command" in
${commands.map(wordsRow).join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe option options
  elif (( $#below )); then
    _describe command below
  else
    _files
  fi
}
if [[ $funcstack[1] == _quorate ]]; then _quorate "$@"; else compdef _quorate quorate; fi
`;
}

function valueRows({ words, options }: SpelledCommand): string[] {
  return options
    .filter(({ takes }) => takes !== 'nothing')
    .map((option) => `    (${caseOf(words, option)}) ${valuesOf(option)}; return ;;`);
}

function caseOf(words: string, { flags }: SpelledOption): string {
  const command = words === '' ? '' : ` ${words}`;
  return flags.map((flag) => quoted(`${command} ${flag}`)).join('|');
}

function valuesOf({ choices, takes, description }: SpelledOption): string {
  if (choices.length > 0) return `compadd -- ${choices.map(quoted).join(' ')}`;
  return takes === 'file' ? '_files' : `_message ${quoted(brief(description))}`;
}

function wordsRow({ words, below, options }: SpelledCommand): string {
  const command = words === '' ? '' : ` ${words}`;
  const names = below.map(({ name, summary }) => described(name, summary));
  const flags = options.flatMap(({ flags, description }) =>
    flags.map((flag) => described(flag, description)),
  );
  return `    (${quoted(command)}) below=(${names.join(' ')}); options=(${flags.join(' ')}) ;;`;
}

/** A colon parts the word from what it means. */
function described(word: string, description: string): string {
  return quoted(`${word.replaceAll(':', String.raw`\:`)}:${brief(description)}`);
}
