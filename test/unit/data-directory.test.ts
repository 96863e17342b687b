import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryError, lockDataDirectory } from '../../src/node/data-directory.js';

const module = join(import.meta.dirname, '../../src/node/data-directory.js');
let parent: string;
let path: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'quorate-lock-'));
  path = join(parent, 'data', 'n1');
});

afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A process that takes the directory, says so, and keeps it until it is killed. */
function holder(): ReturnType<typeof spawn> {
  const script = `import { lockDataDirectory } from ${JSON.stringify(module)};
    lockDataDirectory(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', script]);
}

test('lock: the directory is created, taken once, and free again after release', () => {
  const directory = lockDataDirectory(path);
  expect(() => lockDataDirectory(path)).toThrow(DataDirectoryError);
  directory.release();
  expect(readdirSync(path)).toEqual([]);
  lockDataDirectory(path).release();
});

test('lock: a live process keeps it, kill -9 frees it at once', async () => {
  const child = holder();
  await once(child.stdout!, 'data');
  expect(() => lockDataDirectory(path)).toThrow(`in use by process ${child.pid}`);
  expect(readdirSync(path)).toHaveLength(1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDataDirectory(path).release();
  expect(readdirSync(path)).toEqual([]);
});

test('lock: a pid that now belongs to another process does not count', () => {
  const directory = lockDataDirectory(path);
  const [own] = readdirSync(path);
  directory.release();
  // As a process that had this one's parent's pid, and started at another time, would have left it.
  writeFileSync(join(path, own!.replace(/\d+\.\d+$/, `${process.ppid}.12345`)), '');
  lockDataDirectory(path).release();
  expect(readdirSync(path)).toEqual([]);
});

test('lock: a directory that can not be written is a clear error', () => {
  writeFileSync(join(parent, 'data'), 'a file in the way');
  expect(() => lockDataDirectory(path)).toThrow(/can't be used/);
});

test('lock: of four processes that start together at most one gets it', async () => {
  const script = `import { lockDataDirectory } from ${JSON.stringify(module)};
    try { lockDataDirectory(${JSON.stringify(path)}); console.log('held'); } catch { console.log('refused'); }
    setInterval(() => {}, 1000);`;
  const children = [1, 2, 3, 4].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', script]),
  );
  const said = await Promise.all(
    children.map(async (child) => {
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
      return chunk.toString().trim();
    }),
  );
  // Only now: who ended before the last one had started would have left it the directory.
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => once(child, 'exit')));
  expect(said.filter((word) => word === 'held').length).toBeLessThanOrEqual(1);
  expect(said.filter((word) => word === 'refused').length).toBeGreaterThanOrEqual(3);
});
