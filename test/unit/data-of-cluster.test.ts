import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Course, courseOf } from '../../src/cli/up/course.js';
import { readDataOfCluster, readStanding } from '../../src/cli/up/data-of-cluster.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { begin, finish, foundingConfiguration, moved, released } from '../../actors/rules/steps.js';
import type { Member } from '../../actors/rules/membership.js';
import { lockDataDirectory } from '../../src/node/data-directory.js';
import { ChainTable } from '../../src/membership/chain-table.js';
import { MemberTable } from '../../src/membership/member-table.js';
import { nodeOptionsDefault } from '../../src/options/node-options.js';
import { LmdbTables } from '../../src/store/lmdb-tables.js';
import { encodeIdentity, metaKeys } from '../../src/store/meta.js';
import { encodeConfiguration } from '../../src/wire/configuration-codec.js';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'quorate-data-'));
});

afterEach(() => rmSync(dataDir, { recursive: true }));

function idOf(name: string): string {
  return name.slice(1).padStart(16, '0');
}

interface Left {
  readonly founders?: number;
  readonly members?: readonly Member[];
  readonly configuration?: Configuration;
  readonly wasMember?: boolean;
  readonly n?: number;
}

/** The directory of a node, with what it knew when it stopped. */
async function leave(name: string, left: Left = {}): Promise<void> {
  const { founders = 3, members = [], configuration, wasMember = true, n } = left;
  mkdirSync(join(dataDir, name));
  const ids = Array.from({ length: founders }, (_, i) => idOf(`n${i + 1}`));
  const tables = new LmdbTables({ ...nodeOptionsDefault, name, dataDir: join(dataDir, name) });
  const vote = { attempt: 0, stored: ids, founders: ids };
  const replicas = n === undefined ? undefined : { n, buckets: new Map<string, number>() };
  const known = { vote, members, replicas, revision: 0 };
  const table = new MemberTable(tables, () => known);
  await new Promise<void>((done) => table.save(done));
  const identity = { nodeId: idOf(name), magic: Buffer.alloc(8), partitions: 256, format: 1 };
  const meta = tables.open('meta');
  await new Promise<unknown>((done) => {
    tables.commit((batch) => batch.put(meta, metaKeys.identity, encodeIdentity(identity)), done);
  });
  if (configuration !== undefined) {
    const bytes = encodeConfiguration(configuration);
    const chain = new ChainTable(tables);
    await new Promise<void>((done) => chain.keep({ configuration: bytes, wasMember }, done));
  }
  await tables.close();
}

const partitions = 4;

function founded(...names: string[]): Configuration {
  const places = names.map((name) => {
    return { id: idOf(name), name, host: name, zone: '', weight: 1 };
  });
  return foundingConfiguration(places, partitions);
}

function done(step: Configuration | string): Configuration {
  if (typeof step === 'string') throw new Error(step);
  return step;
}

/** A move to these has begun. */
function moving(
  from: Configuration,
  names: readonly string[],
  removed: string[] = [],
): Configuration {
  const { members } = founded(...names);
  return done(begin(from, { members, ring: 1, removed: removed.map(idOf) }));
}

function finished(from: Configuration): Configuration {
  const all = Array.from({ length: partitions }, (_, i) => i);
  return done(finish(done(moved(from, all))));
}

interface Wished {
  readonly without?: readonly string[];
  readonly replaces?: readonly string[];
}

async function course(
  nodes?: number,
  { without = [], replaces = [] }: Wished = {},
): Promise<Course> {
  return courseOf(await readDataOfCluster(dataDir), { nodes, without, replaces });
}

async function check(nodes: number, ...without: string[]): Promise<readonly string[]> {
  return (await course(nodes, { without })).start;
}

const three = ['n1', 'n2', 'n3'];
const five = [...three, 'n4', 'n5'];

test('nothing there, and all there: they start, and nothing changes', async () => {
  expect(await check(3)).toEqual(three);
  expect((await course()).start).toEqual(five);
  for (const name of three) await leave(name, { n: 2 });
  for (const there of [await course(3), await course()])
    expect(there).toEqual({
      nodes: 3,
      start: three,
      come: [],
      grow: [],
      replaces: [],
      shrink: [],
      leaving: [],
      past: [],
      members: three,
      n: 2,
    });
});

test('nothing in any directory, as of nodes that were let in nowhere: as nothing there', async () => {
  for (const name of ['n1', 'n3']) mkdirSync(join(dataDir, name));
  expect(await check(3)).toEqual(three);
  expect(await check(5)).toEqual(five);
  // One of them holds something: without the others it would wait for ever.
  await leave('n2', { founders: 0, wasMember: false });
  await expect(check(5)).rejects.toThrow(/3 nodes that is not founded yet: use --nodes 3/);
});

describe('another number of nodes', () => {
  test('more: the next numbers come; once they wait nobody is asked again', async () => {
    const configuration = founded(...three);
    for (const name of three) await leave(name, { configuration });
    expect(await course(5)).toMatchObject({ start: five, come: ['n4', 'n5'], grow: ['n4', 'n5'] });
    await leave('n4', { founders: 0, configuration, wasMember: false });
    expect(await course(5)).toMatchObject({ start: five, come: ['n4', 'n5'], grow: ['n5'] });
    // Whoever was never taken in, and is not wished any more, may go.
    expect(await course(3)).toMatchObject({ start: three, past: ['n4'] });
  });

  test('fewer: the highest are to leave, and all of them start', async () => {
    const configuration = founded(...five);
    for (const name of five) await leave(name, { founders: 5, configuration, n: 3 });
    expect(await course(3)).toMatchObject({
      nodes: 3,
      start: five,
      shrink: ['n4', 'n5'],
      come: [],
    });
    expect(await course()).toMatchObject({ nodes: 5, start: five, shrink: [] });
    await expect(course(2)).rejects.toThrow(/3 replicas \(N\).* too few nodes: 2/);
    await expect(check(3, 'n5')).rejects.toThrow(/n5 can't hand on anything/);
  });

  test('interrupted half-way: whoever was told to leave is not told again, and those that left are not started', async () => {
    const before = founded(...five);
    const begun = moving(before, three);
    for (const name of five) await leave(name, { founders: 5, configuration: before });
    // Known to one of them alone.
    rmSync(join(dataDir, 'n2'), { recursive: true });
    await leave('n2', { founders: 5, configuration: begun });
    const going = { start: five, shrink: [], leaving: ['n4', 'n5'], past: [] };
    expect(await course(3)).toMatchObject(going);
    expect(await course()).toMatchObject({ ...going, nodes: 3 });
    await expect(course(5)).rejects.toThrow(
      /n4, n5 are leaving .*go on without --nodes, and let it grow once/,
    );

    rmSync(join(dataDir, 'n2'), { recursive: true });
    const over = done(released(finished(begun), [idOf('n4')]));
    await leave('n2', { founders: 5, configuration: over });
    rmSync(join(dataDir, 'n4'), { recursive: true });
    await leave('n4', { founders: 5, configuration: begun });
    expect(await course(3)).toMatchObject({
      start: ['n1', 'n2', 'n3', 'n5'],
      leaving: ['n5'],
      past: ['n4'],
    });
    await expect(course(4)).rejects.toThrow(/n4 left the cluster .* put .*n4 aside/);
    expect(await readStanding(dataDir, 'n4')).toBe('leaving');
  });

  test('before the cluster is founded: it is founded first', async () => {
    for (const name of three) await leave(name, { founders: 0, wasMember: false });
    expect(await check(3)).toEqual(three);
    await expect(check(4)).rejects.toThrow(/3 nodes that is not founded yet: use --nodes 3/);
  });

  test('those that come and those that leave: one after the other', async () => {
    const configuration = founded('n1', 'n3', 'n4');
    for (const name of ['n1', 'n3', 'n4']) await leave(name, { founders: 0, configuration });
    await expect(course(3)).rejects.toThrow(/one after the other, .*--nodes 4/);
    expect(await course(4)).toMatchObject({ come: ['n2'], grow: ['n2'], shrink: [] });
  });
});

test.each(three)(
  'one of three is missing (%s): it is named, the others can go on without it, and a new one can come in its stead',
  async (missing) => {
    for (const name of three) if (name !== missing) await leave(name);
    await expect(check(3)).rejects.toThrow(
      new RegExp(
        `cluster of 3 nodes, and ${missing} is missing.*\n.*: --without ${missing} instead of --nodes 3\\..*\n.*: --replaces ${missing} instead of --nodes 3\\.`,
      ),
    );
    await expect(check(2)).rejects.toThrow(`--without ${missing} instead of --nodes 2.`);
    expect(await check(3, missing)).toEqual(three.filter((name) => name !== missing));
    const replaced = await course(3, { replaces: [missing] });
    expect(replaced).toMatchObject({
      start: three,
      come: [missing],
      grow: [],
      replaces: [missing],
    });
  },
);

test('a majority is missing: nobody can come in its stead, and what recovers the others is named', async () => {
  await leave('n1');
  const recovered = /quorate recover --lost n2,n3 .*--nodes 3 /;
  await expect(check(3)).rejects.toThrow(
    /n2, n3 are missing.*\n.*--without n2,n3 instead of --nodes 3\./,
  );
  await expect(check(3)).rejects.toThrow(recovered);
  await expect(check(3)).rejects.not.toThrow(/--replaces/);
  const replaced = course(3, { replaces: ['n2', 'n3'] });
  await expect(replaced).rejects.toThrow(/--replaces n2,n3 can't be: .*--without n2,n3 instead of/);
  await expect(course(3, { replaces: ['n2'], without: ['n3'] })).rejects.toThrow(recovered);
  expect(await course(3, { without: ['n2', 'n3'] })).toMatchObject({
    start: ['n1'],
    members: three,
  });
});

describe('a number is free since its node has left', () => {
  const four = ['n1', 'n2', 'n4', 'n5'];
  const configuration = founded(...four);

  async function leaveFour(...missing: string[]): Promise<void> {
    for (const name of four.filter((name) => !missing.includes(name)))
      await leave(name, { founders: 5, configuration, n: 3 });
  }

  test('not told how many, the members start and nobody else; told so, a new one comes there', async () => {
    await leaveFour();
    const still = { nodes: 4, start: four, come: [], grow: [], shrink: [], past: [] };
    expect(await course()).toMatchObject(still);
    expect(await course(undefined, { without: ['n3'] })).toMatchObject(still);
    expect(await course(5)).toMatchObject({ start: five, come: ['n3'], grow: ['n3'] });
    expect(await course(5, { without: ['n3'] })).toMatchObject({ start: four, come: [] });
    const replaced = course(undefined, { replaces: ['n3'] });
    await expect(replaced).rejects.toThrow(/n3 is none of the members .* with: --nodes 5$/);
  });

  test('its directory is there yet: it is no member, and may go', async () => {
    const begun = moving(founded(...five), four);
    const over = done(released(finished(begun), [idOf('n3')]));
    for (const name of four) await leave(name, { founders: 5, configuration: over });
    await leave('n3', { founders: 5, configuration: begun });
    expect(await course()).toMatchObject({ start: four, come: [], past: ['n3'] });
  });

  test('it is leaving still: it starts, and what is said goes on with it', async () => {
    const begun = moving(founded(...five), four);
    for (const name of five) await leave(name, { founders: 5, configuration: begun, n: 3 });
    const going = { nodes: 4, start: five, shrink: [], leaving: ['n3'] };
    expect(await course()).toMatchObject(going);
    await expect(course(5)).rejects.toThrow(/n3 is leaving .*go on without --nodes/);
  });

  test('one that was to come there was never taken in: it is as good as none', async () => {
    await leaveFour();
    await leave('n3', { founders: 0, configuration, wasMember: false });
    expect(await course()).toMatchObject({ start: four, come: [], past: ['n3'] });
    expect(await course(5)).toMatchObject({ start: five, come: ['n3'], grow: [], past: [] });
  });

  test('a member is missing besides: members are counted, and what is advised works', async () => {
    await leaveFour('n2');
    const advice =
      /a cluster of 4 nodes, and n2 is missing.*\n.*: --without n2\..*\n.*: --replaces n2\./;
    await expect(course()).rejects.toThrow(advice);
    const without = await course(undefined, { without: ['n2'] });
    expect(without).toMatchObject({ start: ['n1', 'n4', 'n5'], come: [] });
    const replaced = await course(undefined, { replaces: ['n2'] });
    expect(replaced).toMatchObject({ start: four, come: ['n2'], grow: [], replaces: ['n2'] });
  });

  test('most of the members are missing besides: after a recovery new ones come', async () => {
    await leaveFour('n1', 'n2', 'n4');
    const recovered = /quorate recover --lost n1,n2,n4 .* --nodes 5 has new ones come/;
    await expect(course()).rejects.toThrow(recovered);
    rmSync(join(dataDir, 'n5'), { recursive: true });
    await leave('n5', { founders: 5, configuration: founded('n5'), n: 3 });
    expect(await course(5)).toMatchObject({ start: five, come: ['n1', 'n2', 'n3', 'n4'] });
  });
});

test('a member that the cluster calls otherwise by now is known by its directory', async () => {
  const [n1, n2, n3] = founded(...three).members;
  const configuration = foundingConfiguration([n1!, n2!, { ...n3!, name: 'w' }], partitions);
  for (const name of three) await leave(name, { configuration });
  expect(await course()).toMatchObject({ start: three, members: three, past: [] });
  expect(await course(3)).toMatchObject({ start: three, come: [] });
});

test('only who has lost its data is replaced', async () => {
  for (const name of three) await leave(name);
  const replaced = course(3, { replaces: ['n2'] });
  await expect(replaced).rejects.toThrow(/whose data are gone, and .*n2 holds some/);
});

test.each(three)(
  'the directory of one of three is empty (%s): it is as missing as one that is not there',
  async (emptied) => {
    for (const name of three)
      if (name === emptied) mkdirSync(join(dataDir, name));
      else await leave(name);
    await expect(check(3)).rejects.toThrow(new RegExp(`${emptied} is missing.*`));
    await check(3, emptied);
  },
);

test('a node was removed for good: said before any is started, by whoever knows it', async () => {
  const place = { host: 'h', zone: '', weight: 1, pid: 1 };
  const age = { generation: 1, heartbeat: 0, epochs: 0, status: 'active' } as const;
  const n2 = { id: idOf('n2'), name: 'n2', ...place, ...age, removed: true } as const;
  await leave('n1');
  await leave('n2');
  await leave('n3', { members: [n2] });
  const advice = /n2 was removed from the cluster .*--nodes 3 --without n2$/;
  await expect(check(3)).rejects.toThrow(advice);
  expect(await check(3, 'n2')).toEqual(['n1', 'n3']);
  expect(await course()).toMatchObject({ nodes: 2, start: ['n1', 'n3'], come: [], past: [] });
});

test('a node was removed, and the cluster has moved on without it: said to who wishes for its number, until its directory is put aside', async () => {
  for (const name of ['n2', 'n3']) await leave(name);
  await leave('n1', { configuration: founded('n1', 'n3') });
  await expect(course(3)).rejects.toThrow(/n2 was removed .*--nodes 3 --without n2$/);
  expect(await course()).toMatchObject({ nodes: 2, start: ['n1', 'n3'], come: [], past: [] });
  expect(await check(3, 'n2')).toEqual(['n1', 'n3']);
  rmSync(join(dataDir, 'n2'), { recursive: true });
  expect(await course(3)).toMatchObject({ start: three, come: ['n2'], grow: ['n2'] });
});

test('to go on without a node is for a cluster that has it: not for a new one, and not for other names', async () => {
  await expect(check(3, 'n2')).rejects.toThrow(/holds no cluster.*without --without/);
  for (const name of three) await leave(name);
  await expect(check(3, 'n9')).rejects.toThrow(/n9 is none of n1, n2, n3/);
});

test('a node of it runs: said with its process, before its files are touched', async () => {
  for (const name of three) await leave(name);
  const directory = lockDataDirectory(join(dataDir, 'n2'));
  await expect(check(3)).rejects.toThrow(new RegExp(`n2 is in use by process ${process.pid}: `));
  await expect(check(3, 'n2')).rejects.toThrow(/n2 is in use/);
  directory.release();
  await check(3);
});

test('a file where the directory should be: said, not thrown as it comes', async () => {
  const file = join(dataDir, 'file');
  writeFileSync(file, '');
  await expect(readDataOfCluster(file)).rejects.toThrow(/file is not a directory: .*--data-dir/);
});
