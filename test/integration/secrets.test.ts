/**
 * Passwords: nobody is shown them, neither in what is printed nor in the arguments of processes,
 * and those of nodes are random.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { connect } from 'nats';
import { natsConfDefault } from '../../src/bus/nats-conf.js';
import { freePort, startNatsServer } from '../support/nats-server.js';

jest.setTimeout(240_000);

const main = join(import.meta.dirname, '../../src/cli/main.js');
const { NATS_URL: _, ...surroundings } = process.env;
const secret = 'hush-hush';

let directory = '';
let up: ChildProcess | undefined;
let said = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-secrets-'));
  said = '';
});

afterEach(async () => {
  if (up?.exitCode === null && up.signalCode === null) {
    const ended = once(up, 'close');
    up.kill('SIGINT');
    await ended;
  }
  up = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** One node, until it serves. */
async function startUp(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const own = ['--nodes', '1', '--no-dashboard', '--data-dir', join(directory, 'data')];
  const all = [main, 'up', ...own, ...args];
  up = spawn(process.execPath, all, { env: { ...surroundings, ...env } });
  for (const stream of [up.stdout!, up.stderr!])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!said.includes('quorate: ready')) {
    if (up.exitCode !== null) throw new Error(said);
    await sleep(25);
  }
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...surroundings, ...env } });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text;
}

/** Of all processes that can be seen here; '' where there is no /proc. */
function argumentsOfAll(): string {
  const pids = statSync('/proc', { throwIfNoEntry: false })
    ? readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    : [];
  return pids
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/**
 * Files and directories there that others than their owner may read or write; links have no rights
 * of their own.
 */
function openToOthers(path: string): string[] {
  const entries = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return [path, ...entries.map((entry) => join(path, entry))].filter((at) => {
    const found = lstatSync(at);
    return !found.isSymbolicLink() && (found.mode & 0o077) !== 0;
  });
}

test('up: the nodes have a password of their own, which lies in the data directory and nowhere else', async () => {
  const port = await freePort();
  await startUp(['--port', String(port)]);
  const file = join(directory, 'data', 'node-password');
  const password = readFileSync(file, 'utf8').trim();
  expect(password.length).toBeGreaterThan(20);
  for (const name of ['node-password', 'nats.conf'])
    expect(statSync(join(directory, 'data', name)).mode & 0o777).toBe(0o600);
  expect(said).not.toContain(password);
  expect(argumentsOfAll()).not.toContain(password);
  const servers = `nats://127.0.0.1:${port}`;
  expect(openToOthers(join(directory, 'data'))).toEqual([]);
  const { nodeUser: user, nodePassword: known } = natsConfDefault;
  await expect(connect({ servers, user, pass: known })).rejects.toThrow(/Authorization/i);
  await (await connect({ servers, user, pass: password })).close();
  // The command of the same user finds it.
  const explain = ['explain', 'b', 'k', '--json', '--data-dir', join(directory, 'data')];
  const { nodes } = JSON.parse(await run(explain, { NATS_URL: servers })) as {
    nodes: readonly { readonly copy: unknown }[];
  };
  expect(nodes[0]!.copy).not.toBeNull();
});

test('up: a password that is told is taken', async () => {
  const port = await freePort();
  await startUp(['--port', String(port)], { QUORATE_NODE_PASSWORD: secret });
  const servers = `nats://127.0.0.1:${port}`;
  await (await connect({ servers, user: 'node', pass: secret })).close();
  expect(argumentsOfAll()).not.toContain(secret);
});

test('up: the password of NATS_URL is neither printed nor in the arguments of a node', async () => {
  const server = await startNatsServer({
    config: `authorization { users: [{ user: "u", password: "${secret}" }] }`,
  });
  try {
    const url = server.url.replace('//', `//u:${secret}@`);
    await startUp([], { NATS_URL: url });
    expect(said).toContain(`1 node · ${server.url}\n`);
    expect(said).not.toContain(secret);
    expect(argumentsOfAll()).not.toContain(secret);
    expect(await run(['put', 'b', 'k', 'v'], { NATS_URL: url })).toBe('');
  } finally {
    up?.kill('SIGINT');
    if (up !== undefined) await once(up, 'close');
    await server.stop();
  }
});

test.each([
  [['status']],
  [['get', 'b', 'k']],
  [['explain', 'b', 'k']],
  [['dashboard']],
  [['node', '--name', 'n9', '--data-dir', 'DIR']],
  [['up', '--data-dir', 'DIR']],
])('%j: an error of the connection does not show the password of its address', async (args) => {
  const given = args.map((arg) => (arg === 'DIR' ? join(directory, 'n9') : arg));
  const said = await run(given, { NATS_URL: `nats://u:${secret}@127.0.0.1:1` });
  expect(said).toContain('127.0.0.1:1');
  expect(said).not.toContain(secret);
});
