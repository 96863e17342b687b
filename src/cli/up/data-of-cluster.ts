/**
 * What lies in the data directory of `quorate up`, held against the nodes it is to run: whoever
 * starts without a node's data must mean it.
 */
import 'reflect-metadata';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkUnused } from '../../node/data-directory.js';
import { ChainTable } from '../../membership/chain-table.js';
import { MemberTable } from '../../membership/member-table.js';
import { nodeOptionsDefault } from '../../options/node-options.js';
import { LmdbTables } from '../../store/lmdb-tables.js';
import { decodeConfiguration } from '../../wire/configuration-codec.js';
import { CommandError, exitCodes } from '../exit-codes.js';

export interface PlannedCluster {
  readonly dataDir: string;
  readonly nodes: number;
  /** Names of nodes that are not started. */
  readonly without: readonly string[];
}

/**
 * Throws `CommandError` where nodes would be missed, or come that can't be taken,
 * `DataDirectoryError` where one runs.
 */
export async function checkDataOfCluster({
  dataDir,
  nodes,
  without,
}: PlannedCluster): Promise<void> {
  const directories = nodesIn(dataDir);
  for (const name of directories) checkUnused(join(dataDir, name));
  if (directories.length === 0 && without.length === 0) return;
  if (directories.length === 0)
    throw new CommandError(
      exitCodes.usage,
      `${dataDir} holds no cluster that could go on without ${without.join(', ')}: start a new one without --without, or name another --data-dir`,
    );
  const { founders, removed } = await clusterIn(dataDir, directories);
  const total = founders ?? Math.max(...directories.map(numberOf));
  // Once they have data, a directory that was emptied is as good as none.
  const there =
    founders === undefined ? directories : directories.filter((name) => hasData(dataDir, name));
  if (nodes !== total)
    throw new CommandError(
      exitCodes.usage,
      `${dataDir} holds a cluster of ${total} nodes: use --nodes ${total}${lackText(total, there)}, or another --data-dir`,
    );
  const removedNames = namesOf(total).filter(
    (name) => removed.has(name) && !without.includes(name),
  );
  if (removedNames.length > 0)
    throw new CommandError(
      exitCodes.usage,
      `${removedNames.join(', ')} ${removedNames.length === 1 ? 'was' : 'were'} removed from the cluster in ${dataDir} for good (quorate remove): go on with --nodes ${total} --without ${[...without, ...removedNames].join(',')}`,
    );
  const unknown = without.filter((name) => !namesOf(total).includes(name));
  if (unknown.length > 0)
    throw new CommandError(
      exitCodes.usage,
      `--without: ${unknown.join(', ')} is none of ${namesOf(total).join(', ')}`,
    );
  const missing = namesOf(total).filter((name) => !there.includes(name) && !without.includes(name));
  if (missing.length === 0) return;
  const [names, verb] = [missing.join(', '), missing.length === 1 ? 'is' : 'are'];
  throw new CommandError(
    exitCodes.usage,
    [
      `${dataDir} holds a cluster of ${total} nodes, and ${names} ${verb} missing. Put back what lay there: a new, empty node has no place in that cluster.`,
      `To go on without: --nodes ${total} --without ${missing.join(',')}. N stays what it is, the others serve what they hold, and puts and gets succeed while R and W of them are there.`,
    ].join('\n'),
  );
}

/** Names of nodes that have a directory. */
function nodesIn(dataDir: string): string[] {
  if (!existsSync(dataDir)) return [];
  if (!statSync(dataDir).isDirectory())
    throw new CommandError(
      exitCodes.usage,
      `${dataDir} is not a directory: name another --data-dir`,
    );
  return readdirSync(dataDir).filter((name) => /^n\d+$/.test(name));
}

function hasData(dataDir: string, name: string): boolean {
  return existsSync(join(dataDir, name, 'tables'));
}

/** With what `--nodes` must come together. */
function lackText(total: number, there: readonly string[]): string {
  const lacking = namesOf(total).filter((name) => !there.includes(name));
  return lacking.length === 0 ? '' : ` --without ${lacking.join(',')} (it is not there)`;
}

function namesOf(total: number): string[] {
  return Array.from({ length: total }, (_, i) => `n${i + 1}`);
}

function numberOf(name: string): number {
  return Number(name.slice(1));
}

interface FoundCluster {
  /** How many nodes founded it; undefined: none tells. */
  readonly founders: number | undefined;
  /** Names of those that were declared gone for good, as far as anybody knows. */
  readonly removed: ReadonlySet<string>;
}

async function clusterIn(dataDir: string, names: readonly string[]): Promise<FoundCluster> {
  let founders: number | undefined;
  const removed = new Set<string>();
  for (const name of names) {
    if (!hasData(dataDir, name)) continue;
    const path = join(dataDir, name);
    const tables = new LmdbTables({ ...nodeOptionsDefault, name, dataDir: path });
    try {
      const { vote, members } = MemberTable.read(tables);
      if (vote.founders.length > 0) founders ??= vote.founders.length;
      for (const member of members) if (member.removed === true) removed.add(member.name);
      for (const gone of goneBy(tables, vote.founders.length)) removed.add(gone);
    } finally {
      await tables.close();
    }
  }
  return { founders, removed };
}

/** Founders that the configuration names no more, or as removed. */
function goneBy(tables: LmdbTables, founders: number): string[] {
  const { configuration: bytes } = new ChainTable(tables).load();
  if (bytes === undefined) return [];
  const { members, move, removed } = decodeConfiguration(bytes);
  const left = [...members, ...(move?.members ?? [])].filter(({ id }) => !removed.includes(id));
  const names = new Set(left.map(({ name }) => name));
  return namesOf(founders).filter((name) => !names.has(name));
}
