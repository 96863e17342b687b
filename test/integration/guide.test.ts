/**
 * Every example of the README and the guide, as it is printed: the shell's, with `quorate` and
 * `nats`; TypeScript, checked strictly; Python with nats-py. How a page says what is to come of an
 * example: `test/support/snippets/remarks.ts`. A block with `not-run` behind its language is left
 * out, and counted. `NATS_CLI_BIN` names the nats command where it is not on the path
 * (`go install github.com/nats-io/natscli/nats@latest` makes one).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { blocksOf, placeOf } from '../support/snippets/blocks.js';
import { compileModules, type Modules } from '../support/snippets/modules.js';
import { runPage, type Means, type Outcome } from '../support/snippets/page-run.js';
import { isThere, Reader } from '../support/snippets/reader.js';
import { repositoryRoot } from '../support/source-files.js';

const run = new Set(['sh', 'bash', 'ts', 'python']);
const shown = new Set(['', 'text', 'json', 'toml', 'yaml', 'conf', 'html']);
const known = new Set(['not-run', 'endless']);

/** Of all blocks in languages that can be run. */
const notRunShareMax = 0.3;

/** A page takes a cluster, and mostly waits for programs to start. */
const pagesAtOnce = 2;

const root = repositoryRoot();
const pages = ['README.md', ...pagesBelow('src/guide')];
const blocks = pages.flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')));
const runnable = blocks.filter(({ language }) => run.has(language));
const examples = runnable.filter(({ words }) => !words.has('not-run'));
const tried = pages.filter((page) => examples.some((example) => example.page === page));

let reader: Reader;
let modules: Modules;
let outcomes: ReadonlyMap<string, Promise<Outcome>>;

beforeAll(() => {
  reader = new Reader();
  // Those that can't be run are checked as well.
  const inTypeScript = runnable.filter(({ language }) => language === 'ts');
  modules = compileModules(reader.project, inTypeScript);
  const [hasNats, hasPython] = [isThere('nats'), isThere('python')];
  outcomes = runAll({ reader, modules, hasNats, hasPython });
});

afterAll(async () => {
  await Promise.allSettled(outcomes.values());
  reader.end();
});

function pagesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => `${folder}/${name}`);
}

/** Page to what became of its examples. */
function runAll(means: Means): Map<string, Promise<Outcome>> {
  const lanes = Array.from({ length: pagesAtOnce }, () => Promise.resolve());
  return new Map(
    tried.map((page, index) => {
      const ofPage = examples.filter((example) => example.page === page);
      const lane = index % pagesAtOnce;
      const outcome = lanes[lane]!.then(() => runPage(ofPage, means));
      lanes[lane] = outcome.then(
        () => undefined,
        () => undefined,
      );
      return [page, outcome];
    }),
  );
}

describe('what the pages show', () => {
  test('is in languages that are run here, or that are for the eye alone', () => {
    const others = blocks.filter(({ language }) => !run.has(language) && !shown.has(language));
    expect(others.map(placeOf)).toEqual([]);
    const misspelt = blocks.filter(({ words }) => [...words].some((word) => !known.has(word)));
    expect(misspelt.map(placeOf)).toEqual([]);
  });

  test('is run, but for a share', () => {
    const leftOut = runnable.filter(({ words }) => words.has('not-run'));
    console.warn(
      `${leftOut.length} of ${runnable.length} examples are not run:\n${leftOut.map(placeOf).join('\n')}`,
    );
    expect(leftOut.length / runnable.length).toBeLessThanOrEqual(notRunShareMax);
  });

  test('is TypeScript that its strict compiler takes', () => {
    expect(modules.complaints).toEqual([]);
  });
});

test.each(tried)('%s: its examples do what it says', async (page) => {
  const { faults, ran, skipped } = await outcomes.get(page)!;
  if (skipped > 0)
    console.warn(
      `${page}: ${skipped} examples need nats or nats-py, which is not here: they were not tried`,
    );
  expect(faults.join('\n\n')).toBe('');
  expect(ran + skipped).toBeGreaterThan(0);
});
