/** Who may import whom: the table of src/ARCHITECTURE.md as code. */
import { cyclesIn, grouped, importGraph } from './import-cycles.js';
import { codeOf, importsOf, resolveImport, type Sources } from './source-files.js';

const foundations = [
  'actors/',
  'src/errors.ts',
  'src/insight/notes.ts',
  'src/seams/',
  'src/wire/',
  'src/options/',
  'src/buckets/',
];
const engine = [...foundations, 'src/bus/', 'src/store/', 'src/membership/'];
const parts = [...engine, 'src/coordinator/', 'src/replica/'];

/**
 * From the lowest up: to each layer, what it may import besides itself, as far as that lies lower.
 * A layer is a folder, or a file where one of a folder lies lower or higher than the others; the
 * longest name that starts a path is the file's layer.
 */
const table: readonly (readonly [layer: string, mayImport: readonly string[]])[] = [
  ['actors/rules/', []],
  ['actors/', ['actors/rules/']],
  ['src/errors.ts', ['actors/']],
  ['src/insight/notes.ts', []],
  ['src/seams/', ['actors/', 'src/insight/notes.ts']],
  ['src/wire/', ['actors/', 'src/errors.ts', 'src/insight/notes.ts']],
  ['src/options/', ['actors/', 'src/wire/']],
  ['src/buckets/', ['actors/', 'src/options/']],
  ['src/bus/', ['actors/', 'src/errors.ts', 'src/seams/', 'src/wire/']],
  ['src/store/', foundations],
  ['src/membership/', [...foundations, 'src/bus/']],
  ['src/coordinator/', engine],
  ['src/replica/', engine],
  ['src/watch/', parts],
  ['src/insight/', parts],
  ['src/api/', [...parts, 'src/watch/']],
  ['src/node/', [...parts, 'src/watch/', 'src/insight/', 'src/api/']],
  [
    'src/client/',
    ['actors/', 'src/errors.ts', 'src/insight/note', 'src/seams/', 'src/wire/', 'src/bus/'],
  ],
  ['src/index.ts', ['actors/', 'src/']],
  ['src/dashboard/chart-form.ts', []],
  ['src/dashboard/wire.ts', ['src/insight/notes.ts', 'src/dashboard/chart-form.ts']],
  [
    'src/dashboard/page/',
    [
      'actors/rules/',
      'src/wire/ring-message.ts',
      'src/wire/ring-shares.ts',
      'src/wire/move-progress.ts',
      'src/insight/notes.ts',
      'src/insight/note-',
      'src/dashboard/wire.ts',
    ],
  ],
  ['src/dashboard/page/main.tsx', ['actors/rules/', 'src/dashboard/page/']],
  [
    'src/dashboard/',
    [...foundations, 'src/bus/', 'src/client/', 'src/insight/note-', 'src/dashboard/wire.ts'],
  ],
  ['src/dashboard/api/', ['actors/', 'src/']],
  ['src/dashboard/server.ts', ['actors/', 'src/']],
  ['src/cli/', ['actors/', 'src/']],
  ['src/cli/up/', ['actors/', 'src/']],
  ['src/cli/commands/', ['actors/', 'src/']],
  ['src/cli/main.ts', ['actors/', 'src/']],
  ['src/package/', []],
  ['test/', ['actors/', 'src/']],
];
const layers = new Map(table.map(([layer, mayImport], height) => [layer, { mayImport, height }]));

/**
 * Packages, and the places (files or folders) that may import them. What is not here may be
 * imported by tests only.
 */
const packages: Readonly<Record<string, readonly string[]>> = {
  nats: [
    ...['bus', 'credentials', 'link', 'message', 'transport'].map(
      (name) => `src/bus/nats-${name}.ts`,
    ),
    'src/bus/shared-bus.ts',
    'src/cli/import/jetstream-source.ts',
  ],
  lmdb: ['src/store/lmdb-tables.ts'],
  'msgpack-lite': ['src/wire/message-pack.ts'],
  xstate: ['actors/', 'src/'],
  tsyringe: ['src/'],
  'reflect-metadata': ['src/'],
  commander: ['src/cli/'],
  'lru-cache': ['src/store/'],
  pino: ['src/cli/log/node-log.ts'],
  'prom-client': ['src/cli/telemetry/metrics-text.ts'],
  '@node-rs/crc32': ['src/store/', 'src/wire/'],
  '@statelyai/inspect': ['src/dashboard/'],
  ws: ['src/dashboard/'],
  hono: ['src/dashboard/'],
  '@hono/node-server': ['src/dashboard/'],
  esbuild: ['src/dashboard/build-page.ts'],
  preact: ['src/dashboard/page/'],
  uplot: ['src/dashboard/page/'],
  elkjs: ['src/dashboard/page/'],
  'd3-shape': ['src/dashboard/page/'],
};

/** Where things are put together. */
const compositionPlaces = ['src/node/', 'src/cli/', 'test/'];

export function layerViolations(sources: Sources): string[] {
  const violations: string[] = [];
  for (const [path, text] of sources) {
    const own = layerOf(path);
    if (own === undefined) violations.push(`${path} is in no layer`);
    for (const specifier of importsOf(text)) {
      const target = resolveImport(path, specifier);
      const allowed =
        target === undefined ? packageAllowed(path, specifier) : layerAllowed(own, target);
      if (!allowed) violations.push(`${path} must not import ${target ?? specifier}`);
    }
    if (/\bcontainer\s*\.\s*resolve/i.test(codeOf(text)) && !inPlaces(path, compositionPlaces)) {
      violations.push(`${path} must not resolve from a container`);
    }
  }
  return violations;
}

/** Between any two files, and between any two folders of the product. */
export function importCycles(sources: Sources): string[] {
  const files = importGraph(sources);
  const product = new Map([...files].filter(([path]) => !path.startsWith('test/')));
  return [...cyclesIn(files), ...cyclesIn(grouped(product, folderOf))];
}

/** A file that is a layer of its own stands for itself. */
function folderOf(path: string): string {
  return layers.has(path) ? path : path.slice(0, path.lastIndexOf('/') + 1);
}

function layerOf(path: string): string | undefined {
  return [...layers.keys()]
    .filter((layer) => path.startsWith(layer))
    .sort((a, b) => b.length - a.length)[0];
}

/**
 * `actors/` names its machines and its rules; `src/` everything below it; `src/store/` just that
 * folder.
 */
function layerAllowed(from: string | undefined, target: string): boolean {
  const to = layerOf(target);
  if (from === undefined || to === undefined) return false;
  if (to === from) return true;
  const { mayImport, height } = layers.get(from)!;
  return layers.get(to)!.height < height && mayImport.some((name) => target.startsWith(name));
}

function packageAllowed(path: string, specifier: string): boolean {
  if (specifier.startsWith('node:')) return !path.startsWith('actors/');
  if (path.startsWith('test/')) return true;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (path.startsWith('actors/rules/')) return false;
  return inPlaces(path, packages[name] ?? []);
}

function inPlaces(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place));
}
