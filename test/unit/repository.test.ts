import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  importsOf,
  reachableFrom,
  readSources,
  repositoryRoot,
  trackedFiles,
  type Sources,
} from '../support/source-files.js';

const root = repositoryRoot();
const sources = readSources(root);

const packageText = readFileSync(join(root, 'package.json'), 'utf8');
const { dependencies } = JSON.parse(packageText) as {
  dependencies: Readonly<Record<string, string>>;
};

/** Of the page, which the bundler is given. */
const entriesOfPage = ['main.tsx', 'stately/main.ts'].map((path) => `src/dashboard/page/${path}`);

/** Entry points are what package.json names and what jest runs. */
function entriesOf(files: Sources): { product: string[]; all: string[] } {
  const named = Array.from(packageText.matchAll(/dist\/(\S+)\.js/g), (match) => `${match[1]}.ts`);
  const product = [...named.filter((path) => path.startsWith('src/')), ...entriesOfPage];
  const tests = [...files.keys()].filter((path) => path.endsWith('.test.ts'));
  return { product, all: [...product, ...named, ...tests] };
}

describe('dead files', () => {
  test('what the product is made of is reached from its entry points, not only from tests', () => {
    const reached = reachableFrom(entriesOf(sources).product, sources);
    const dead = [...sources.keys()].filter(
      (path) => !path.startsWith('test/') && !reached.has(path),
    );
    expect(dead).toEqual([]);
  });

  test('what is under test/ is reached from a test or a script', () => {
    const reached = reachableFrom(entriesOf(sources).all, sources);
    expect([...sources.keys()].filter((path) => !reached.has(path))).toEqual([]);
  });

  test('a file nobody imports is found', () => {
    const files = new Map([
      ['src/index.ts', "export * from './a.js';"],
      ['src/a.ts', "const path = new URL('started.js', import.meta.url);"],
      ['src/started.ts', ''],
      ['src/b.ts', "import './a.js';"],
    ]);
    expect([...reachableFrom(['src/index.ts'], files)].sort()).toEqual([
      'src/a.ts',
      'src/index.ts',
      'src/started.ts',
    ]);
  });
});

test('dependencies: the product imports each of them', () => {
  const product = [...sources].filter(([path]) => !path.startsWith('test/'));
  const imported = product.flatMap(([, text]) => importsOf(text));
  const unused = Object.keys(dependencies).filter(
    (name) => !imported.some((specifier) => `${specifier}/`.startsWith(`${name}/`)),
  );
  expect(unused).toEqual([]);
});

test('the lock file names the binaries of every platform: npm ci takes no other', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter(
      (name) =>
        lock.packages[`node_modules/${name}`] === undefined &&
        lock.packages[`${path}/node_modules/${name}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

test('the root holds only what is meant to be there', () => {
  const names = new Set(trackedFiles(root).map((path) => path.split('/')[0] ?? ''));
  const visible = [...names].filter((name) => !name.startsWith('.')).sort();
  expect(visible).toEqual([
    'LICENSE',
    'README.md',
    'actors',
    'docker',
    'nats.conf',
    'package-lock.json',
    'package.json',
    'src',
    'test',
    'tsconfig.json',
  ]);
});

test('README and guide: every file they name is there', () => {
  const files = trackedFiles(root);
  const text = files
    .filter((path) => path === 'README.md' || /^src\/guide\/.*\.md$/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  const named = Array.from(
    text.matchAll(/\b(?:actors|src|test|docker)\/[\w./-]*\w/g),
    (match) => match[0],
  );
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter(
    (path) => !files.some((file) => file === path || file.startsWith(`${path}/`)),
  );
  expect(missing).toEqual([]);
});
