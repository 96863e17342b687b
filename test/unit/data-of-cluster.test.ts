import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { checkDataOfCluster } from '../../src/cli/up/data-of-cluster.js';
import { foundingConfiguration } from '../../actors/rules/steps.js';
import type { Member } from '../../actors/rules/membership.js';
import { lockDataDirectory } from '../../src/node/data-directory.js';
import { ChainTable } from '../../src/membership/chain-table.js';
import { MemberTable } from '../../src/membership/member-table.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { LmdbTables } from '../../src/store/lmdb-tables.js';
import { encodeConfiguration } from '../../src/wire/configuration-codec.js';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quorate-data-'));
});

afterEach(() => rmSync(dataDir, { recursive: true }));

/** The directory of a node that founded a cluster of so many. */
async function leave(
  name: string,
  founders: number,
  members: readonly Member[] = [],
): Promise<void> {
  mkdirSync(join(dataDir, name));
  const ids = Array.from({ length: founders }, (_, i) => `${i}`.padStart(16, '0'));
  const tables = new LmdbTables({ ...nodeOptionsDefault, name, dataDir: join(dataDir, name) });
  const vote = { attempt: 0, stored: ids, founders: ids };
  const known = { vote, members, replicas: undefined, revision: 0 };
  const table = new MemberTable(tables, () => known);
  await new Promise<void>((done) => table.save(done));
  await tables.close();
}

function check(nodes: number, ...without: string[]): Promise<void> {
  return checkDataOfCluster({ dataDir, nodes, without });
}

test('nothing there, and all there: nothing to say', async () => {
  await check(3);
  for (const name of ['n1', 'n2', 'n3']) await leave(name, 3);
  await check(3);
});

test('more or fewer nodes than the data are of: refused, with how many there are', async () => {
  for (const name of ['n1', 'n2', 'n3']) await leave(name, 3);
  await expect(check(2)).rejects.toThrow(/holds a cluster of 3 nodes: use --nodes 3, or another/);
  await expect(check(4)).rejects.toThrow(/holds a cluster of 3 nodes: use --nodes 3, or another/);
});

test.each(['n1', 'n2', 'n3'])(
  'one of three is missing (%s): it is named, fewer nodes are not the advice, and the others can go on without it',
  async (missing) => {
    for (const name of ['n1', 'n2', 'n3']) if (name !== missing) await leave(name, 3);
    await expect(check(3)).rejects.toThrow(
      new RegExp(
        `cluster of 3 nodes, and ${missing} is missing.*\n.*--nodes 3 --without ${missing}\\.`,
      ),
    );
    await expect(check(2)).rejects.toThrow(new RegExp(`use --nodes 3 --without ${missing}`));
    await check(3, missing);
  },
);

test.each(['n1', 'n2', 'n3'])(
  'the directory of one of three is empty (%s): it is as missing as one that is not there',
  async (emptied) => {
    for (const name of ['n1', 'n2', 'n3'])
      if (name === emptied) mkdirSync(join(dataDir, name));
      else await leave(name, 3);
    await expect(check(3)).rejects.toThrow(new RegExp(`${emptied} is missing.*`));
    await check(3, emptied);
  },
);

test('a node was removed for good: said before any is started, by whoever knows it', async () => {
  const place = { host: 'h', zone: '', weight: 1, pid: 1 };
  const age = { generation: 1, heartbeat: 0, epochs: 0, status: 'active' } as const;
  const n2 = { id: '2'.repeat(16), name: 'n2', ...place, ...age, removed: true } as const;
  await leave('n1', 3);
  await leave('n2', 3);
  await leave('n3', 3, [n2]);
  const advice = /n2 was removed from the cluster .*--nodes 3 --without n2$/;
  await expect(check(3)).rejects.toThrow(advice);
  await check(3, 'n2');
});

test('a node was removed, and the cluster has moved on without it: said all the same', async () => {
  for (const name of ['n1', 'n2', 'n3']) await leave(name, 3);
  const places = ['n1', 'n3'].map((name, i) => {
    return { id: `${i}`.padStart(16, '0'), name, host: 'h', zone: '', weight: 1 };
  });
  const configuration = encodeConfiguration(foundingConfiguration(places, 256));
  const options = { ...nodeOptionsDefault, name: 'n1', dataDir: join(dataDir, 'n1') };
  const tables = new LmdbTables(options);
  await new Promise<void>((done) => new ChainTable(tables).keep({ configuration }, done));
  await tables.close();
  await expect(check(3)).rejects.toThrow(/n2 was removed .*--nodes 3 --without n2$/);
  await check(3, 'n2');
});

test('to go on without a node is for a cluster that has it: not for a new one, and not for other names', async () => {
  await expect(check(3, 'n2')).rejects.toThrow(/holds no cluster.*without --without/);
  for (const name of ['n1', 'n2', 'n3']) await leave(name, 3);
  await expect(check(3, 'n9')).rejects.toThrow(/n9 is none of n1, n2, n3/);
});

test('a node of it runs: said with its process, before its files are touched', async () => {
  for (const name of ['n1', 'n2', 'n3']) await leave(name, 3);
  const directory = lockDataDirectory(join(dataDir, 'n2'));
  await expect(check(3)).rejects.toThrow(new RegExp(`n2 is in use by process ${process.pid}: `));
  await expect(check(3, 'n2')).rejects.toThrow(/n2 is in use/);
  directory.release();
  await check(3);
});

test('a file where the directory should be: said, not thrown as it comes', async () => {
  const file = join(dataDir, 'file');
  writeFileSync(file, '');
  const checked = checkDataOfCluster({ dataDir: file, nodes: 3, without: [] });
  await expect(checked).rejects.toThrow(/file is not a directory: .*--data-dir/);
});
