import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { search } from './search.js';

/** Runs seeds that say what their process does; returns what was reported. */
async function reportsOf(
  seeds: readonly string[],
  options: { readonly jobs?: number; readonly signal?: AbortSignal } = {},
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'search-'));
  const reports: string[] = [];
  try {
    await search({
      seeds,
      msMax: Infinity,
      jobs: 1,
      env: { ...process.env, SEARCH_TEST_FOLDER: folder },
      onReport: ({ seed, violation }) => reports.push(`${seed}: ${violation?.what ?? 'fine'}`),
      wanted: () => true,
      worker: new URL('../support/playing-worker.js', import.meta.url),
      seedTicksMax: 2,
      ...options,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return reports;
}

test('search: a process that ends and one that hangs are failures of their seeds, and the others go on', async () => {
  expect(await reportsOf(['fine', 'ends', 'fine', 'hangs', 'fine'])).toEqual([
    'fine: fine',
    'ends: the process ended (3)',
    'fine: fine',
    'hangs: the process ended (SIGKILL)',
    'fine: fine',
  ]);
}, 30_000);

test('search: a process that was held up once is no failure of its seed', async () => {
  expect(await reportsOf(['hangs-once', 'fine'])).toEqual(['hangs-once: fine', 'fine: fine']);
}, 30_000);

test('search: ended from outside, it ends at once and reports nothing more', async () => {
  const signal = AbortSignal.timeout(500);
  expect(await reportsOf(['hangs', 'hangs', 'fine'], { jobs: 2, signal })).toEqual([]);
}, 30_000);
