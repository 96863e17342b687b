/** `quorate up`: nats-server and a cluster of nodes on this machine, until Ctrl-C. */
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { shownServers } from '../../client/addresses.js';
import { withNativeParts } from '../../node/native-parts.js';
import { bucketSpec } from '../bucket-words.js';
import { addUserOptions, serversOption, type ConnectionOptions } from '../connection.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { identityIn } from '../identity.js';
import { metricsOption } from '../node-arguments.js';
import {
  dashboardToken,
  durability,
  portNumber,
  quorumSize,
  wholeNumber,
  type ListenAddress,
} from '../parsers.js';
import type { DashboardWish } from '../late-dashboard.js';
import { nodesDefault } from '../up/wished.js';
import type { Course } from '../up/course.js';

interface UpOptions extends Omit<ConnectionOptions, 'servers'> {
  readonly servers?: string;
  readonly nodes?: number;
  readonly without: readonly string[];
  readonly replaces: readonly string[];
  readonly yes?: true;
  readonly port: number;
  readonly dataDir: string;
  readonly n?: number;
  readonly r?: number;
  readonly w?: number;
  readonly durability?: string;
  readonly bucket: readonly string[];
  readonly buckets: 'any' | 'declared';
  readonly compression?: true;
  readonly metrics?: ListenAddress;
  readonly restart: boolean;
  readonly dashboard: number | boolean;
  readonly dashboardToken?: string;
  readonly json?: true;
}

const natsPortDefault = 4222;
const nDefault = 3;

export function addUp(program: Command): void {
  const command = program
    .command('up')
    .summary('run a cluster on this machine')
    .description(
      'Runs nats-server and a cluster of nodes on this machine, each node a process and labelled as a host of its own, until Ctrl-C. With more nodes than there are in its directory the cluster grows, with fewer it shrinks.',
    )
    .option(
      '--nodes <count>',
      `how many nodes (default: as many as there are, ${nodesDefault} at first)`,
      wholeNumber({ min: 1, max: commandLimits.localNodesMax }),
    )
    .option('--yes', 'do not ask whether it is to grow or shrink')
    .addOption(
      nodeNames(
        '--without <names>',
        'nodes of the cluster whose data are gone: the others go on without them',
      ),
    )
    .addOption(
      nodeNames(
        '--replaces <names>',
        'nodes of the cluster whose data are gone: new, empty ones come in their stead',
      ),
    )
    .option(
      '--port <port>',
      'of the nats-server it starts; not with one that is named',
      portNumber,
      natsPortDefault,
    )
    .option('--data-dir <directory>', 'one directory a node below it', 'data');
  addNodeOptions(command);
  // Without the default of the other commands: not told of a server, `up` starts one.
  addUserOptions(command, serversOption());
  command
    .addHelpText(
      'after',
      `
nats-server is found in this order: --servers or NATS_URL (a running one); NATS_SERVER_BIN; PATH and the usual places;
else it is installed with apt-get, apk or brew if that can be done without asking.

Examples:
  quorate up
  quorate up --nodes 3 --port 4333 --data-dir /tmp/quorate
  quorate up --nodes 3 --yes
  quorate up --servers nats://127.0.0.1:4222
  npm start -- --nodes 7

The first Ctrl-C or SIGTERM stops everything in order, a second one at once.`,
    )
    .action(up);
}

function addNodeOptions(command: Command): void {
  command
    .option(
      '--n <count>',
      `replicas of each key (default: as the data have it; ${nDefault} at first, or --nodes if fewer)`,
      quorumSize,
    )
    .option('--r <count>', 'nodes that must answer a get (default: a majority of N)', quorumSize)
    .option(
      '--w <count>',
      'nodes that must have stored a put (default: a majority of N)',
      quorumSize,
    )
    .option('--durability <when>', 'sync, or periodic:MS', checked(durability))
    .addOption(
      new Option(
        '--bucket <settings>',
        "what differs for one bucket: 'NAME n=3 r=2 w=2 conflict=… ttl=… durability=… events=… value-max=… resolve=…'; repeatable",
      )
        .argParser(collectBuckets)
        .default([], 'none'),
    )
    .addOption(
      new Option('--buckets <which>', 'declared: those that were not created are refused')
        .choices(['any', 'declared'])
        .default('any'),
    )
    .option('--compression', 'compress large values on disk (LZ4): less disk, more CPU')
    .addOption(
      metricsOption('where n1 serves /metrics, /health and /ready, n2 at the next port, and so on'),
    )
    .option('--no-restart', 'leave a node that died alone')
    .option(
      '--dashboard <port>',
      `where the page that shows the cluster is served, on this machine alone (default: ${dashboardLimits.portDefault}, or the next one that is free)`,
      portNumber,
    )
    .option('--no-dashboard', 'serve no such page')
    .addOption(
      new Option(
        '--dashboard-token <text>',
        'what whoever opens that page has to know (default: whoever is on this machine may)',
      )
        .env('QUORATE_DASHBOARD_TOKEN')
        .argParser(dashboardToken),
    )
    .option('--json', 'say that it serves as one JSON object');
}

async function up(options: UpOptions, command: Command): Promise<void> {
  checkPort(options, command);
  const { runLocalCluster } = await withNativeParts(() => import('../up/run.js'));
  const { servers, port, prefix, restart, user, password, yes, json } = options;
  const { nodes, without, replaces } = options;
  await runLocalCluster({
    wished: { nodes, without, replaces },
    yes: yes === true,
    json: json === true,
    dataDir: resolve(options.dataDir),
    application: {
      // Of a server of somebody else; ours asks applications for nothing.
      ...(servers !== undefined && identityIn(process.env, 'NATS')),
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
    },
    servers,
    port,
    prefix,
    restarts: restart,
    metrics: options.metrics,
    dashboard: dashboardOf(options),
    nodeArgs: (course) => nodeArgs(options, course),
  });
}

/** Where a port was named it is that one. */
function dashboardOf({
  dashboard: told,
  dashboardToken: token,
}: UpOptions): DashboardWish | undefined {
  if (told === false) return undefined;
  const isNamed = typeof told === 'number';
  return { port: isNamed ? told : dashboardLimits.portDefault, mayMove: !isNamed, token };
}

/** A port that is told is that of a server to be started, and none is where one is named. */
function checkPort({ servers, port }: UpOptions, command: Command): void {
  if (servers === undefined || servers === '') return;
  if (command.getOptionValueSource('port') !== 'cli') return;
  const isFromEnv = command.getOptionValueSource('servers') === 'env';
  const [where, away] = isFromEnv ? ['NATS_URL', 'unset NATS_URL'] : ['--servers', 'leave it away'];
  throw new CommandError(
    exitCodes.usage,
    `${where} names a nats-server that runs (${shownServers(servers)}), and --port ${port} is for one that is to be started: ${away} to have one started there, or leave --port away to use the one that runs`,
  );
}

/** What all nodes are told. */
function nodeArgs(options: UpOptions, { nodes, start, n: kept }: Course): string[] {
  // As many as the data have: it can't change where there are any.
  const n = options.n ?? kept ?? Math.min(nDefault, nodes);
  const majority = Math.floor(n / 2) + 1;
  const { r = majority, w = majority } = options;
  if (r > n || w > n || (kept === undefined && n > nodes)) {
    throw new CommandError(
      exitCodes.usage,
      `R and W must not be above N, nor N above the nodes: nodes=${nodes} n=${n} r=${r} w=${w}`,
    );
  }
  const quorums = { n, r, w, founders: Math.max(nodes, start.length) };
  return [
    ...Object.entries(quorums).flatMap(([name, value]) => [`--${name}`, String(value)]),
    '--prefix',
    options.prefix,
    ...(options.durability === undefined ? [] : ['--durability', options.durability]),
    ...(options.compression === true ? ['--compression'] : []),
    ...(options.buckets === 'declared' ? ['--buckets', options.buckets] : []),
    ...options.bucket.flatMap((settings) => ['--bucket', settings]),
  ];
}

function nodeNames(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((names) => [...new Set(names.split(','))])
    .default([], 'none');
}

/** Checked here, where the user sees it, and handed to the nodes as it is. */
function checked(parse: (text: string) => unknown): (text: string) => string {
  return (text) => {
    parse(text);
    return text;
  };
}

function collectBuckets(text: string, before: readonly string[]): string[] {
  bucketSpec(text, {});
  return [...before, text];
}
