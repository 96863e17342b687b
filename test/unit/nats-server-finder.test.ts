import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  findNatsServer,
  findNatsServerProgram,
  NatsServerNotFoundError,
} from '../../src/cli/nats-server-finder.js';
import { hasKnownAdvisories, parseServerVersion } from '../../src/cli/nats-server-version.js';

let directory = '';
let said: string[] = [];
const say = (line: string): void => void said.push(line);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-finder-'));
  said = [];
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A program that does nothing but tell its version. */
function placeServer(folder: string, version: string): string {
  return placeProgram(`${folder}/nats-server`, `echo nats-server: v${version}`);
}

function placeProgram(name: string, script: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const nowhere = { usualPlaces: [] as string[], install: false, say };

describe('finder: the order', () => {
  test('--servers goes before NATS_URL, and both before any program', async () => {
    const NATS_SERVER_BIN = placeServer('named', '2.14.3');
    const env = { NATS_URL: 'nats://b:4222', NATS_SERVER_BIN };
    expect(await findNatsServer({ ...nowhere, servers: 'nats://a:4222', env })).toEqual({
      kind: 'running',
      servers: 'nats://a:4222',
    });
    expect(await findNatsServer({ ...nowhere, env })).toEqual({
      kind: 'running',
      servers: 'nats://b:4222',
    });
    expect(await findNatsServerProgram({ ...nowhere, env })).toMatchObject({
      path: NATS_SERVER_BIN,
    });
  });

  test('NATS_SERVER_BIN goes before the PATH, the PATH before the usual places', async () => {
    const named = placeServer('named', '2.14.3');
    const onPath = placeServer('path', '2.14.4');
    const usual = placeServer('usual', '2.14.5');
    const usualPlaces = [join(directory, 'usual')];
    const PATH = `/nonexistent:${join(directory, 'path')}`;
    const find = (env: NodeJS.ProcessEnv): Promise<unknown> =>
      findNatsServer({ ...nowhere, usualPlaces, env });
    expect(await find({ PATH, NATS_SERVER_BIN: named })).toMatchObject({ path: named });
    expect(await find({ PATH })).toMatchObject({
      path: onPath,
      version: { major: 2, minor: 14, patch: 4 },
    });
    expect(await find({ PATH: '' })).toMatchObject({ path: usual });
  });

  test('a NATS_SERVER_BIN that is no program is an error, not a reason to look elsewhere', async () => {
    const PATH = join(directory, 'path');
    placeServer('path', '2.14.3');
    const found = findNatsServer({
      ...nowhere,
      env: { PATH, NATS_SERVER_BIN: join(directory, 'none') },
    });
    await expect(found).rejects.toThrow(/NATS_SERVER_BIN=.*none is not an executable file/);
  });

  test('nothing anywhere: one error lists every way', async () => {
    const found = findNatsServer({ ...nowhere, env: { PATH: directory } });
    await expect(found).rejects.toThrow(NatsServerNotFoundError);
    await expect(found).rejects.toThrow(/NATS_URL[^]*NATS_SERVER_BIN[^]*apt-get[^]*apk[^]*brew/);
  });
});

describe('finder: installation', () => {
  test('nothing anywhere, apt-get works without asking: it is installed, and the user is told', async () => {
    const installed = placeServer('package', '2.14.3');
    placeProgram('bin/systemctl', 'exit 1');
    placeProgram('bin/sudo', '[ "$1" = -n ] && shift && exec "$@"');
    placeProgram(
      'bin/apt-get',
      `[ "$1" = install ] && /bin/cp ${installed} ${directory}/bin/; exit 0`,
    );
    const found = await findNatsServer({
      usualPlaces: [],
      env: { PATH: join(directory, 'bin') },
      say,
    });
    expect(found).toMatchObject({ path: join(directory, 'bin', 'nats-server') });
    expect(said).toEqual([
      expect.stringMatching(
        /nats-server not found; installing it: .*apt-get install .*nats-server/,
      ),
    ]);
  });

  test('no package manager: nothing is said but the error', async () => {
    const found = findNatsServer({ usualPlaces: [], env: { PATH: directory }, say });
    await expect(found).rejects.toThrow(NatsServerNotFoundError);
    expect(said).toEqual([]);
  });
});

describe('finder: advisories', () => {
  test.each([
    ['2.9.10', true],
    ['2.11.17', true],
    ['2.12.11', true],
    ['2.12.12', false],
    ['2.13.9', true],
    ['2.14.2', true],
    ['2.14.3', false],
    ['2.15.0', false],
    ['3.0.0', false],
  ])('%s: known advisories %s', (text, known) => {
    const version = parseServerVersion(`nats-server: v${text}`);
    expect(version && hasKnownAdvisories(version)).toBe(known);
  });

  test('an unsafe version is said once a process, however often it is found', async () => {
    const env = { NATS_SERVER_BIN: placeServer('old', '2.9.10') };
    await findNatsServer({ ...nowhere, env });
    await findNatsServer({ ...nowhere, env });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/2\.9\.10 has known security advisories.*2\.12\.12 or 2\.14\.3/);
  });
});
