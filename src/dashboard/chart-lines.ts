/**
 * Where the parts of a machine stand in its file. A chart is one literal (`actors/README.md`), so
 * the keys of its braces are the path to each of its states. What is written in another way is not
 * found, and its chart shows the line of the machine.
 */

/** One alternative each: comment, string or template, brace or bracket, key, anything else. */
const token =
  /\/\/[^\n]*|\/\*[^]*?\*\/|(?<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`)|(?<open>[{[(])|(?<close>[}\])])|(?<comma>,)|(?<colon>:)|(?<word>[\w$]+)|[^]/g;

interface Level {
  readonly path: readonly string[];
  /** What stands before the next colon. */
  key: string | undefined;
  /** Keys are read up to the colon only: behind it there are values. */
  isValue: boolean;
}

/** Line by path, its keys joined by a line break; the machine itself has the empty one. */
export type LiteralLines = ReadonlyMap<string, number>;

/** Of the literal that begins at the first brace after `from`. */
export function literalLines(source: string, from: number): LiteralLines {
  const lines = new Map<string, number>();
  const levels: Level[] = [];
  const start = source.indexOf('{', from);
  if (start < 0) return lines;
  const lineAt = lineCounter(source);
  for (const match of source.slice(start).matchAll(token)) {
    const { text, open, close, comma, colon, word } = match.groups!;
    const level = levels.at(-1);
    if (open !== undefined) {
      levels.push({ path: pathInto(level), key: undefined, isValue: false });
    } else if (close !== undefined) {
      levels.pop();
      if (levels.length === 0) break;
    } else if (comma !== undefined) {
      Object.assign(level!, { key: undefined, isValue: false });
    } else if (colon !== undefined) {
      if (level!.key !== undefined) level!.isValue = true;
    } else if (!level!.isValue && (text ?? word) !== undefined) {
      level!.key = text === undefined ? word! : text.slice(1, -1);
      const path = [...level!.path, level!.key].join('\n');
      if (!lines.has(path)) lines.set(path, lineAt(start + match.index));
    }
  }
  return lines;
}

/** An element of a list belongs to the key of the list. */
function pathInto(level: Level | undefined): readonly string[] {
  if (level === undefined) return [];
  return level.isValue && level.key !== undefined ? [...level.path, level.key] : level.path;
}

/** Called with rising offsets. */
function lineCounter(source: string): (offset: number) => number {
  let line = 1;
  let at = 0;
  return (offset) => {
    for (; at < offset; at++) if (source[at] === '\n') line++;
    return line;
  };
}
