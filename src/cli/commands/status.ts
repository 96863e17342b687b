/** `quorate status`: every node, alive or not. */
import type { Command } from 'commander';
import { isFarOff } from '../../../actors/rules/wall-clocks.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import { RealClock } from '../../seams/real-clock.js';
import { askAll, type NodeRow, rowsNamed, severalClusters } from '../cluster-status.js';
import { addConnectionOptions, withBus, type ConnectionOptions } from '../connection.js';
import { printJson, printLine, say, table } from '../output.js';
import { waitTime } from '../parsers.js';

interface StatusOptions extends ConnectionOptions {
  readonly json?: true;
  readonly timeout: number;
  readonly node?: string;
}

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .summary('show the nodes')
    .description(
      'Shows every node of the cluster, those that do not answer as down, or as removed, and which are leaving.',
    )
    .option(
      '--json',
      'one JSON object: {"nodes":[{"id","name","startedAs","host","cluster","status","leaving","pid","partitions","keys","hints","clockAheadMs","clockOffsetsMs","problems"}]}',
    )
    .option('--node <name>', 'only this one; exit code 5 unless it serves: a health check')
    .option(
      '--timeout <time>',
      'how long to wait for nodes that do not answer',
      waitTime,
      commandLimits.questionMsDefault,
    );
  addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate status
  quorate status --node n1
  quorate status --json | jq '.nodes[] | select(.status != "serving") | .name'`,
    )
    .action(async (options: StatusOptions) => {
      const { prefix, timeout } = options;
      const clock = new RealClock();
      const all = await withBus(options, (bus) => askAll({ bus, clock, prefix, waitMs: timeout }));
      const nodes = options.node === undefined ? all : rowsNamed(options.node, all);
      if (options.json === true) printJson({ nodes });
      else if (nodes.length > 0) printLine(statusTable(nodes));
      const problem = severalClusters(all);
      if (problem !== undefined) say(problem);
      if (all.length === 0) throw new UnavailableError(`no node answers on ${prefix}.status`);
      if (options.node !== undefined && !nodes.some(({ status }) => serves(status))) {
        throw new UnavailableError(`${options.node} does not serve`);
      }
    });
}

/** Read-only still answers gets: restarting it would not give it more disk. */
function serves(status: string): boolean {
  return status === 'serving' || status === 'readOnly';
}

function statusTable(nodes: readonly NodeRow[]): string {
  return table(
    ['NAME', 'HOST', 'STATUS', 'PID', 'PARTITIONS', 'KEYS', 'HINTS', 'CLOCK', 'ID'],
    nodes.map((node) => [
      node.name,
      node.host,
      statusCell(node),
      cell(node.pid),
      cell(node.partitions),
      cell(node.keys),
      cell(node.hints),
      clockCell(node.clockAheadMs),
      node.id,
    ]),
  );
}

/** What it serves while it leaves goes without saying; else both. */
function statusCell({ status, leaving }: NodeRow): string {
  if (leaving !== true) return status;
  return status === 'serving' ? 'leaving' : `leaving, ${status}`;
}

/** How far its wall clock is off; beyond the bound the node does not go by it. */
function clockCell(aheadMs: number | null): string {
  if (aheadMs === null) return '-';
  const text = `${aheadMs > 0 ? '+' : ''}${aheadMs} ms`;
  return isFarOff(aheadMs) ? `${text} !` : text;
}

function cell(value: number | null): string {
  return value === null ? '-' : String(value);
}
