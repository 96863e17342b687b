import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { LogFile } from '../../../src/seams/log-file.js';
import { DiskLogDirectory } from '../../../src/store/disk-log-directory.js';
import { appended, magic, openLog, replayed } from '../../support/log-fixture.js';

let dataDir: string;
let directory: DiskLogDirectory;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quorate-log-'));
  directory = open();
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function open(): DiskLogDirectory {
  return new DiskLogDirectory({ ...nodeOptionsDefault, name: 'n1', dataDir });
}

function append(file: LogFile, chunks: readonly string[], sync: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let returned = false;
    file.append(
      chunks.map((chunk) => Buffer.from(chunk)),
      { sync },
      (error) => {
        expect(returned).toBe(true);
        if (error === undefined) resolve();
        else reject(error);
      },
    );
    returned = true;
  });
}

test('appends in order, synced or not, many chunks, large ones; length counts what succeeded', async () => {
  const file = directory.open('log-1');
  const large = 'y'.repeat(300 * 1024);
  const done = [
    append(file, ['a', 'b'], true),
    append(file, ['c'], false),
    append(file, [large, 'd', large], true),
    append(
      file,
      Array.from({ length: 3000 }, (_, i) => `${i % 10}`),
      true,
    ),
  ];
  expect(file.length).toBe(0);
  await Promise.all(done);
  await new Promise<void>((resolve) => file.sync(() => resolve()));
  const content = directory.read('log-1').toString('latin1', 0, file.length);
  expect(content.slice(0, 3)).toBe('abc');
  expect(content).toBe(`abc${large}d${large}${'0123456789'.repeat(300)}`);
  expect(file.length).toBe(3 + 2 * large.length + 1 + 3000);
  file.close();
});

test('a file that is done with serves again: what it held stays behind the new end', async () => {
  expect(readdirSync(join(dataDir, 'log'))).toEqual(['spare-0']);
  const first = directory.open('log-1');
  expect(readdirSync(join(dataDir, 'log'))).toEqual(['log-1']);
  expect(first.length).toBe(0);
  await append(first, ['old old old'], true);
  first.truncate(11);
  first.close();
  directory.remove('log-1');
  expect(directory.list()).toEqual([]);
  directory = open();
  const second = directory.open('log-2');
  expect(second.length).toBe(0);
  await append(second, ['new'], true);
  expect(second.length).toBe(3);
  expect(directory.read('log-2').toString()).toBe('new old old');
  second.truncate(3);
  expect(directory.read('log-2').toString()).toBe('new');
  second.close();
  expect(directory.list()).toEqual(['log-2']);
});

test('opened again: at the end; truncated: from there', async () => {
  const first = directory.open('log-1');
  await append(first, ['0123456789'], true);
  first.truncate(10);
  first.close();
  const again = open().open('log-1');
  expect(again.length).toBe(10);
  again.truncate(4);
  await append(again, ['x'], true);
  again.close();
  expect(directory.read('log-1').toString()).toBe('0123x');
});

test('at most four spare files are kept, also over a start; quarantined files stay out of the list', async () => {
  const used = [1, 2, 3, 4, 5, 6, 7].map((number) => `log-${number}`);
  for (const name of used) {
    const file = directory.open(name);
    await append(file, [name], true);
    file.close();
  }
  directory.quarantine('log-6');
  for (const name of used.slice(0, 5)) directory.remove(name);
  expect(directory.list()).toEqual(['log-7']);
  const names = ['damaged-log-6', 'log-7', 'spare-1', 'spare-2', 'spare-3', 'spare-4'];
  expect(readdirSync(join(dataDir, 'log')).sort()).toEqual(names);
  directory = open();
  expect(directory.list()).toEqual(['log-7']);
  expect(readdirSync(join(dataDir, 'log')).sort()).toEqual(names);
  directory.remove('log-7');
  expect(readdirSync(join(dataDir, 'log'))).toHaveLength(5);
});

test('a commit log over reused files: each start finds exactly what was acknowledged', async () => {
  let lastSequence = 0;
  let segments: Awaited<ReturnType<typeof replayed>>['segments'] = [];
  for (let start = 0; start < 4; start++) {
    const { log } = openLog(directory, { lastSequence, segments, segmentBytesMax: 2000 });
    for (let i = 0; i < 40; i++) {
      await appended(log, `start ${start} entry ${i}`);
      if (i % 13 === 0) log.removeThrough(log.lastSequence - 5);
    }
    await log.close();
    directory = open();
    const covered = log.lastSequence - 5;
    const replay = await replayed(directory, covered);
    expect(replay).toMatchObject({
      incomplete: false,
      damaged: [],
      lastSequence: (start + 1) * 40,
    });
    expect(replay.cutBytes).toBe(0);
    expect(replay.texts).toEqual([35, 36, 37, 38, 39].map((i) => `start ${start} entry ${i}`));
    ({ lastSequence, segments } = replay);
  }
  expect(magic).toHaveLength(8);
});

test.each([3, 16 * 1024, 16 * 1024 + 1])(
  'an append of %d bytes that waits for no disk is in the file when it calls back, behind a synced one under way; its error comes as a call too',
  async (bytes) => {
    const file = directory.open('log-1');
    const [first, second] = ['f'.repeat(bytes), 's'.repeat(bytes)];
    const seen: string[] = [];
    const note = (): void =>
      void seen.push(directory.read('log-1').toString('latin1', 0, file.length));
    await Promise.all([
      append(file, [first], true).then(note),
      append(file, [second.slice(1), 's'], false).then(note),
    ]);
    expect(seen.at(-1)).toBe(first + second);
    file.close();
    await expect(append(file, [second], false)).rejects.toThrow(/EBADF/);
  },
);
