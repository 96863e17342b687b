/**
 * What lies in the data directory of `quorate up`: which nodes there are, and what the latest
 * configuration on their disks says of each. Read before any of them is started; what is to be done
 * about it says `course.ts`.
 */
import 'reflect-metadata';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeId } from '../../../actors/rules/actor.js';
import { type Configuration, isMember, type Place } from '../../../actors/rules/configuration.js';
import { checkUnused } from '../../node/data-directory.js';
import { ChainTable } from '../../membership/chain-table.js';
import { MemberTable } from '../../membership/member-table.js';
import { nodeOptionsDefault } from '../../options/node-options.js';
import { LmdbTables } from '../../store/lmdb-tables.js';
import { decodeIdentity, metaKeys, metaRow } from '../../store/meta.js';
import { decodeConfiguration } from '../../wire/configuration-codec.js';
import { CommandError, exitCodes } from '../exit-codes.js';

/**
 * What a node is to its cluster, as far as any disk knows:
 *
 *   empty    its directory holds nothing
 *   member   it holds its share, or will
 *   leaving  it hands on what it holds, and is a member until that is done
 *   removed  it was declared gone for good
 *   left     it was a member, and knew that it was leaving
 *   waiting  it never was one
 */
export type Standing = 'empty' | 'member' | 'leaving' | 'removed' | 'left' | 'waiting';

export interface NodeOnDisk {
  readonly name: string;
  readonly standing: Standing;
}

export interface DataOfCluster {
  readonly dataDir: string;
  /** Of each directory. */
  readonly nodes: readonly NodeOnDisk[];
  /** What no directory need be there for; undefined: no cluster was founded yet. */
  readonly cluster: ClusterOnDisk | undefined;
}

export interface ClusterOnDisk {
  /**
   * Names of those that hold their share, or will; of those alone that `up` could have started.
   * Whoever has a directory is named by it.
   */
  readonly members: readonly string[];
  /** Names of those that were declared gone for good. */
  readonly removed: readonly string[];
  /** Replicas of each key; undefined where no disk says. */
  readonly n: number | undefined;
}

/** Throws `DataDirectoryError` where a node runs, `CommandError` where it is no directory. */
export async function readDataOfCluster(dataDir: string): Promise<DataOfCluster> {
  const names = nodesIn(dataDir);
  for (const name of names) checkUnused(join(dataDir, name));
  const disks: Disk[] = [];
  for (const name of names) if (hasData(dataDir, name)) disks.push(await readDisk(dataDir, name));
  const known = latestOf(disks);
  const marked = new Set(disks.flatMap(({ marked }) => marked));
  const standingOf = (name: string): Standing => {
    const disk = disks.find((one) => one.name === name);
    return disk === undefined ? 'empty' : standing(disk, known, marked);
  };
  return {
    dataDir,
    nodes: names.map((name) => ({ name, standing: standingOf(name) })),
    cluster: clusterOf(disks, known),
  };
}

/** Of one node, as far as its own disk tells. */
export async function readStanding(dataDir: string, name: string): Promise<Standing> {
  if (!hasData(dataDir, name)) return 'empty';
  const disk = await readDisk(dataDir, name);
  return standing(disk, disk.configuration, new Set());
}

/** Names of nodes that have a directory; n2 before n10. */
function nodesIn(dataDir: string): string[] {
  if (!existsSync(dataDir)) return [];
  if (!statSync(dataDir).isDirectory())
    throw new CommandError(
      exitCodes.usage,
      `${dataDir} is not a directory: name another --data-dir`,
    );
  return readdirSync(dataDir)
    .filter(isNodeName)
    .sort((a, b) => numberOf(a) - numberOf(b));
}

function isNodeName(name: string): boolean {
  return /^n\d+$/.test(name);
}

export function numberOf(name: string): number {
  return Number(name.slice(1));
}

export function nameOf(number: number): string {
  return `n${number}`;
}

/** A directory that was emptied is as good as none. */
function hasData(dataDir: string, name: string): boolean {
  return existsSync(join(dataDir, name, 'tables'));
}

interface Disk {
  readonly name: string;
  readonly id: NodeId | undefined;
  readonly configuration: Configuration | undefined;
  readonly wasMember: boolean;
  readonly founders: readonly NodeId[];
  /** Marked as gone for good, before configurations said who is. */
  readonly marked: readonly NodeId[];
  readonly markedNames: readonly string[];
  readonly n: number | undefined;
}

async function readDisk(dataDir: string, name: string): Promise<Disk> {
  const path = join(dataDir, name);
  const tables = new LmdbTables({ ...nodeOptionsDefault, name, dataDir: path });
  try {
    const { vote, members, replicas } = MemberTable.read(tables);
    const { configuration: bytes, wasMember } = new ChainTable(tables).load();
    const identity = metaRow(tables.open('meta'), metaKeys.identity);
    const id = identity && decodeIdentity(identity).nodeId;
    const gone = members.filter(({ removed }) => removed === true);
    return {
      name,
      id,
      configuration: bytes && decodeConfiguration(bytes),
      wasMember: wasMember || (id !== undefined && vote.founders.includes(id)),
      founders: vote.founders,
      marked: gone.map((member) => member.id),
      markedNames: gone.map((member) => member.name),
      n: replicas?.n,
    };
  } finally {
    await tables.close();
  }
}

function latestOf(disks: readonly Disk[]): Configuration | undefined {
  return disks
    .map(({ configuration }) => configuration)
    .filter((one) => one !== undefined)
    .sort((a, b) => b.number - a.number)[0];
}

function standing(
  { id, wasMember, configuration: own }: Disk,
  known: Configuration | undefined,
  marked: ReadonlySet<NodeId>,
): Standing {
  if (id === undefined) return 'empty';
  if (marked.has(id)) return 'removed';
  if (known === undefined) return wasMember ? 'member' : 'waiting';
  if (known.removed.includes(id)) return 'removed';
  if (staysIn(known, id)) return 'member';
  if (isMember(known, id)) return 'leaving';
  if (!wasMember) return 'waiting';
  // Who leaves is told first; who took itself for a member was dropped by the others.
  return own === undefined || staysIn(own, id) ? 'removed' : 'left';
}

function staysIn({ members, move }: Configuration, id: NodeId): boolean {
  return (move?.members ?? members).some((place) => place.id === id);
}

function clusterOf(
  disks: readonly Disk[],
  known: Configuration | undefined,
): ClusterOnDisk | undefined {
  const n = disks.find((disk) => disk.n !== undefined)?.n;
  const marked = [...new Set(disks.flatMap(({ markedNames }) => markedNames))];
  if (known !== undefined) {
    const { members, move, removed } = known;
    // The cluster may call it otherwise by now.
    const calledHere = ({ id, name }: Place): string =>
      disks.find((disk) => disk.id === id)?.name ?? name;
    const gone = members.filter(({ id }) => removed.includes(id)).map(({ name }) => name);
    const stay = (move?.members ?? members).filter(({ id }) => !removed.includes(id));
    return {
      members: stay.map(calledHere).filter(isNodeName),
      removed: [...gone, ...marked].filter(isNodeName),
      n,
    };
  }
  const founders = disks.find((disk) => disk.founders.length > 0)?.founders.length;
  if (founders === undefined) return undefined;
  const members = Array.from({ length: founders }, (_, i) => nameOf(i + 1));
  return { members: members.filter((name) => !marked.includes(name)), removed: marked, n };
}
