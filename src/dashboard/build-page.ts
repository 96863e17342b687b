/**
 * Bundles the page: one script, one style sheet, the document, and the licences of what is in the
 * bundle. The page then needs nothing from anywhere else.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../../..');
const from = join(root, 'src/dashboard/page');
const to = join(import.meta.dirname, 'page');

mkdirSync(to, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { page: join(from, 'main.tsx'), stately: join(from, 'stately/main.ts') },
  outdir: to,
  bundle: true,
  minify: true,
  format: 'esm',
  // `light-dark()` of style sheets is the youngest of what it uses.
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
});
copyFileSync(join(from, 'index.html'), join(to, 'index.html'));
copyFileSync(join(from, 'stately/stately.html'), join(to, 'stately.html'));
writeFileSync(join(to, 'licences.txt'), licencesOf(Object.keys(metafile.inputs)));

function licencesOf(inputs: readonly string[]): string {
  const packages = new Set(
    inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const texts = [...packages].sort().map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      version: string;
      license: string;
    };
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
    return `${name} ${version} (${license})${text}\n`;
  });
  return texts.join('\n\n');
}
