/** How wide comments are. Code is prettier's business, pages have a rule of their own. */
import { commentLines, type Sources } from './source-files.js';

const columnsMax = 100;

/** One word that is too long can't be broken; a word to the linter may not be. */
const cannotBreak = /^\s*(?:\/\/|\/\*\*?|\*)\s*\S+\s*(?:\*\/)?$|\boxlint-disable-next-line\b/;

export function commentViolations(sources: Sources): string[] {
  const violations: string[] = [];
  for (const [path, text] of sources) {
    const lines = text.split('\n');
    for (const index of commentLines(text)) {
      const line = lines[index]!;
      if (line.length <= columnsMax || cannotBreak.test(line)) continue;
      violations.push(`${path}:${index + 1} has a comment that ends at column ${line.length}`);
    }
  }
  return violations;
}
