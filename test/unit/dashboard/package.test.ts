/** Whoever installs the package has the page, and all that its server needs. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createMachineTaken } from '../../../src/dashboard/page/views/charts/stately-text.js';
import { importsOf, readSources, repositoryRoot } from '../../support/source-files.js';

interface PackageFile {
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const page = 'dist/src/dashboard/page';
const told = JSON.parse(
  readFileSync(join(repositoryRoot(), 'package.json'), 'utf8'),
) as PackageFile;

test('every file that is served is built, and within what the package has', () => {
  const server = readFileSync(join(repositoryRoot(), 'src/dashboard/page-files.ts'), 'utf8');
  const served = new Set(server.match(/(?<=')[a-z]+\.(?:html|js|css|txt)(?=')/g));
  expect(served.size).toBeGreaterThan(4);
  for (const name of served) expect(existsSync(join(repositoryRoot(), page, name))).toBe(true);
  expect(told.files.some((entry) => page.startsWith(`${entry}/`))).toBe(true);
  expect(existsSync(join(repositoryRoot(), '.npmignore'))).toBe(false);
  expect(told.scripts['prepare']).toBe('npm run build');
  expect(told.scripts['build']).toContain('node dist/src/dashboard/build-page.js');
});

test('the bundle is whole: nothing in it is fetched from elsewhere, or asked of a package', () => {
  for (const name of readdirSync(join(repositoryRoot(), page))) {
    if (name !== 'page.js' && name !== 'stately.js') continue;
    const text = readFileSync(join(repositoryRoot(), page, name), 'utf8');
    const own = text.replaceAll(createMachineTaken, '');
    expect(own).not.toMatch(/^import\b|sourceMappingURL/m);
  }
  const document = readFileSync(join(repositoryRoot(), page, 'index.html'), 'utf8');
  expect(document).not.toMatch(/https?:/);
});

function isServer(path: string): boolean {
  const isBuilder = path === 'src/dashboard/build-page.ts';
  return /^src\/dashboard\/(?!page\/)/.test(path) && !isBuilder;
}

test('what the server needs when it runs is installed with it', () => {
  for (const [path, text] of readSources(repositoryRoot())) {
    if (!isServer(path)) continue;
    // Types are gone when it runs.
    const code = text.replaceAll(/^import type [^;]*;/gms, '');
    for (const specifier of importsOf(code)) {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      expect(told.dependencies).toHaveProperty([name]);
    }
  }
});
