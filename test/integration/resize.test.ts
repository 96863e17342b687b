/** `quorate up` with another number of nodes than there are: it grows and shrinks. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, expect, jest, test } from '@jest/globals';
import { freePort } from '../support/nats-server.js';

jest.setTimeout(480_000);

const main = join(import.meta.dirname, '../../src/cli/main.js');
const readyMsMax = 150_000;
const { NATS_URL: _, ...surroundings } = process.env;
const directory = mkdtempSync(join(tmpdir(), 'quorate-resize-'));
let running: ChildProcess | undefined;

afterEach(async () => {
  running?.kill('SIGKILL');
  await sleep(2_500);
  rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

interface Up {
  printed(pattern: RegExp): Promise<void>;
  stop(): Promise<void>;
}

function up(port: number, ...words: string[]): Up {
  const own = ['--no-dashboard', '--data-dir', join(directory, 'data')];
  const args = ['up', '--port', String(port), ...own, ...words];
  const child = spawn(process.execPath, [main, ...args], { env: surroundings });
  running = child;
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  return {
    printed: async (pattern) => {
      for (let waitedMs = 0; waitedMs < readyMsMax; waitedMs += 100) {
        if (pattern.test(text)) return;
        if (child.exitCode !== null) break;
        await sleep(100);
      }
      throw new Error(`not printed: ${pattern}\n${text}`);
    },
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      running = undefined;
    },
  };
}

test('three nodes, four, and three again: what was put is there, and the directory of who left is gone', async () => {
  const port = await freePort();
  const run = async (...words: string[]): Promise<string> => {
    const all = [main, ...words, '--servers', `nats://127.0.0.1:${port}`];
    return (await promisify(execFile)(process.execPath, all, { env: surroundings })).stdout;
  };
  const three = up(port, '--nodes', '3');
  await three.printed(/^quorate: ready · 3 nodes/m);
  for (const key of ['ada', 'bob', 'eve']) await run('put', 'shop', key, `value of ${key}`);
  await three.stop();

  const four = up(port, '--nodes', '4', '--yes');
  await four.printed(/^n4: taken in/m);
  await four.printed(/^quorate: ready · 4 nodes/m);
  for (const key of ['ada', 'bob', 'eve'])
    expect(await run('get', 'shop', key)).toBe(`value of ${key}`);
  // The move is over before the next change.
  expect(await run('ring', '--watch')).toMatch(/nothing moves|the move is over/);
  await four.stop();

  const again = up(port, '--nodes', '3', '--yes');
  await again.printed(/^quorate: ready · 3 nodes/m);
  await again.printed(/^n4 is no member: .*n4 held nothing, and is gone$/m);
  expect(existsSync(join(directory, 'data', 'n4'))).toBe(false);
  for (const key of ['ada', 'bob', 'eve'])
    expect(await run('get', 'shop', key)).toBe(`value of ${key}`);
  await again.stop();
});

test('two of three are gone: up goes on with the third, which is recovered, and new ones come', async () => {
  const port = await freePort();
  const run = async (...words: string[]): Promise<string> => {
    const all = [main, ...words, '--servers', `nats://127.0.0.1:${port}`];
    return (await promisify(execFile)(process.execPath, all, { env: surroundings })).stdout;
  };
  const data = join(directory, 'data');
  const three = up(port, '--nodes', '3');
  await three.printed(/^quorate: ready · 3 nodes/m);
  await run('put', 'shop', 'ada', 'value of ada');
  await three.stop();
  for (const name of ['n2', 'n3']) rmSync(join(data, name), { recursive: true });

  const one = up(port, '--nodes', '3', '--without', 'n2,n3');
  await one.printed(/quorate recover --lost n2,n3 .*\nn1 stays up/);
  await run('recover', '--lost', 'n2,n3', '--yes', '--data-dir', data);
  expect(await run('status', '--node', 'n1')).toMatch(/serving/);
  await one.stop();

  const again = up(port, '--nodes', '3', '--yes');
  await again.printed(/^n2, n3: taken in/m);
  await again.printed(/^quorate: ready · 3 nodes/m);
  expect(await run('get', 'shop', 'ada')).toBe('value of ada');
  await again.stop();
});
