/** What lies in the data directory of `quorate up`, held against the nodes it is to run: whoever starts without a node's data must mean it. */
import 'reflect-metadata';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MemberTable } from '../../membership/member-table.js';
import { nodeOptionsDefault } from '../../node/node-options.js';
import { LmdbTables } from '../../store/lmdb-tables.js';
import { CommandError, exitCodes } from '../exit-codes.js';

export interface PlannedCluster {
  readonly dataDir: string;
  readonly nodes: number;
  /** Names of nodes that are not started. */
  readonly without: readonly string[];
}

/** Throws `CommandError` where nodes would be missed, or come that can't be taken. */
export async function checkDataOfCluster({
  dataDir,
  nodes,
  without,
}: PlannedCluster): Promise<void> {
  const there = existsSync(dataDir)
    ? readdirSync(dataDir).filter((name) => /^n\d+$/.test(name))
    : [];
  if (there.length === 0) return;
  const total = (await foundersIn(dataDir, there)) ?? Math.max(...there.map(numberOf));
  if (nodes !== total)
    throw new CommandError(
      exitCodes.usage,
      `${dataDir} holds a cluster of ${total} nodes: use --nodes ${total}${lackText(total, there)}, or another --data-dir`,
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

/** How many nodes founded the cluster, by the first that knows; undefined: none tells. */
async function foundersIn(dataDir: string, names: readonly string[]): Promise<number | undefined> {
  for (const name of names) {
    const path = join(dataDir, name);
    if (!existsSync(join(path, 'tables'))) continue;
    const tables = new LmdbTables({ ...nodeOptionsDefault, name, dataDir: path });
    try {
      const { founders } = MemberTable.read(tables).vote;
      if (founders.length > 0) return founders.length;
    } finally {
      await tables.close();
    }
  }
  return undefined;
}
