/** Who may import whom: the table of src/ARCHITECTURE.md as code. */
import { codeOf, importsOf, resolveImport, type Sources } from './source-files.js';

const foundations = [
  'actors/',
  'src/errors.ts',
  'src/seams/',
  'src/wire/',
  // A contract: what every part of a node may be told.
  'src/node/node-options.ts',
];
const engine = [...foundations, 'src/bus/', 'src/store/', 'src/membership/'];

/** A layer is a folder; the longest name that starts the path is the file's layer. To each, what it may import besides itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
  'actors/rules/': [],
  'actors/': ['actors/rules/'],
  'src/errors.ts': ['actors/'],
  'src/node/node-options.ts': ['actors/', 'src/store/'],
  'src/seams/': ['actors/'],
  'src/wire/': ['actors/', 'src/errors.ts'],
  'src/bus/': foundations,
  'src/store/': foundations,
  'src/membership/': [...foundations, 'src/bus/'],
  'src/coordinator/': engine,
  'src/replica/': engine,
  'src/api/': [...engine, 'src/coordinator/', 'src/replica/'],
  'src/node/': [...engine, 'src/coordinator/', 'src/replica/', 'src/api/'],
  'src/client/': ['actors/', 'src/errors.ts', 'src/seams/', 'src/wire/', 'src/bus/'],
  'src/index.ts': ['actors/', 'src/'],
  'src/cli/': ['actors/', 'src/'],
  'test/': ['actors/', 'src/'],
};

/** Packages, and the places (files or folders) that may import them. What is not here may be imported by tests only. */
const packages: Readonly<Record<string, readonly string[]>> = {
  nats: ['bus', 'link', 'message', 'transport'].map((name) => `src/bus/nats-${name}.ts`),
  lmdb: ['src/store/lmdb-tables.ts'],
  'msgpack-lite': ['src/wire/message-pack.ts'],
  xstate: ['actors/', 'src/'],
  tsyringe: ['src/'],
  'reflect-metadata': ['src/'],
  commander: ['src/cli/'],
  'lru-cache': ['src/store/'],
  '@node-rs/crc32': ['src/store/', 'src/wire/'],
  '@statelyai/inspect': ['src/node/'],
  ws: ['src/node/'],
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

function layerOf(path: string): string | undefined {
  return Object.keys(layers)
    .filter((layer) => path.startsWith(layer))
    .sort((a, b) => b.length - a.length)[0];
}

/** `actors/` names its machines and its rules; `src/` everything below it; `src/store/` just that folder. */
function layerAllowed(own: string | undefined, target: string): boolean {
  const layer = layerOf(target);
  if (own === undefined || layer === undefined) return false;
  if (layer === own) return true;
  return (layers[own] ?? []).some((name) => layer === name || target.startsWith(name));
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
