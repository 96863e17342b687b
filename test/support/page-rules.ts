/**
 * What must be true of the project's pages: their links lead somewhere, their lines fit, what they
 * name is there, and decisions are numbered without a gap.
 */
import { posix } from 'node:path';
import type { Sources } from './source-files.js';

/** Columns of a line of Markdown, of what can be broken. */
const columnsMax = 100;

const decisionPath = /^src\/decisions\/(\d{4})-[a-z0-9-]+\.md$/;

/**
 * What a decision has to say, in this order; the last may be left out where nothing was measured.
 */
const decisionHeadings = ['Context', 'Choice', 'Measured'];

/** `files`: all paths of the repository, from its root. */
export function linkViolations(pages: Sources, files: readonly string[]): string[] {
  const violations: string[] = [];
  for (const [path, text] of pages) {
    for (const { file, anchor } of linksOf(path, text)) {
      if (!isThere(file, files)) violations.push(`${path} links to ${file}, which is not there`);
      else if (anchor !== undefined && !anchorsOf(pages.get(file) ?? '').has(anchor))
        violations.push(`${path} links to #${anchor}, which ${file} does not have`);
    }
  }
  return violations;
}

/** Pages beside the code to which `from` has no link. */
export function unlinkedPages(pages: Sources, from: string): string[] {
  const linked = new Set(linksOf(from, pages.get(from) ?? '').map(({ file }) => file));
  return [...pages.keys()].filter(
    (path) => /^(?:actors|src)\/(?:.*\/)?README\.md$/.test(path) && !linked.has(path),
  );
}

/** Tables, fenced text and what has no place to break are as wide as they are. */
export function widthViolations(pages: Sources): string[] {
  const violations: string[] = [];
  for (const [path, text] of pages) {
    for (const [index, line] of withoutFences(text).split('\n').entries()) {
      const { length: width } = line;
      if (width <= columnsMax || line.startsWith('|') || !canBreak(line)) continue;
      violations.push(`${path}:${index + 1} has ${width} columns, more than ${columnsMax}`);
    }
  }
  return violations;
}

/**
 * Source files that a page names in code, by path or by the end of one, must be there. Decisions
 * tell of what was, too.
 */
export function nameViolations(pages: Sources, files: readonly string[]): string[] {
  const violations: string[] = [];
  for (const [path, text] of pages) {
    if (decisionPath.test(path)) continue;
    for (const name of codeSpansOf(text)) {
      const isSource = /^[\w./-]+\.(?:ts|md|txt|json|conf|yaml)$/.test(name);
      const isFolder = /^(?:actors|src|test|docker)\/[\w./-]*$/.test(name);
      if ((!isSource && !isFolder) || isNamed(name, path, files)) continue;
      violations.push(`${path} names ${name}, which is not there`);
    }
  }
  return violations;
}

/** What a promise is shown by is a file, so that its reader need not search. */
export function citationViolations(page: string, files: readonly string[]): string[] {
  const cited = codeSpansOf(page).filter((name) => /^test\/|\.test\.ts$|^[\w*-]+\.txt$/.test(name));
  return cited
    .filter((name) => !files.includes(name))
    .map((name) => `${name} is cited and is no file`);
}

/** Of the decisions themselves. */
export function decisionViolations(pages: Sources): string[] {
  const violations: string[] = [];
  const numbers = [...decisionsOf(pages).keys()].sort((a, b) => a - b);
  for (const [index, number] of numbers.entries()) {
    if (number === index + 1) continue;
    violations.push(`decision ${index + 1} is missing, or there are two of one number`);
    break;
  }
  for (const [number, path] of decisionsOf(pages)) {
    const text = pages.get(path) ?? '';
    const complain = (what: string): void => void violations.push(`${path} ${what}`);
    if (!text.startsWith(`# ${number}. `)) complain('has another number in its title');
    const status = /^Status: (?:accepted|superseded by \[)/m.test(text);
    if (!status) complain('has no status (accepted, superseded by …)');
    const headings = Array.from(text.matchAll(/^## (.*)$/gm), (match) => match[1]);
    const wanted = decisionHeadings.slice(0, headings.length);
    if (headings.length < 2 || headings.join() !== wanted.join())
      complain(`has the sections ${headings.join(', ')}`);
  }
  if (decisionsOf(pages).size < decisionFilesOf(pages).length)
    violations.push('two decisions have one number');
  for (const path of pages.keys()) {
    if (path.startsWith('src/decisions/') && !decisionPath.test(path))
      violations.push(`${path} is not named as decisions are`);
  }
  return violations;
}

/**
 * `decision 92`, `decisions 9 and 30` and `src/decisions/0092` in any text lead to decisions that
 * exist.
 */
export function mentionViolations(texts: Sources, decisions: ReadonlySet<number>): string[] {
  const violations: string[] = [];
  for (const [path, text] of texts) {
    const named = [
      ...Array.from(text.matchAll(/\bdecisions?\s+((?:\d+(?:,\s|\sand\s|\sor\s)?)+)/gi), (match) =>
        (match[1] ?? '').match(/\d+/g),
      ).flat(),
      ...Array.from(text.matchAll(/\bdecisions\/(\d{4})\b/g), (match) => match[1]),
    ];
    for (const number of named) {
      if (decisions.has(Number(number))) continue;
      violations.push(`${path} names decision ${Number(number)}, which is not there`);
    }
  }
  return violations;
}

/** Pages that code names, in comments mostly, must be there. */
export function pageNameViolations(texts: Sources, files: readonly string[]): string[] {
  const violations: string[] = [];
  for (const [path, text] of texts) {
    for (const [name] of text.matchAll(/(?<![\w./-])[\w./-]*\w\.md\b/g)) {
      if (isNamed(name, path, files)) continue;
      violations.push(`${path} names ${name}, which is not there`);
    }
  }
  return violations;
}

/** Number to path. */
export function decisionsOf(pages: Sources): Map<number, string> {
  return new Map(
    decisionFilesOf(pages).map((path) => [Number(decisionPath.exec(path)?.[1] ?? 0), path]),
  );
}

function decisionFilesOf(pages: Sources): string[] {
  return [...pages.keys()].filter((path) => decisionPath.test(path));
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#+ (.*)$/gm)) {
    const name = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    let anchor = name;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${name}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Those to other places of the repository, from its root. */
function linksOf(path: string, text: string): { file: string; anchor: string | undefined }[] {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '');
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), (match) => match[1] ?? '');
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [name = '', anchor] = target.split('#');
      return { file: name === '' ? path : posix.join(posix.dirname(path), name), anchor };
    });
}

function codeSpansOf(text: string): string[] {
  return Array.from(withoutFences(text).matchAll(/`([^`\n]+)`/g), (match) => match[1] ?? '');
}

/** Fenced lines become empty, so that the others keep their numbers. */
function withoutFences(text: string): string {
  return text.replace(/^( *)(```|~~~)[^]*?^\1\2/gm, (fenced) => fenced.replace(/[^\n]/g, ''));
}

/** Whether a blank that is not within code or a link stands early enough. */
function canBreak(line: string): boolean {
  const pieces = line
    .replace(/^\s*(?:[-*] |\d+\. |#+ )?\s*/, (start) => '_'.repeat(start.length))
    .replace(/`[^`]*`|\[[^\]]*\]\([^)]*\)/g, (whole) => whole.replace(/\s/g, '_'));
  const at = pieces.indexOf(' ');
  return !line.startsWith('#') && at >= 0 && at <= columnsMax;
}

function isThere(path: string, files: readonly string[]): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`;
  return files.some((file) => file === path || file.startsWith(folder));
}

/** From the root, from the page's folder, or by the end of its path. */
function isNamed(name: string, page: string, files: readonly string[]): boolean {
  if (isThere(name, files)) return true;
  if (isThere(posix.join(posix.dirname(page), name), files)) return true;
  return files.some((file) => file.endsWith(`/${name}`));
}
