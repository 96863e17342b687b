/**
 * The bench against a cluster of its own, as briefly as it can: that it runs, and that its rows are
 * whole.
 */
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BigRow } from '../bench/big/big.js';
import type { Row } from '../bench/report/rows.js';

const main = join(import.meta.dirname, '../bench/main.js');

test('bench: puts and gets in a closed and an open loop, 0.3 s each, on a real cluster', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-bench-test-'));
  try {
    const file = join(directory, 'rows.json');
    const plot = join(directory, 'rows.svg');
    const args = ['--systems', 'quorate,quorate-light', '--workloads', 'put,get', '--sizes', '100'];
    args.push('--in-flight', '8', '--rate', '100', '--keys', '50', '--clients', '2');
    args.push('--repetitions', '1', '--seconds', '0.3', '--heat', '0', '--directory', directory);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [main, ...args, '--json', file, '--svg', plot],
      { encoding: 'utf8', timeout: 50_000 },
    );
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];
    expect(rows.map(({ workload, inFlight }) => `${workload} ${inFlight}`)).toEqual([
      'put 8',
      'put 8',
      'put null',
      'put null',
      'get 8',
      'get 8',
      'get null',
      'get null',
    ]);
    expect(new Set(rows.map(({ system }) => system))).toEqual(
      new Set(['quorate', 'quorate-light']),
    );
    for (const row of rows) {
      expect(row).toMatchObject({ valueBytes: 100, w: 2, r: 2, errors: 0 });
      expect(row.durability).toBe('sync');
      for (const figure of [row.opsPerSecond, row.p50Ms, row.cpuMicrosPerOp, row.residentMb])
        expect(figure).toBeGreaterThan(0);
      expect(row.p99Ms).toBeGreaterThanOrEqual(row.p50Ms);
      expect(row.p999Ms).toBeGreaterThanOrEqual(row.p99Ms);
      // An acknowledged put was synced by two nodes, in whatever company; a get by none.
      if (row.workload === 'put') expect(row.fsyncsPerOp).toBeGreaterThan(0);
    }
    expect(stdout).toContain('CPU µs/op');
    expect(readFileSync(plot, 'utf8')).toContain('<svg');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);

test('bench: a value of several parts in and out, and a node killed while it goes in', () => {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-bench-test-'));
  try {
    const file = join(directory, 'rows.json');
    const args = ['big', '--size', '48MiB', '--repetitions', '1', '--systems', 'quorate'];
    args.push('--kill', 'put', '--directory', directory, '--json', file);
    const { status, stderr } = spawnSync(process.execPath, [main, ...args], {
      encoding: 'utf8',
      timeout: 200_000,
    });
    expect(`${status} ${stderr}`).toMatch(/^0 /);
    const { rows } = JSON.parse(readFileSync(file, 'utf8')) as { rows: readonly BigRow[] };
    expect(rows.map(({ direction, isKilled }) => [direction, isKilled])).toEqual([
      ['put', false],
      ['get', false],
      ['put', true],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({ system: 'quorate', isEqual: true });
      for (const figure of [row.mbPerSecond, row.clientMiB, row.nodeMiB, row.nodeAnonymousMiB])
        expect(figure).toBeGreaterThan(0);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 210_000);
