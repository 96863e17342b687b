/**
 * The package as its user has it: packed, and installed by npm into a project of its own without a
 * network. What it depends on lies there already, copied from here, and the lock file says so:
 * npm then asks no registry.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from './source-files.js';

const root = repositoryRoot();
const execute = promisify(execFile);

interface Manifest {
  readonly version: string;
  readonly bin: object;
  readonly dependencies: object;
  readonly optionalDependencies: object;
}

interface LockedPackage {
  readonly dev?: true;
  readonly integrity?: string;
  readonly resolved?: string;
}

export interface Packed {
  readonly tarball: string;
  readonly bytes: number;
  /** Paths within it. */
  readonly files: readonly string[];
}

/** Of what is built; `prepare` would build it again under the feet of other tests. */
export async function packInto(directory: string): Promise<Packed> {
  const flags = ['pack', '--ignore-scripts', '--json', '--pack-destination', directory];
  const { stdout } = await execute('npm', flags, { cwd: root, maxBuffer: 1 << 24 });
  const [told] = JSON.parse(stdout) as [
    { filename: string; size: number; files: readonly { path: string }[] },
  ];
  return {
    tarball: join(directory, told.filename),
    bytes: told.size,
    files: told.files.map(({ path }) => path),
  };
}

/** A project that has the package; returns its directory. `besides`: packages from here. */
export async function installInto(
  directory: string,
  tarball: string,
  besides: readonly string[],
): Promise<string> {
  const app = join(directory, 'app');
  const lock = readJson('package-lock.json') as { packages: Record<string, LockedPackage> };
  const wanted = Object.entries(lock.packages).filter(
    ([path, entry]) => path.startsWith('node_modules/') && entry.dev !== true,
  );
  const extra = besides.map((name): [string, LockedPackage] => {
    const path = `node_modules/${name}`;
    return [path, lock.packages[path]!];
  });
  mkdirSync(join(app, 'node_modules'), { recursive: true });
  for (const [path] of [...wanted, ...extra])
    if (existsSync(join(root, path)))
      cpSync(join(root, path), join(app, path), { recursive: true });
  // Without them npm takes what lies there for incomplete.
  cpSync(join(root, 'node_modules/.bin'), join(app, 'node_modules/.bin'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const { version, bin, ...own } = readJson('package.json') as Manifest;
  const { dependencies, optionalDependencies } = own;
  const quorate = { version, resolved: `file:${tarball}`, bin, dependencies, optionalDependencies };
  const project = {
    name: 'app',
    dependencies: {
      quorate: `file:${tarball}`,
      ...Object.fromEntries(besides.map((name) => [name, '*'])),
    },
  };
  const packages: Record<string, object> = { '': project, 'node_modules/quorate': quorate };
  // What has an integrity and was not installed by this lock file would be fetched anew.
  for (const [path, { integrity: _, resolved: __, dev: ___, ...entry }] of [...wanted, ...extra])
    packages[path] = entry;
  writeFileSync(join(app, 'package.json'), JSON.stringify(project));
  writeFileSync(
    join(app, 'package-lock.json'),
    JSON.stringify({ name: 'app', lockfileVersion: 3, requires: true, packages }),
  );
  const cache = mkdtempSync(join(tmpdir(), 'quorate-no-cache-'));
  const flags = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await execute('npm', [...flags, '--cache', cache], { cwd: app });
  return app;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as unknown;
}
