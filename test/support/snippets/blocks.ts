/** The fenced blocks of a page: what a reader may copy from it. */

export interface Block {
  readonly page: string;
  /** Of its first line within the fence, from 1. */
  readonly line: number;
  /** Empty where the fence says none. */
  readonly language: string;
  /** What its author says of it behind the language, such as `not-run`. */
  readonly words: ReadonlySet<string>;
  readonly text: string;
}

/** In the page's order; without the blanks by which the fence is indented. */
export function blocksOf(page: string, text: string): Block[] {
  const fenced = text.matchAll(/^( *)(```+|~~~+)([^\n]*)\n([^]*?)^\1\2 *$/gm);
  return Array.from(fenced, ({ 1: indent = '', 3: info = '', 4: inside = '', index }) => {
    const [language = '', ...words] = info.trim().split(/\s+/);
    const line = text.slice(0, index).split('\n').length + 1;
    const dedented = inside.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    return { page, line, language, words: new Set(words), text: dedented };
  });
}

/** As an editor takes it: the page and its line. */
export function placeOf({ page, line }: Pick<Block, 'page' | 'line'>): string {
  return `${page}:${line}`;
}
