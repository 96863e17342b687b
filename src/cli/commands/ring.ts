/** `quorate ring`: who holds what, and where one key lives. */
import type { Command } from 'commander';
import type { NodeId } from '../../../actors/rules/actor.js';
import { partitionOf } from '../../../actors/rules/key.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { placementOf } from '../../../actors/rules/placement.js';
import { UnavailableError } from '../../errors.js';
import { RealClock } from '../../seams/real-clock.js';
import { layoutOf, type RingMessage, type RingNode } from '../../wire/ring-message.js';
import { byteStringOf } from '../../wire/text.js';
import { askRing, byName } from '../cluster-status.js';
import { addConnectionOptions, withBus, type ConnectionOptions } from '../connection.js';
import { printJson, printLine, table } from '../output.js';
import { durationMs, namedKey, type NamedKey } from '../parsers.js';

interface RingOptions extends ConnectionOptions {
  readonly json?: true;
  readonly key?: NamedKey;
  readonly timeout: number;
}

export function addRing(program: Command): void {
  const command = program
    .command('ring')
    .summary('show who holds what')
    .description(
      'Shows how many partitions each node holds, or the preference list of one key: its primaries, then the fallbacks.',
    )
    .option('--key <bucket/key>', 'the nodes of this key', namedKey)
    .option('--json', 'the whole ring as one JSON object, or what --key asks for')
    .option(
      '--timeout <time>',
      'how long to wait for an answer',
      durationMs,
      commandLimits.questionMsDefault,
    );
  addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate ring
  quorate ring --key carts/alice
  quorate ring --json | jq .epoch`,
    )
    .action(async (options: RingOptions) => {
      const { prefix, timeout } = options;
      const clock = new RealClock();
      const ring = await withBus(options, (bus) =>
        askRing({ bus, clock, prefix, waitMs: timeout }),
      );
      if (ring === undefined) throw new UnavailableError(`no node answers on ${prefix}.ring`);
      if (options.key !== undefined) return printKey(ring, options.key, options.json === true);
      if (options.json === true) return printJson(ring);
      return printRing(ring);
    });
}

function printKey(ring: RingMessage, key: NamedKey, json: boolean): void {
  const bytes = { bucket: byteStringOf(key.bucket), key: byteStringOf(key.key) };
  const partition = partitionOf(bytes, ring.groupOf.length);
  const n = ring.buckets.find(([bucket]) => bucket === key.bucket)?.[1] ?? ring.n;
  const { primaries, fallbacks } = placementOf(layoutOf(ring), partition, n);
  const rows = [...rowsOf(ring, primaries, 'primary'), ...rowsOf(ring, fallbacks, 'fallback')];
  if (json) return printJson({ ...key, partition, nodes: rows });
  printLine(`${key.bucket}/${key.key} is in partition ${partition}`);
  printLine(
    table(
      ['ROLE', 'NAME', 'HOST', 'ZONE', 'STATUS', 'ID'],
      rows.map((row) => [row.role, row.name, row.host, row.zone, row.reachability, row.id]),
    ),
  );
}

function printRing(ring: RingMessage): void {
  const nodes = ring.nodes.map((node) => ({ ...node, primary: 0, first: 0 }));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const layout = layoutOf(ring);
  for (let partition = 0; partition < ring.groupOf.length; partition++) {
    const { primaries } = placementOf(layout, partition, ring.n);
    for (const [position, id] of primaries.entries()) {
      const node = byId.get(id)!;
      node.primary += 1;
      if (position === 0) node.first += 1;
    }
  }
  printLine(`${ring.groupOf.length} partitions, N=${ring.n}, epoch ${ring.epoch}`);
  const rows = nodes.sort(byName).map((node) => {
    const { name, host, zone, primary, first, id } = node;
    return [name, host, zone, stateOf(node), String(primary), String(first), id];
  });
  printLine(table(['NAME', 'HOST', 'ZONE', 'STATUS', 'PARTITIONS', 'FIRST OF', 'ID'], rows));
}

function stateOf({ removed, reachability }: RingNode): string {
  return removed === true ? 'removed' : reachability;
}

interface KeyRow extends Pick<RingNode, 'name' | 'host' | 'zone' | 'id'> {
  readonly role: 'primary' | 'fallback';
  readonly reachability: string;
}

function rowsOf(ring: RingMessage, nodes: readonly NodeId[], role: KeyRow['role']): KeyRow[] {
  return nodes.map((id) => {
    const node = ring.nodes.find((node) => node.id === id)!;
    const { name, host, zone } = node;
    return { role, name, host, zone, reachability: stateOf(node), id };
  });
}
