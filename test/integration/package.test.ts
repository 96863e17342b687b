/**
 * What `npm pack` makes, as somebody has it who installs it: what is in it, what `import` and
 * `require` give, what TypeScript says, the command, a cluster. `QUORATE_NODE_BINS` names further
 * Nodes to try it with, separated by colons.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { installInto, packInto, type Packed } from '../support/installed-package.js';
import { end, type Ready } from '../support/launched.js';
import { freePort } from '../support/nats-server.js';
import { linkViolations } from '../support/page-rules.js';
import { importsOf, repositoryRoot } from '../support/source-files.js';

jest.setTimeout(240_000);

const root = repositoryRoot();
const home = mkdtempSync(join(tmpdir(), 'quorate-package-'));
/** `NATS_URL` of the surroundings must not lead a test to somebody's cluster. */
const { NATS_URL: _, ...surroundings } = process.env;
const nodes = [process.execPath, ...(process.env['QUORATE_NODE_BINS']?.split(':') ?? [])];
let packed: Packed;
let app = '';

beforeAll(async () => {
  packed = await packInto(home);
  app = await installInto(home, packed.tarball, ['@types/node', 'undici-types']);
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(
  program: string,
  args: readonly string[],
  { cwd = app, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = spawn(program, args, { cwd, env: { ...surroundings, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** What a module says in JSON, and nothing besides. */
async function told(code: string, options: { cwd?: string; node?: string } = {}): Promise<unknown> {
  const { node = process.execPath, ...rest } = options;
  const { out, err } = await run(node, ['--input-type=module', '-e', code], rest);
  expect(err).toBe('');
  return JSON.parse(out) as unknown;
}

const textOf = (path: string): string =>
  readFileSync(join(app, 'node_modules/quorate', path), 'utf8');

/** By static and by dynamic imports. */
function packagesBehind(door: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting = [join(app, 'node_modules/quorate/dist/src', door)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const specifier of importsOf(readFileSync(path, 'utf8'))) {
      if (specifier.startsWith('.')) waiting.push(join(path, '..', specifier));
      else if (!specifier.startsWith('node:')) found.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]);
    }
  }
  return found;
}

const useIt = (door: string, key: string): string => `
  import { createRequire } from 'node:module';
  const { connect, text } = createRequire(process.cwd() + '/app.js')('${door}');
  const client = await connect({ servers: process.env.SERVERS });
  const bucket = client.bucket('greetings', { codec: text });
  await bucket.put('${key}', 'Hello');
  console.log(JSON.stringify((await bucket.get('${key}')).values));
  await client.close();`;

describe('what is in it', () => {
  test('what runs, its declarations, pages and what they name: no tests, no maps', () => {
    const strange = packed.files.filter(
      (path) =>
        !/^(?:LICENSE|README\.md|package\.json|nats\.conf)$/.test(path) &&
        !/^(?:actors|src|test)\/.*\.md$|^actors\/.*\.machine\.ts$|^docker\//.test(path) &&
        !/^dist\/(?:actors|src)\/.*\.(?:js|html|css|txt)$/.test(path) &&
        !/^dist\/(?:types|require)\/(?:actors|src)\/.*\.d\.ts$/.test(path) &&
        !/^dist\/require\/(?:index\.js|client\.js|package\.json)$/.test(path),
    );
    expect(strange).toEqual([]);
    const naming = packed.files.filter(
      (path) => path.endsWith('.js') && /^\/\/# sourceMappingURL/m.test(textOf(path)),
    );
    expect(naming).toEqual([]);
  });

  test('small: what it weighs is said in decision 141', () => {
    expect(packed.bytes).toBeLessThan(1_800_000);
  });

  test('the links of its pages lead to what is in it', () => {
    const pages = new Map(
      packed.files.filter((path) => path.endsWith('.md')).map((path) => [path, textOf(path)]),
    );
    expect(pages.size).toBeGreaterThan(20);
    expect(linkViolations(pages, packed.files)).toEqual([]);
  });

  test('its Dockerfile finds what it copies, as in the repository', () => {
    const ignored = textOf('docker/Dockerfile.dockerignore').split('\n');
    const copied = Array.from(
      textOf('docker/Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm),
      ([, sources = '']) => sources.split(' '),
    );
    expect(copied.length).toBeGreaterThan(1);
    for (const path of copied.flat().filter((one) => one !== '.' && !one.endsWith('*'))) {
      expect(packed.files).toContain(path);
      expect(ignored).toContain(`!${path}`);
    }
    // No COPY of wildcards alone: where nothing matches, some builders fail.
    for (const sources of copied) expect(sources.some((one) => !one.endsWith('*'))).toBe(true);
    // By these it knows where it is.
    for (const path of ['tsconfig.json', 'package-lock.json'])
      expect(packed.files).not.toContain(path);
    expect(ignored).toContain('!dist');
  });

  test('publint has nothing to say', async () => {
    const code = `
      import { publint } from 'publint';
      import { readFileSync } from 'node:fs';
      const bytes = readFileSync(${JSON.stringify(packed.tarball)});
      const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
      const { messages } = await publint({ pack: { tarball } });
      console.log(JSON.stringify(messages));`;
    expect(await told(code, { cwd: root })).toEqual([]);
  });

  test('the types are right for each way to resolve them', async () => {
    const code = `
      import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
      import { readFileSync } from 'node:fs';
      const found = await checkPackage(
        createPackageFromTarballData(readFileSync(${JSON.stringify(packed.tarball)})),
      );
      const { types, problems, entrypoints } = found;
      console.log(JSON.stringify({ types, problems, doors: Object.keys(entrypoints) }));`;
    expect(await told(code, { cwd: root })).toEqual({
      types: { kind: 'included' },
      problems: [],
      doors: expect.arrayContaining(['.', './client']),
    });
  });
});

describe('import and require', () => {
  const compare = `
    import { createRequire } from 'node:module';
    import * as all from 'quorate';
    import * as client from 'quorate/client';
    const require = createRequire(process.cwd() + '/app.js');
    const same = (a, b) => Object.keys(a).every((name) => a[name] === b[name]);
    const [allRequired, clientRequired] = [require('quorate'), require('quorate/client')];
    console.log(JSON.stringify({
      same: same(all, allRequired) && same(client, clientRequired) && same(client, all),
      more: Object.keys(all).filter((name) => !(name in client)).sort(),
      version: require('quorate/package.json').version,
    }));`;

  test.each(nodes)('give the same, without a warning: %s', async (node) => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    const more = ['DataDirectoryError', 'NativePartError', 'startNode'];
    expect(await told(compare, { node })).toEqual({ same: true, more, version });
  });

  test('of CommonJS alone, as a file', async () => {
    writeFileSync(
      join(app, 'plain.cjs'),
      "const { connect } = require('quorate/client');\nconsole.log(typeof connect);\n",
    );
    for (const node of nodes)
      expect(await run(node, ['plain.cjs'])).toEqual({ code: 0, out: 'function\n', err: '' });
  });

  test('nothing behind the client loads LMDB or another binary, at once or later', () => {
    const { all, client } = {
      all: packagesBehind('index.js'),
      client: packagesBehind('client/index.js'),
    };
    expect([...client].sort()).toEqual(['msgpack-lite', 'nats']);
    expect(all).toContain('lmdb');
    expect(all).not.toContain('pino');
  });
});

describe('TypeScript, strict, libraries looked at too', () => {
  const sample = `
import { connect, json, NotFoundError, union, type Bucket, type Receipt } from 'quorate/client';
import { startNode, QuorateError, type RunningNode } from 'quorate';

export async function use(): Promise<readonly string[]> {
  const client = await connect({ servers: 'nats://127.0.0.1:4222' });
  const carts: Bucket<string[]> = client.bucket('carts', { codec: json<string[]>(), resolve: union });
  await carts.put('alice', ['apples']);
  const entry = await carts.get('alice');
  const receipt: Receipt | undefined = entry?.receipt;
  // What was not found would be \`any\`, and take a number too.
  const isTaken: number extends Parameters<typeof carts.put>[1] ? never : true = true;
  await carts.delete('bob').catch((error: unknown) => error instanceof NotFoundError && isTaken);
  for await (const change of carts.watch()) console.log(change, receipt);
  await client.close();
  return entry?.values.flat() ?? [];
}

export async function node(): Promise<RunningNode> {
  try {
    return await startNode({ name: 'a', dataDir: './a' }, { servers: 'nats://127.0.0.1:4222' });
  } catch (error) {
    throw error instanceof QuorateError ? error.code : error;
  }
}
`;
  const newest = join(root, 'node_modules/typescript/bin/tsc');
  /** Of before TypeScript 7, which knows the oldest way no more, and no `require` of modules. */
  const older = createRequire(
    join(root, 'node_modules/@arethetypeswrong/core/package.json'),
  ).resolve('typescript/bin/tsc');

  test.each([
    ['nodenext', newest, ['--module', 'nodenext'], ['sample.mts', 'sample.cts']],
    ['node16', newest, ['--module', 'node16'], ['sample.mts', 'sample.cts']],
    ['bundler', newest, ['--module', 'esnext', '--moduleResolution', 'bundler'], ['sample.ts']],
    ['node16, older', older, ['--module', 'node16'], ['sample.mts', 'sample.cts']],
    ['node10', older, ['--module', 'commonjs', '--moduleResolution', 'node10'], ['sample.ts']],
  ])('%s', async (_, compiler, how, files) => {
    for (const file of files) writeFileSync(join(app, file), sample);
    const flags = '--noEmit --strict --exactOptionalPropertyTypes --target es2022 --types node';
    const { code, out } = await run(process.execPath, [
      compiler,
      ...flags.split(' '),
      ...how,
      ...files,
    ]);
    expect({ code, out }).toEqual({ code: 0, out: '' });
  });
});

describe('the command, and a cluster', () => {
  let up: ChildProcess;
  let servers = '';

  beforeAll(async () => {
    const args = ['up', '--json', '--no-dashboard', '--data-dir', join(home, 'data')];
    const command = join(app, 'node_modules/.bin/quorate');
    const port = String(await freePort());
    const child = spawn(command, [...args, '--port', port], { cwd: app, env: surroundings });
    up = child;
    child.stderr.resume();
    for await (const line of createInterface({ input: child.stdout })) {
      servers = (JSON.parse(line) as Ready).servers;
      break;
    }
    Object.assign(surroundings, { SERVERS: servers });
  });

  afterAll(async () => {
    if (up !== undefined) await end(up);
  });

  test('npx quorate says its version, put and get are said to the cluster', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await run('npx', ['--offline', 'quorate', '--version'])).toMatchObject({
      code: 0,
      out: `${version}\n`,
    });
    const env = { NATS_URL: servers };
    const command = join(app, 'node_modules/.bin/quorate');
    expect(await run(command, ['put', 'greetings', 'hello', 'Hi'], { env })).toMatchObject({
      code: 0,
    });
    const got = await run(command, ['get', 'greetings', 'hello'], { env });
    expect(got.out.trim()).toBe('Hi');
  });

  test('a put and a get by either door', async () => {
    expect(await told(useIt('quorate/client', 'a'))).toEqual(['Hello']);
    expect(await told(useIt('quorate', 'b'))).toEqual(['Hello']);
  });

  test('without LMDB and without any binary a client works, and a node says what it lacks', async () => {
    for (const name of ['lmdb', '@node-rs'])
      renameSync(join(app, 'node_modules', name), join(home, name.replace('@', '')));
    expect(await told(useIt('quorate', 'c'))).toEqual(['Hello']);
    const code = `
      import { startNode, NativePartError } from 'quorate';
      const started = startNode({ name: 'a', dataDir: 'a' }, { servers: process.env.SERVERS });
      const error = await started.catch((error) => error);
      console.log(JSON.stringify([error instanceof NativePartError, error.message]));`;
    expect(await told(code)).toEqual([true, expect.stringContaining('--include=optional')]);
    const command = join(app, 'node_modules/.bin/quorate');
    const node = await run(command, ['node', '--data-dir', join(home, 'a'), '--servers', servers]);
    // Under systemd it is not tried again.
    expect(node).toEqual({ code: 2, out: '', err: expect.stringContaining('LMDB') });
  });
});
