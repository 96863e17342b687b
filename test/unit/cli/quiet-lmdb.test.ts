/**
 * What a process prints whose commits fail: one that may write no file of more than 2 MiB, as if
 * the disk ended there.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const source = join(import.meta.dirname, '../../../src');
let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quorate-quiet-'));
});

afterEach(() => rmSync(dataDir, { recursive: true }));

/** Commits until one fails; then something of its own goes wrong. */
function run(first: string): { out: string; err: string } {
  const script = `
    import 'reflect-metadata';
    import { LmdbTables } from '${source}/store/lmdb-tables.js';
    import { quietLmdb } from '${source}/cli/quiet-lmdb.js';
    ${first}
    const tables = new LmdbTables({ dataDir: '${dataDir}', compression: false });
    const table = tables.open('t');
    const write = (batch) => batch.put(table, 'k' + Math.random(), Buffer.alloc(100_000));
    const more = (error) => {
      if (error === undefined) return tables.commit(write, more);
      console.log('failed');
      console.error('another', new Error('mine'));
      process.exit();
    };
    more();`;
  const node = [process.execPath, '--input-type=module', '-e', script];
  const limited = `trap '' XFSZ; ulimit -f 4096; exec "$@"`;
  const { stdout, stderr } = spawnSync('sh', ['-c', limited, 'sh', ...node], { cwd: source });
  return { out: stdout.toString(), err: stderr.toString() };
}

test('a commit that fails: the stack that lmdb prints is not for people, other errors are', () => {
  const { out, err } = run('quietLmdb();');
  expect(out).toBe('failed\n');
  expect(err).toMatch(/^another Error: mine/);
  expect(err).not.toMatch(/write\.js/);
});

test('lmdb still prints it where nobody says otherwise', () => {
  expect(run('').err).toMatch(/lmdb.*write\.js/);
});
