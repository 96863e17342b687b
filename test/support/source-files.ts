/**
 * The project's own source text, for the tests that check its rules: reading, comments, imports.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** Path from the repository's root, with `/`, to text. */
export type Sources = ReadonlyMap<string, string>;

export function repositoryRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** What is in version control or could be: ignored files are nobody's business. */
export function trackedFiles(root: string): string[] {
  const listing = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = listing.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  return [...new Set(files)].sort();
}

export function readSources(root: string): Sources {
  const paths = trackedFiles(root).filter((path) =>
    /^(actors|src|test)\/.*(?<!\.d)\.tsx?$/.test(path),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/**
 * One alternative each: comment to the end of the line, block comment, quoted string, template,
 * regular expression.
 */
const token =
  /(\/\/[^\n]*)|(\/\*[^]*?\*\/)|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(`(?:\\.|[^`\\])*`)|(?<=[=(,:!&|?]\s*)(\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/)/g;

/** Comments become blanks and strings become empty, line by line, so that what is left is code. */
export function codeOf(text: string): string {
  return withoutText(text, () => "''");
}

/** Indexes of the lines that hold a comment or a part of one. */
export function commentLines(text: string): number[] {
  const found: number[] = [];
  for (const { 0: all, 1: line, 2: block, index } of text.matchAll(token)) {
    if (line === undefined && block === undefined) continue;
    const first = text.slice(0, index).split('\n').length - 1;
    for (let at = first; at < first + all.split('\n').length; at++) found.push(at);
  }
  return found;
}

function withoutText(text: string, ofString: (quoted: string) => string): string {
  return text.replace(
    token,
    (all, line?: string, block?: string, quoted?: string, template?: string) => {
      if (line !== undefined) return '';
      if (block !== undefined) return all.replace(/[^\n]/g, '');
      if (template !== undefined) return [...all.matchAll(/\$\{[^}]*\}|\n/g)].join('');
      return quoted === undefined ? "''" : ofString(quoted);
    },
  );
}

/** Module specifiers of static imports, re-exports and dynamic imports with a literal. */
export function importsOf(text: string): string[] {
  const pattern =
    /(?:^|[;}\n])\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|[;}\n])\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  const code = withoutText(text, (quoted) => quoted);
  return [...code.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** The file a relative specifier names, as a path from the root; undefined for packages. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}

/** Files that are started as processes or threads: `new URL('worker.js', import.meta.url)`. */
function startedBy(text: string): string[] {
  const pattern = /\bnew URL\(\s*'([^']+\.js)',\s*import\.meta\.url\)/g;
  return Array.from(text.matchAll(pattern), (match) => `./${match[1]}`);
}

/** Everything that can be reached from the entries by imports and starts, the entries included. */
export function reachableFrom(entries: readonly string[], sources: Sources): Set<string> {
  const reached = new Set<string>();
  const waiting = entries.filter((entry) => sources.has(entry));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const text = sources.get(path) ?? '';
    for (const specifier of [...importsOf(text), ...startedBy(text)]) {
      const target = resolveImport(path, specifier);
      if (target !== undefined && sources.has(target)) waiting.push(target);
    }
  }
  return reached;
}
