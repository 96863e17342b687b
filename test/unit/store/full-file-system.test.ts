/** A store on a real file system that is full: a small tmpfs, which only root can mount. */
import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nodeOptionsDefault } from '../../../src/node/node-options.js';
import { RealClock } from '../../../src/seams/real-clock.js';
import { RealRandom } from '../../../src/seams/real-random.js';
import { DiskLogDirectory } from '../../../src/store/disk-log-directory.js';
import { DurableStore } from '../../../src/store/durable-store.js';
import { LmdbTables } from '../../../src/store/lmdb-tables.js';
import { keyNamed, put, testPartitions } from '../../support/store-process.js';

const mount = mkdtempSync(join(tmpdir(), 'quorate-full-'));
let mounted = false;

beforeAll(() => {
  const options = ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', mount];
  mounted = process.platform === 'linux' && spawnSync('mount', options).status === 0;
});

afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', mount]);
  rmSync(mount, { recursive: true, force: true });
});

function open(): DurableStore {
  const options = {
    ...nodeOptionsDefault,
    name: 'n1',
    partitions: testPartitions,
    dataDir: mount,
    storeBounds: { memtableBytesMax: 1 << 20 },
  };
  const [tables, directory] = [new LmdbTables(options), new DiskLogDirectory(options)];
  return new DurableStore(new RealClock(), new RealRandom(), directory, tables, options);
}

function isWritable(store: DurableStore, wanted: boolean): Promise<void> {
  return new Promise((resolve) => {
    store.onWritable((now) => {
      if (now === wanted) resolve();
    });
  });
}

/** Until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const bytes of [1 << 20, 4096])
      for (;;)
        try {
          if (writeSync(file, Buffer.alloc(bytes, 'x')) < bytes) break;
        } catch {
          break;
        }
  } finally {
    closeSync(file);
  }
}

test('a store starts on a full file system: it reads, refuses puts, and takes them once there is room', async () => {
  if (!mounted) {
    console.warn('skipped: no tmpfs can be mounted here');
    return;
  }
  const first = open();
  await first.recover();
  const filler = join(mount, 'filler');
  fill(filler);
  // What LMDB has free in its file is used up first.
  let kept = 0;
  const filled = isWritable(first, false);
  while (first.refusal() === undefined) {
    const done = put(first, keyNamed(`k${kept}`), 'x'.repeat(10_000)).then(() => kept++);
    await Promise.race([done, filled]);
  }
  await filled;
  await first.close();
  const fatal: Error[] = [];
  const store = open();
  store.onFatal((error) => fatal.push(error));
  const full = isWritable(store, false);
  await store.recover();
  await full;
  expect(store.refusal()?.reason).toBe('diskFull');
  expect(kept).toBeGreaterThan(50);
  for (let i = 0; i < kept; i++) expect(store.read(keyNamed(`k${i}`))).toBeDefined();
  const writable = isWritable(store, true);
  unlinkSync(filler);
  await writable;
  await put(store, keyNamed('new'), 'value');
  expect(fatal).toEqual([]);
  await store.close();
});
