/**
 * What the package has beside what the compiler makes, in `dist/require/`: doors for `require`,
 * which hand out the modules that `import` has, so that a class is one class whichever way it was
 * asked for; and beside them the declarations that those doors reach, word by word, since of
 * `require` TypeScript wants types of CommonJS.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** In `package.json` by these names too. */
const doors = { index: 'src/index', client: 'src/client/index' } as const;

const dist = join(import.meta.dirname, '../..');
const types = join(dist, 'types');
const forRequire = join(dist, 'require');

rmSync(forRequire, { recursive: true, force: true });
for (const path of reached(Object.values(doors).map((door) => join(types, `${door}.d.ts`))))
  write(join(forRequire, relative(types, path)), readFileSync(path));
write(join(forRequire, 'package.json'), '{ "type": "commonjs" }\n');
for (const [name, door] of Object.entries(doors))
  write(join(forRequire, `${name}.js`), `module.exports = require('../${door}.js');\n`);

function reached(paths: readonly string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...paths];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const specifiers = readFileSync(path, 'utf8').matchAll(
      /(?:from|import\(|import) ?'(\.[^']+)'/g,
    );
    for (const [, specifier = ''] of specifiers)
      waiting.push(join(dirname(path), specifier.replace(/\.js$/, '.d.ts')));
  }
  return found;
}

function write(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
