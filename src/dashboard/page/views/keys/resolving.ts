/** What several values come to as one, before whoever resolves them says better. */

/** Each line once, in the order of its first coming; '' where one of them is no text. */
export function mergedText(values: readonly string[]): string {
  if (!values.every(isWhole)) return '';
  if (values.length < 2) return values.join('');
  return [...new Set(values.flatMap((value) => value.split('\n')))].join('\n');
}

/** Bytes that are no text were replaced on the way: to put that back would change the value. */
export function isWhole(value: string): boolean {
  return !value.includes('\uFFFD');
}
