/** `quorate up`: nats-server and a cluster of nodes on this machine, until Ctrl-C. */
import { basename, delimiter, dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { inspectPortDefault } from '../../options/node-options.js';
import { RealClock } from '../../seams/real-clock.js';
import {
  addConnectionOptions,
  serversOption,
  withBus,
  type ConnectionOptions,
} from '../connection.js';
import { shownServers } from '../addresses.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { printJson, printLine, say } from '../output.js';
import { bucketSpec, durability, portNumber, quorumSize, wholeNumber } from '../parsers.js';
import { listenForStop } from '../stop-signals.js';
import { probe } from '../up/probe.js';
import { welcome } from '../up/welcome.js';

interface UpOptions extends Omit<ConnectionOptions, 'servers'> {
  readonly servers?: string;
  readonly nodes: number;
  readonly without: readonly string[];
  readonly port: number;
  readonly dataDir: string;
  readonly n?: number;
  readonly r?: number;
  readonly w?: number;
  readonly durability?: string;
  readonly bucket: readonly string[];
  readonly compression?: true;
  readonly restart: boolean;
  readonly inspect?: number | true;
  readonly json?: true;
}

const natsPortDefault = 4222;
const nDefault = 3;

export function addUp(program: Command): void {
  const command = program
    .command('up')
    .summary('run a cluster on this machine')
    .description(
      'Runs nats-server and a cluster of nodes on this machine, each node a process and labelled as a host of its own, until Ctrl-C.',
    )
    .option(
      '--nodes <count>',
      'how many nodes',
      wholeNumber({ min: 1, max: commandLimits.localNodesMax }),
      3,
    )
    .addOption(
      new Option(
        '--without <names>',
        'nodes of the cluster whose data are gone: the others go on without them',
      )
        .argParser((names) => [...new Set(names.split(','))])
        .default([], 'none'),
    )
    .option('--port <port>', 'of the nats-server it starts', portNumber, natsPortDefault)
    .option('--data-dir <directory>', 'one directory a node below it', 'data')
    .option(
      '--n <count>',
      `replicas of each key (default: ${nDefault}, or --nodes if fewer)`,
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
        "what differs for one bucket: 'NAME n=3 r=2 w=2 conflict=… ttl=…'; repeatable",
      )
        .argParser(collectBuckets)
        .default([], 'none'),
    )
    .option('--compression', 'compress large values on disk (LZ4): less disk, more CPU')
    .option('--no-restart', 'leave a node that died alone')
    .option(
      '--inspect [port]',
      `show the statecharts of n1 on this port, of n2 on the next … (default: ${inspectPortDefault})`,
      portNumber,
    )
    .option('--json', 'say that it serves as one JSON object');
  // Without the default of the other commands: not told of a server, `up` starts one.
  addConnectionOptions(command, serversOption());
  command
    .addHelpText(
      'after',
      `
nats-server is found in this order: --servers or NATS_URL (a running one); NATS_SERVER_BIN; PATH and the usual places;
else it is installed with apt-get, apk or brew if that can be done without asking.

Examples:
  quorate up
  quorate up --nodes 5 --port 4333 --data-dir /tmp/quorate
  quorate up --servers nats://127.0.0.1:4222
  npm start -- --nodes 5

The first Ctrl-C or SIGTERM stops everything in order, a second one at once.`,
    )
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const { LocalCluster } = await import('../up/local-cluster.js');
  const clock = new RealClock();
  const cluster = new LocalCluster({
    nodes: options.nodes,
    without: options.without,
    port: options.port,
    dataDir: resolve(options.dataDir),
    prefix: options.prefix,
    servers: options.servers,
    restarts: options.restart,
    nodeArgs: nodeArgs(options),
    clock,
    say,
  });
  let stopped = false;
  const stopRequested = new Promise<void>((resolve) => {
    listenForStop({
      clock,
      supervised: false,
      onStop: () => {
        stopped = true;
        say('quorate: stopping');
        resolve();
      },
      onForce: () => cluster.force(),
    });
  });
  const serve = async (): Promise<void> => {
    const servers = await cluster.start();
    const refused = await withBus({ ...options, servers }, (bus) =>
      probe({ bus, clock, prefix: options.prefix }),
    );
    if (!stopped) announce(options, servers);
    if (!stopped && refused !== undefined)
      say(`gets are served, puts are refused for now: ${refused}`);
    await stopRequested;
  };
  try {
    await Promise.race([serve(), stopRequested]);
  } finally {
    await cluster.stop();
  }
}

function announce(options: UpOptions, servers: string): void {
  const { json, without } = options;
  const nodes = options.nodes - without.length;
  if (json === true) return printJson({ event: 'ready', nodes, servers: shownServers(servers) });
  return printLine(welcome({ command: commandName(), nodes, servers }));
}

/** What the user can type: under npm the PATH is npm's own. */
function commandName(): string {
  const { PATH = '', npm_execpath: npm } = process.env;
  const called = process.argv[1] ?? '';
  const onPath = basename(called) === 'quorate' && PATH.split(delimiter).includes(dirname(called));
  return onPath && npm === undefined ? 'quorate' : 'npx quorate';
}

function nodeArgs(options: UpOptions): (index: number) => string[] {
  const { nodes, prefix, inspect } = options;
  const n = options.n ?? Math.min(nDefault, nodes);
  const majority = Math.floor(n / 2) + 1;
  const { r = majority, w = majority } = options;
  if (r > n || w > n || n > nodes) {
    throw new CommandError(
      exitCodes.usage,
      `R and W must not be above N, nor N above the nodes: nodes=${nodes} n=${n} r=${r} w=${w}`,
    );
  }
  const quorums = { n, r, w, founders: nodes };
  const common = [
    ...Object.entries(quorums).flatMap(([name, value]) => [`--${name}`, String(value)]),
    '--prefix',
    prefix,
    ...(options.durability === undefined ? [] : ['--durability', options.durability]),
    ...(options.compression === true ? ['--compression'] : []),
    ...options.bucket.flatMap((settings) => ['--bucket', settings]),
  ];
  const firstPort = inspect === true ? inspectPortDefault : inspect;
  return (index) =>
    firstPort === undefined ? common : [...common, '--inspect', String(firstPort + index)];
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
