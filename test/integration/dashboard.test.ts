/** The dashboard of a real `quorate up`: what it shows, and what it may break. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { BreakHow, ClusterPicture, KeyAnswer, KeyPicture } from '../../src/dashboard/wire.js';
import { askHttp, type HttpAnswer } from '../support/http-question.js';
import {
  breakAt,
  end,
  isAlive,
  launch,
  main,
  postTo,
  processRows,
  type Ready,
} from '../support/launched.js';
import { freePort } from '../support/nats-server.js';
import { until } from '../support/until.js';

jest.setTimeout(240_000);

let directory = '';
let up: ChildProcess;
let stranger: ChildProcess;
let port = 0;
let ready: Ready;
let stream: { latest(): ClusterPicture | undefined };

/** As the page does. */
function post(path: string, body: unknown): Promise<HttpAnswer> {
  return postTo(port, path, body);
}

async function answer(path: string, body: unknown): Promise<KeyAnswer> {
  return JSON.parse((await post(path, body)).text) as KeyAnswer;
}

function breaks(node: string, how: BreakHow): Promise<number> {
  return breakAt(port, node, how);
}

async function watch(): Promise<typeof stream> {
  const response = await fetch(`http://127.0.0.1:${port}/api/stream`);
  let latest: ClusterPicture | undefined;
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events)
        if (event.startsWith('event: cluster\n'))
          latest = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as ClusterPicture;
    }
  };
  read().catch(() => undefined);
  return { latest: () => latest };
}

/** What a test does to a node is over when the next one begins. */
async function untilServes(name: string): Promise<number> {
  const isWell = (): boolean => {
    const { status, silentMs, process: own } = nodeNamed(name) ?? {};
    return status?.status === 'serving' && silentMs === 0 && own?.state === 'running';
  };
  // A start takes as long as the machine is busy.
  await until(isWell, 100_000);
  return nodeNamed(name)!.status!.pid;
}

/** So many more pictures of the cluster have come. */
async function looks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const before = stream.latest();
    await until(() => stream.latest() !== before);
  }
}

function nodeNamed(name: string) {
  return stream.latest()?.nodes.find((node) => node.name === name);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-dashboard-'));
  const nodes = ['--nodes', '3', '--port', String(await freePort())];
  const args = ['up', ...nodes, '--data-dir', join(directory, 'data')];
  ({ child: up, ready } = await launch(args));
  port = Number(new URL(ready.dashboard ?? '').port);
  // A node of the same cluster that `up` did not start.
  const secrets = ['--data-dir', join(directory, 'data', 'stranger'), '--join', 'ask'];
  stranger = spawn(
    process.execPath,
    [main, 'node', '--name', 'stranger', '--servers', ready.servers, ...secrets],
    { stdio: 'ignore' },
  );
  stream = await watch();
});

afterAll(async () => {
  await end(stranger);
  await end(up);
  rmSync(directory, { recursive: true, force: true });
});

test('it shows the nodes as they answer, with the processes of those that were started here', async () => {
  for (const name of ['n1', 'n2', 'n3']) await untilServes(name);
  const { nodes, ring, servers } = stream.latest()!;
  expect(servers).toBe(ready.servers);
  expect(ring?.groupOf).toHaveLength(256);
  const started = nodes.filter(({ process }) => process !== undefined);
  expect(started.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3']);
  expect(started.map(({ process }) => process?.state)).toEqual(['running', 'running', 'running']);
});

test('what is put by the page is there, and where it belongs is said', async () => {
  const name = { bucket: 'greetings', key: 'hel.lo' };
  const put = await answer('/api/put', { ...name, value: '<b>hé</b>' });
  expect([put.outcome, put.text]).toEqual(['done', '']);
  expect(put.receipt).toMatch(/^w=\d\/2 /);
  expect((await answer('/api/get', name)).values).toEqual(['<b>hé</b>']);
  const beside = await answer('/api/put', { ...name, value: 'other', context: '-' });
  expect(beside.outcome).toBe('done');
  const both = await answer('/api/get', { ...name, r: 3 });
  expect(both.values?.toSorted()).toEqual(['<b>hé</b>', 'other']);
  await answer('/api/put', { ...name, value: 'one', context: both.context });
  expect((await answer('/api/get', { ...name, r: 3 })).values).toEqual(['one']);
  expect((await answer('/api/delete', name)).outcome).toBe('done');
  expect((await answer('/api/get', { ...name, r: 3 })).values).toEqual([]);
  const { text } = await askHttp({ port, path: '/api/key?bucket=greetings&key=hel.lo' });
  const place = JSON.parse(text) as KeyPicture;
  expect(place.primaries).toHaveLength(3);
  expect(place.partition).toBeLessThan(256);
});

test('a killed node stays away until it is started again; puts go on', async () => {
  const pid = await untilServes('n2');
  expect(await breaks('n2', 'kill')).toBe(204);
  await until(() => nodeNamed('n2')?.process?.state === 'stopped' && !isAlive(pid));
  // The first may come before anybody has noticed it.
  await until(async () => {
    const { outcome } = await answer('/api/put', { bucket: 'b', key: 'k', value: 'v' });
    return outcome === 'done';
  });
  await looks(3);
  expect(nodeNamed('n2')?.process?.state).toBe('stopped');
  expect(await breaks('n2', 'pause')).toBe(409);
  expect(await breaks('n2', 'restart')).toBe(204);
  expect(await untilServes('n2')).not.toBe(pid);
});

test('a paused node stands still and goes on as the same process', async () => {
  const pid = await untilServes('n1');
  expect(await breaks('n1', 'pause')).toBe(204);
  await until(() => (nodeNamed('n1')?.silentMs ?? 0) > 0);
  expect(nodeNamed('n1')?.process?.state).toBe('paused');
  expect(isAlive(pid)).toBe(true);
  expect(await breaks('n1', 'resume')).toBe(204);
  expect(await untilServes('n1')).toBe(pid);
});

test('a node that is cut off runs, is not heard, and is back by itself once it is connected', async () => {
  const pid = await untilServes('n3');
  expect(await breaks('n3', 'disconnect')).toBe(204);
  await until(() => (nodeNamed('n3')?.silentMs ?? 0) > 0);
  expect(nodeNamed('n3')?.process?.state).toBe('disconnected');
  expect(isAlive(pid)).toBe(true);
  expect(await breaks('n3', 'connect')).toBe(204);
  expect(await untilServes('n3')).toBe(pid);
});

test('what was not started here is not broken', async () => {
  expect(await breaks('stranger', 'kill')).toBe(409);
  expect(await breaks('nats-server', 'kill')).toBe(409);
  expect(await breaks('__proto__', 'kill')).toBe(409);
  expect(isAlive(stranger.pid!)).toBe(true);
});

test('quorate dashboard shows the same cluster from a process of its own, and breaks nothing', async () => {
  const words = ['--servers', ready.servers, '--data-dir', join(directory, 'data')];
  const other = await launch(['dashboard', ...words]);
  const own = port;
  try {
    port = Number(new URL(other.ready.dashboard ?? '').port);
    expect(port).not.toBe(own);
    const there = await watch();
    await until(() => (there.latest()?.nodes.length ?? 0) >= 3);
    expect(there.latest()?.nodes.every(({ process }) => process === undefined)).toBe(true);
    expect(await breaks('n1', 'kill')).toBe(404);
  } finally {
    port = own;
    await end(other.child);
  }
});

test('node --inspect serves it beside the node, and ends it with the node, however that ends', async () => {
  const own = await freePort();
  const words = ['--name', 'beside', '--join', 'ask', '--inspect', String(own)];
  const where = ['--servers', ready.servers, '--data-dir', join(directory, 'data', 'beside')];
  const node = await launch(['node', ...words, ...where]);
  expect(node.ready.dashboard).toBe(`http://127.0.0.1:${own}`);
  expect((await askHttp({ port: own, path: '/' })).code).toBe(200);
  node.child.kill('SIGKILL');
  const isGone = async (): Promise<boolean> =>
    askHttp({ port: own, path: '/' }).then(
      () => false,
      () => true,
    );
  await until(isGone);
});

test('node --inspect: a node that is gone before the dashboard serves leaves none', async () => {
  const listens = `--listen ${await freePort()} `;
  const words = ['--name', 'brief', '--join', 'ask', '--inspect', listens.split(' ')[1]!];
  const where = ['--servers', ready.servers, '--data-dir', join(directory, 'data', 'brief')];
  const node = spawn(process.execPath, [main, 'node', ...words, ...where], { stdio: 'ignore' });
  const isThere = async (): Promise<boolean> =>
    (await processRows()).some(({ args }) => args.includes(listens));
  await until(isThere);
  await end(node, 'SIGKILL');
  await until(async () => !(await isThere()));
});

test('--no-dashboard: there is none', async () => {
  const args = ['--port', String(await freePort()), '--data-dir', join(directory, 'none')];
  const without = await launch(['up', '--nodes', '1', '--no-dashboard', ...args]);
  expect(without.ready.dashboard).toBeUndefined();
  await end(without.child);
});
