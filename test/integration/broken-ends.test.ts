/** `quorate up` ends, however its nodes were broken from the page: nothing of it is left. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import {
  breakAt,
  end,
  launch,
  processRows,
  type ProcessRow,
  type Ready,
} from '../support/launched.js';
import { freePort } from '../support/nats-server.js';
import { until } from '../support/until.js';

jest.setTimeout(240_000);

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-broken-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

async function started(): Promise<{ readonly child: ChildProcess; readonly ready: Ready }> {
  const words = ['--nodes', '3', '--port', String(await freePort())];
  return launch(['up', ...words, '--data-dir', join(directory, 'data')]);
}

/** All that have the directory among their arguments, and the shells that hold one of them. */
async function processes(): Promise<ProcessRow[]> {
  const all = await processRows();
  const own = all.filter(({ args }) => args.includes(directory));
  const isHolder = (args: string): boolean =>
    own.some(({ pid }) => args.includes('kill -STOP') && args.endsWith(` ${pid}`));
  return [...own, ...all.filter(({ args }) => isHolder(args))];
}

/** One stands still, one is gone, one is cut off. */
async function breakAll(dashboard: string): Promise<void> {
  const port = Number(new URL(dashboard).port);
  expect(await breakAt(port, 'n1', 'pause')).toBe(204);
  expect(await breakAt(port, 'n2', 'kill')).toBe(204);
  expect(await breakAt(port, 'n3', 'disconnect')).toBe(204);
  await until(async () => (await processes()).some(({ args }) => args.includes('kill -STOP')));
}

test('Ctrl-C, with a node that stands still, one that was killed and one that is cut off', async () => {
  const { child, ready } = await started();
  await breakAll(ready.dashboard ?? '');
  await end(child, 'SIGINT');
  expect(child.exitCode).toBe(0);
  await until(async () => (await processes()).length === 0);
});

test('kill -9 of it, with the same', async () => {
  const { child, ready } = await started();
  await breakAll(ready.dashboard ?? '');
  await end(child, 'SIGKILL');
  await until(async () => (await processes()).length === 0, 60_000);
});

test('Ctrl-C while a page watches and another request is under way', async () => {
  const { child, ready } = await started();
  const stream = await fetch(`${ready.dashboard}/api/stream`);
  const reader = stream.body!.getReader();
  await reader.read();
  const asked = fetch(`${ready.dashboard}/api/trace/0123456789abcdef`).catch(() => undefined);
  await end(child, 'SIGINT');
  await asked;
  expect(child.exitCode).toBe(0);
  await until(async () => (await processes()).length === 0);
});
