/** `quorate dashboard`: a page that shows a cluster, wherever it runs, or a trace file. */
import { isIP } from 'node:net';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { RealClock } from '../../seams/real-clock.js';
import { addNodeConnectionOptions, nodeConnection, type NodeConnection } from '../connection.js';
import { exitCodes } from '../exit-codes.js';
import { printJson, printLine } from '../output.js';
import { dashboardToken, portNumber } from '../parsers.js';
import { replayFileAt } from '../replay-file.js';
import { listenForStop } from '../stop-signals.js';

interface DashboardCommandOptions extends NodeConnection {
  readonly prefix: string;
  readonly dataDir: string;
  readonly listen?: Place;
  readonly token?: string;
  readonly replay?: string;
  readonly cluster: boolean;
  readonly json?: true;
  readonly supervised?: true;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

export function addDashboard(program: Command): void {
  const command = program
    .command('dashboard')
    .summary('a page that shows the cluster')
    .description(
      'Serves a page that shows a cluster as it runs, to a browser on this machine, until Ctrl-C. It needs the password of the nodes to show what goes on in them.',
    )
    .option(
      '--listen <place>',
      `PORT, or HOST:PORT; elsewhere than on loopback it asks for a token (default: ${dashboardLimits.portDefault}, or the next one that is free)`,
      place,
    )
    .addOption(
      new Option(
        '--token <text>',
        'what whoever opens the page has to know (default: one is drawn)',
      )
        .env('QUORATE_DASHBOARD_TOKEN')
        .argParser(dashboardToken),
    )
    .option('--replay <file>', 'show this trace file')
    .option('--no-cluster', 'show no cluster, but a file alone')
    .option('--data-dir <directory>', 'of quorate up, with the password of its nodes', 'data')
    .option('--prefix <word>', 'first token of all subjects', 'kv')
    .option('--json', 'say the address as one JSON object')
    .addOption(new Option('--supervised', 'started beside a node').hideHelp());
  addNodeConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate dashboard
  quorate dashboard --servers nats://nats-1:4222 --password "$NODE_PASSWORD"
  quorate dashboard --listen 0.0.0.0:7780
  quorate dashboard --no-cluster --replay trace.jsonl`,
    )
    .action(dashboard);
}

async function dashboard(options: DashboardCommandOptions): Promise<void> {
  const { listen, token, replay, prefix } = options;
  const replayFile = replay === undefined ? undefined : replayFileAt(replay);
  const { openDashboard } = await import('../dashboard.js');
  const shown = await openDashboard({
    connection: options.cluster ? nodeConnection(options, options.dataDir) : undefined,
    prefix,
    host: listen?.host ?? '127.0.0.1',
    port: listen?.port ?? dashboardLimits.portDefault,
    mayMove: listen === undefined,
    token,
    replayFile,
  });
  if (options.json === true) printJson({ event: 'ready', dashboard: shown.address });
  else printLine(`quorate: the dashboard is at ${shown.address}`);
  await new Promise<void>((stopped) => {
    listenForStop({
      clock: new RealClock(),
      supervised: options.supervised === true,
      onStop: stopped,
      onForce: () => process.exit(exitCodes.failed),
    });
  });
  await shown.close();
}

/** `7780`, `0.0.0.0:7780`, `[::1]:7780`. */
function place(text: string): Place {
  const match = /^(?:(.+):)?(\d+)$/.exec(text);
  const host = match?.[1]?.toLowerCase() ?? '127.0.0.1';
  if (match === null || !isHost(host))
    throw new InvalidArgumentError('It must be PORT, HOST:PORT or [ADDRESS]:PORT.');
  return { host, port: portNumber(match[2] ?? '') };
}

/** An address with colons stands in brackets: the last of them could be its own. */
function isHost(host: string): boolean {
  const address = /^\[(.+)\]$/.exec(host)?.[1];
  return address === undefined ? /^[\w.-]+$/.test(host) : isIP(address) === 6;
}
