/** `quorate dashboard`, `where` and `explain` told things they can't do: said in a sentence. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { askHttp } from '../support/http-question.js';
import { end, launch, run } from '../support/launched.js';
import { freePort, startNatsServer, type NatsServer } from '../support/nats-server.js';

jest.setTimeout(240_000);

let directory = '';
let server: NatsServer;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-words-'));
  server = await startNatsServer();
});

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['--listen', ''],
  ['--listen', 'here'],
  ['--listen', ':7780'],
  ['--listen', '0'],
  ['--listen', '65536'],
  ['--listen', '127.0.0.1:'],
  ['--listen', '::1:7780'],
  ['--listen', '[127.0.0.1]:7780'],
  ['--listen', 'http://127.0.0.1:7780'],
  ['--listen', 'a b:7780'],
  ['--token', 'short'],
  ['--token', 'x'.repeat(15)],
  ['--token', 'blanks are no letters'],
  ['--replay', 'DIRECTORY/none'],
  ['--replay', 'DIRECTORY'],
])('dashboard %s %j: exit code 2, and why', async (option, value) => {
  const words = ['--no-cluster', option, value.replace('DIRECTORY', directory)];
  const { code, out, err } = await run(['dashboard', ...words]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/It must|--replay: /);
  expect(err).not.toMatch(/ at |node:/);
});

test('a trace file that is too large to be shown is refused before anything is served', async () => {
  const file = join(directory, 'large.jsonl');
  writeFileSync(file, '');
  truncateSync(file, dashboardLimits.traceFileBytesMax + 1);
  const { code, err } = await run(['dashboard', '--no-cluster', '--replay', file]);
  expect(code).toBe(2);
  expect(err).toMatch(/large.jsonl has \d+ bytes, and \d+ can be shown/);
});

test('an address that is none of this machine, and a port that is taken', async () => {
  const words = ['dashboard', '--no-cluster', '--listen'];
  const elsewhere = await run([...words, '192.0.2.1:7780']);
  expect(elsewhere.code).toBe(2);
  expect(elsewhere.err).toBe('quorate: 192.0.2.1 is no address of this machine\n');
  const port = String(await freePort());
  const { child, ready } = await launch([...words, port]);
  expect(ready.dashboard).toBe(`http://127.0.0.1:${port}`);
  const taken = await run([...words, port]);
  expect(taken.code).toBe(5);
  expect(taken.err).toBe(`quorate: port ${port} of 127.0.0.1 is in use: name another one\n`);
  await end(child, 'SIGINT');
  expect(child.exitCode).toBe(0);
});

test('elsewhere than on loopback the address has a token, which was told or drawn', async () => {
  const words = ['dashboard', '--no-cluster', '--listen', `0.0.0.0:${await freePort()}`];
  const drawn = await launch(words);
  expect(drawn.ready.dashboard).toMatch(/\/\?token=[\w-]{32}$/);
  await end(drawn.child);
  const told = await launch([...words, '--token', 'a-token-of-my-own']);
  expect(told.ready.dashboard).toMatch(/\/\?token=a-token-of-my-own$/);
  await end(told.child);
});

test.each([
  ['where', 'a.b', 'k'],
  ['where', 'b', ''],
  ['explain', '', 'k'],
  ['explain', 'b', 'x'.repeat(2_000)],
  ['put', 'a.b', 'k', 'v', '--trace'],
  ['get', 'b', '', '--trace'],
  ['get', 'b', 'k', '--trace-file', '/dev/null/none'],
])('%j: exit code 2', async (...words) => {
  const { code, out, err } = await run(words, { NATS_URL: server.url });
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(/^quorate: (?:a bucket name|a key|--trace-file)/);
});

test.each([[['where', 'b', 'k']], [['explain', 'b', 'k']], [['put', 'b', 'k', 'v', '--trace']]])(
  '%j where no node is: exit code 5',
  async (words) => {
    const { code, out } = await run(words, { NATS_URL: server.url });
    expect([code, out]).toEqual([5, '']);
  },
);

test('where no server is: exit code 5, and what to do about it', async () => {
  const NATS_URL = `nats://127.0.0.1:${await freePort()}`;
  for (const words of [['dashboard'], ['where', 'b', 'k'], ['explain', 'b', 'k']]) {
    const { code, err } = await run(words, { NATS_URL });
    expect(code).toBe(5);
    expect(err).toMatch(/no connection to .*start a server with quorate up/);
  }
});

test('up asks for a token where one is told, and says the address with it', async () => {
  const token = 'a-token-of-my-own';
  const words = ['--nodes', '1', '--port', String(await freePort()), '--dashboard-token', token];
  const { child, ready } = await launch(['up', ...words, '--data-dir', join(directory, 'data')]);
  const { port, search } = new URL(ready.dashboard ?? '');
  expect(search).toBe(`?token=${token}`);
  expect((await askHttp({ port: Number(port), path: '/' })).code).toBe(401);
  await end(child);
});
