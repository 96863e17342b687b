import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  citationViolations,
  decisionViolations,
  decisionsOf,
  linkViolations,
  mentionViolations,
  nameViolations,
  pageNameViolations,
  unlinkedPages,
  widthViolations,
} from '../support/page-rules.js';
import { repositoryRoot, trackedFiles } from '../support/source-files.js';

const root = repositoryRoot();
const files = trackedFiles(root);
const pages = textsOf(files.filter((path) => path.endsWith('.md')));

/** Those for people who use it. */
const guide = new Map(
  [...pages].filter(([path]) => path === 'README.md' || path.startsWith('src/guide/')),
);

/** What may name decisions and pages: not this file, which makes some up. */
const code = textsOf(
  files.filter(
    (path) => /\.(?:ts|txt|yaml|conf|sh)$/.test(path) && path !== 'test/unit/pages.test.ts',
  ),
);

function textsOf(paths: readonly string[]): Map<string, string> {
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

function pageOf(lines: readonly string[]): Map<string, string> {
  return new Map([['a.md', lines.join('\n')]]);
}

/** One decision in good order. */
function decision(number: number, rest = ''): [string, string] {
  const name = `src/decisions/${`${number}`.padStart(4, '0')}-so-it-is.md`;
  const text = `# ${number}. So it is\n\nStatus: accepted\n\n## Context\n\nA.\n\n## Choice\n\nB.\n`;
  return [name, text + rest];
}

describe('pages', () => {
  test('every link leads to a file, and to a heading of it', () => {
    expect(pages.size).toBeGreaterThan(100);
    expect(linkViolations(pages, files)).toEqual([]);
  });

  test('lines are at most 100 columns wide', () => {
    expect(widthViolations(pages)).toEqual([]);
  });

  test('the files they name are there', () => {
    expect(nameViolations(pages, files)).toEqual([]);
  });

  test('the architecture is told in 200 lines', () => {
    const lines = (pages.get('src/ARCHITECTURE.md') ?? '').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.length).toBeLessThanOrEqual(200);
  });

  test('the architecture leads to every page beside the code', () => {
    expect(unlinkedPages(pages, 'src/ARCHITECTURE.md')).toEqual([]);
  });

  test('guarantees: what shows a promise is a file', () => {
    const guarantees = pages.get('src/guide/guarantees.md') ?? '';
    expect(guarantees.match(/\.test\.ts/g)!.length).toBeGreaterThan(30);
    expect(citationViolations(guarantees, files)).toEqual([]);
  });

  test('the README and the pages of the guide are short', () => {
    const long = [...guide].filter(
      ([path, text]) => text.split('\n').length > (path === 'README.md' ? 380 : 220),
    );
    expect(long.map(([path]) => path)).toEqual([]);
  });

  test('every page of the guide is in its index', () => {
    expect(guide.size).toBeGreaterThan(15);
    const index = pages.get('src/guide/README.md') ?? '';
    const missing = [...guide.keys()]
      .filter((path) => path.startsWith('src/guide/'))
      .map((path) => path.slice('src/guide/'.length))
      .filter((name) => name !== 'README.md' && !index.includes(`](${name})`));
    expect(missing).toEqual([]);
  });
});

test('the pages that code names are there', () => {
  expect(pageNameViolations(code, files)).toEqual([]);
});

describe('decisions', () => {
  test('they are numbered without a gap, and say what they have to', () => {
    expect(decisionViolations(pages)).toEqual([]);
  });

  test('those that are named somewhere exist', () => {
    const decisions = new Set(decisionsOf(pages).keys());
    expect(mentionViolations(new Map([...code, ...pages]), decisions)).toEqual([]);
  });
});

describe('pages: each rule can fail', () => {
  const there = ['README.md', 'src/a.md', 'src/store/log.ts', 'test/unit/log.test.ts'];

  test.each([
    ['[b](b.md)', 'src/a.md links to src/b.md, which is not there'],
    ['[b](../src/b)', 'src/a.md links to src/b, which is not there'],
    ['[b](#two-words)', 'src/a.md links to #two-words, which src/a.md does not have'],
    ['[b](../README.md#c)', 'src/a.md links to #c, which README.md does not have'],
  ])('links: %s', (text, violation) => {
    const some = new Map([
      ['src/a.md', `# One\n\n${text}\n`],
      ['README.md', '# Two words\n'],
    ]);
    expect(linkViolations(some, there)).toEqual([violation]);
  });

  test('links: those that lead somewhere, and what is none', () => {
    const text = [
      '# `One`, two: 3',
      '## Same',
      '## Same',
      '[a](#one-two-3) [b](#same-1) [c](store/) [d](store/log.ts) [e](https://a.b/c) `[f](g)`',
      '```',
      '[h](i)',
      '```',
    ].join('\n');
    expect(linkViolations(new Map([['src/a.md', text]]), there)).toEqual([]);
  });

  test('widths: prose, not tables, fences and what has no place to break', () => {
    const word = 'w'.repeat(99);
    const code = `\`${'code '.repeat(30)}\``;
    const wide = [`${word} a`, `- ${word.slice(4)} a b c d`, `a ${code}`];
    const fine = [
      `${word}w`,
      `- ${word}w`,
      code,
      `| ${word} | a |`,
      '```',
      `${word} a`,
      '```',
      'é',
    ];
    expect(widthViolations(pageOf([...wide, ...fine]))).toHaveLength(wide.length);
    expect(widthViolations(pageOf(fine))).toEqual([]);
  });

  test('links: pages beside the code that are not linked', () => {
    const some = ['actors/README.md', 'src/a/README.md', 'src/a/b/README.md', 'test/README.md'];
    const from = '[a](a/README.md) [b](../actors/README.md)';
    const all = new Map([...some.map((path): [string, string] => [path, '']), ['src/a.md', from]]);
    expect(unlinkedPages(all, 'src/a.md')).toEqual(['src/a/b/README.md']);
  });

  test('names: of files that are not there', () => {
    const text =
      '`src/store/log.ts` `log.ts` `store/log.ts` `src/store/` `a.b.c` `tree.ts` `src/tree/`';
    expect(nameViolations(new Map([['src/a.md', text]]), there)).toEqual([
      'src/a.md names tree.ts, which is not there',
      'src/a.md names src/tree/, which is not there',
    ]);
  });

  test('names: of pages that are not there', () => {
    const text = '/** See a.md, src/a.md, ../README.md and DESIGN.md. */';
    expect(pageNameViolations(new Map([['src/b.ts', text]]), there)).toEqual([
      'src/b.ts names DESIGN.md, which is not there',
    ]);
  });

  test('citations: folders, patterns, files that are not there', () => {
    const text = '`test/unit/log.test.ts` `test/unit` `test/a/*.txt` `b-*.txt` `c.test.ts`';
    expect(citationViolations(text, there)).toHaveLength(4);
  });

  test.each([
    ['a gap', [decision(1), decision(3)]],
    ['two of one number', [decision(1), ['src/decisions/0001-other.md', decision(1)[1]]]],
    ['another number in the title', [[decision(1)[0], decision(2)[1]]]],
    ['no status', [[decision(1)[0], decision(1)[1].replace('Status', 'State')]]],
    ['a section too many', [decision(1, '\n## Praise\n')]],
    ['a section too few', [[decision(1)[0], decision(1)[1].replace('## Choice', '')]]],
    ['a name of its own', [decision(1), ['src/decisions/notes.md', '']]],
  ] as [string, [string, string][]][])('decisions: %s', (_what, some) => {
    expect(decisionViolations(new Map(some))).toHaveLength(1);
  });

  test('decisions: good ones', () => {
    const old = decision(2)[1].replace('accepted', 'superseded by [3](0003-so-it-is.md)');
    const some = new Map([
      decision(1),
      [decision(2)[0], old],
      decision(3, '\n## Measured\n\nC.\n'),
    ]);
    expect(decisionViolations(some)).toEqual([]);
  });

  test('mentions: of decisions that do not exist', () => {
    const text = [
      '// see decision 1, decisions 2 and 7, Decision 8',
      '/* src/decisions/0009-that.md */',
    ].join('\n');
    const violations = mentionViolations(new Map([['a.ts', text]]), new Set([1, 2]));
    expect(violations.map((violation) => violation.match(/\d+/)?.[0])).toEqual(['7', '8', '9']);
  });
});
