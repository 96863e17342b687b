/** Text as a word of a shell, whatever stands in it. */

/** Of bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Of fish, where a backslash counts between quotes. */
export function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}

/** As much of a description as stands beside an option. */
export function brief(description: string): string {
  const [first = ''] = description.replaceAll(/ \([^)]*\)/g, '').split(/; |\. /);
  return first.replace(/\.$/, '');
}
