/** `quorate node`: one node in this process, until it is told to stop. */
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { conflictPolicies, type ConflictPolicy } from '../../../actors/rules/bucket.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { limits } from '../../../actors/rules/limits.js';
import {
  inspectPortDefault,
  nodeOptionsDefault,
  type NodeOptions,
} from '../../options/node-options.js';
import type { TimerId } from '../../seams/clock.js';
import type { RunningNode, StartOptions } from '../../node/start-node.js';
import { RealClock } from '../../seams/real-clock.js';
import { noConnection } from '../../client/no-connection.js';
import { addNodeConnectionOptions, nodeConnection } from '../connection.js';
import { RemovedError } from '../../membership/departure.js';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import { printJson, printLine, say, sayError } from '../output.js';
import {
  bucketSpec,
  durability,
  durationMs,
  portNumber,
  quorumSize,
  wholeNumber,
  type BucketTable,
} from '../parsers.js';
import { quietLmdb } from '../quiet-lmdb.js';
import { listenForStop } from '../stop-signals.js';
import type { NodeMessage } from '../up/node-process.js';
import { tuneV8 } from '../v8-settings.js';

interface NodeArguments {
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
  readonly dataDir?: string;
  readonly servers: string;
  readonly user?: string;
  readonly password?: string;
  readonly prefix: string;
  readonly partitions: number;
  readonly founders: number;
  readonly join: NodeOptions['join'];
  readonly replaces: string;
  readonly n: number;
  readonly r: number;
  readonly w: number;
  readonly conflict: ConflictPolicy;
  readonly ttl: number;
  readonly durability: NodeOptions['durability'];
  readonly bucket: BucketTable;
  readonly compression?: true;
  readonly tombstoneGrace: number;
  readonly changeEvents: boolean;
  readonly inspect?: number | true;
  readonly json?: true;
  readonly supervised?: true;
}

export function addNode(program: Command): void {
  const command = program
    .command('node')
    .summary('run one node')
    .description(
      'Runs one node in this process. Nodes find each other through NATS; a new cluster is founded when as many as --founders have met.',
    );
  addPlaceOptions(command);
  addStoreOptions(command);
  command
    .option('--json', 'say that it serves, and that it has left, as one JSON object each')
    .addOption(new Option('--supervised', 'started by quorate up').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  quorate node --name n1 --data-dir /var/lib/quorate --servers nats://nats-1:4222,nats://nats-2:4222
  quorate node --name n2 --replaces n2    (the disk of n2 is lost, and this is an empty one)
  quorate node --bucket 'sessions n=3 r=1 w=1 conflict=last-writer-wins ttl=30m' --bucket 'orders w=3'

Name, host, zone and weight are those with which it comes to its cluster. Told others later it keeps them, and says
with which command an operator changes them.

SIGTERM or Ctrl-C: takes no more requests, finishes those it has, writes everything, exits with 0.
So it does by itself once it has left its cluster. One that was removed exits with 7. Under systemd, so that
neither is started again: Restart=on-failure, RestartPreventExitStatus=2 7.`,
    )
    .action(runNode);
}

function addPlaceOptions(command: Command): void {
  const preset = nodeOptionsDefault;
  command
    .addOption(option('--name <name>', 'what people call it', 'NAME').default(hostname()))
    .addOption(
      option(
        '--host <name>',
        'the physical machine; replicas go to different ones',
        'HOST',
      ).default(hostname()),
    )
    .addOption(
      option(
        '--zone <name>',
        'the room or data centre; replicas go to different ones while there are enough',
        'ZONE',
      ).default(preset.zone, 'none'),
    )
    .option(
      '--weight <weight>',
      'its share of the data in proportion to others',
      wholeNumber({ min: 1, max: limits.weightMax }),
      preset.weight,
    )
    .addOption(
      option('--data-dir <directory>', 'where its data lies (default: ./data/NAME)', 'DATA_DIR'),
    );
  addNodeConnectionOptions(command)
    .option('--prefix <word>', 'first token of all subjects', preset.prefix)
    .option(
      '--partitions <count>',
      'of the ring; the same for all nodes, for ever',
      wholeNumber({ min: 1, max: limits.partitionsMax }),
      preset.partitions,
    )
    .option(
      '--founders <count>',
      'nodes that must have met to found a cluster; 0: it comes to one that is there',
      wholeNumber({ min: 0, max: limits.membersMax }),
      preset.founders,
    )
    .addOption(
      option(
        '--join <how>',
        'coming to a cluster that is there: auto: it is taken in, and gets its share of the data; ask: once an operator says so (quorate ring plan --add)',
        'JOIN',
      )
        .choices(['auto', 'ask'])
        .default(preset.join),
    )
    .addOption(
      option(
        '--replaces <node>',
        'with an empty data directory: the member, by name or id, that is gone for good and in whose stead this node comes',
        'REPLACES',
      ).default(preset.replaces, 'nobody'),
    );
}

/** What differs from machine to machine can be said by the environment. */
function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`QUORATE_${variable}`);
}

function addStoreOptions(command: Command): void {
  const preset = nodeOptionsDefault;
  command
    .option('--n <count>', 'replicas of each key', quorumSize, preset.defaults.n)
    .option('--r <count>', 'nodes that must answer a get', quorumSize, preset.defaults.r)
    .option('--w <count>', 'nodes that must have stored a put', quorumSize, preset.defaults.w)
    .addOption(
      new Option('--conflict <policy>', 'what becomes of concurrent puts')
        .choices(conflictPolicies)
        .default(preset.defaults.conflict),
    )
    .option('--ttl <time>', 'keys expire after this; 0: never', durationMs, preset.defaults.ttlMs)
    .addOption(
      new Option(
        '--durability <when>',
        'sync: on disk before it is acknowledged; periodic:MS: every MS',
      )
        .argParser(durability)
        .default(preset.durability, preset.durability.kind),
    )
    .addOption(
      new Option(
        '--bucket <settings>',
        "what differs for one bucket: 'NAME n=3 r=2 w=2 conflict=… ttl=…'; repeatable",
      )
        .argParser(bucketSpec)
        .default({}, 'none'),
    )
    .option('--compression', 'compress large values on disk (LZ4): less disk, more CPU')
    .option(
      '--tombstone-grace <time>',
      'how long a deleted key is remembered at least',
      durationMs,
      preset.tombstoneGraceMs,
    )
    .option('--no-change-events', 'publish no kv.changed events')
    .option(
      '--inspect [port]',
      `show the statecharts on this port (default: ${inspectPortDefault})`,
      portNumber,
    );
}

async function runNode(given: NodeArguments): Promise<void> {
  tuneV8();
  quietLmdb();
  const clock = new RealClock();
  const node = await start(given);
  node.onProblem(say);
  let deadline: TimerId;
  // What hangs is killed: by `up`, systemd or Docker, and without any of them by this.
  const expectEnd = (): void => {
    clock.clearTimeout(deadline);
    deadline = clock.setTimeout(() => giveUp(exitCodes.failed), commandLimits.processStopMsMax);
  };
  node.onLeft(() => {
    announce(given, { event: 'left', name: given.name, id: node.id, pid: process.pid });
    expectEnd();
  });
  const onStop = (): void => {
    expectEnd();
    void node.stop();
  };
  listenForStop({
    clock,
    supervised: given.supervised === true,
    onStop,
    onForce: () => giveUp(exitCodes.failed),
  });
  node.serving.then(
    () => announce(given, { event: 'serving', name: given.name, id: node.id, pid: process.pid }),
    // `stopped` tells why.
    () => undefined,
  );
  await node.stopped.catch((error: unknown) => {
    // The node has given up; what it left open must not keep the process.
    sayError(error, false);
    giveUp(endCodeOf(error));
  });
  clock.clearTimeout(deadline);
}

function endCodeOf(error: unknown): ExitCode {
  if (error instanceof RemovedError) return exitCodes.removed;
  return error instanceof RangeError ? exitCodes.usage : exitCodes.failed;
}

/**
 * A server that is there and says nothing is waited for: it stands still, and so would whoever
 * starts this node again.
 */
async function start(given: NodeArguments): Promise<RunningNode> {
  const { startNode } = await import('../../node/start-node.js');
  const options = optionsOf(given);
  const connection = nodeConnection(given, dirname(options.dataDir));
  for (let tries = 1; ; tries++) {
    try {
      return await startNode(options, connection);
    } catch (error) {
      // Whom this node belongs to may be gone meanwhile.
      const mayWait = given.supervised !== true || process.connected;
      if (!isSilence(error) || !mayWait) throw startError(error, given);
      if (tries === 1) say('the NATS server does not answer; waiting for it');
    }
  }
}

function isSilence(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'NatsError' &&
    'code' in error &&
    error.code === 'TIMEOUT'
  );
}

function optionsOf(given: NodeArguments): StartOptions {
  const { name, host, zone, weight, prefix, partitions, founders, durability, inspect } = given;
  const { n, r, w, conflict, ttl, join: wished, replaces } = given;
  return {
    name,
    host,
    zone,
    weight,
    prefix,
    partitions,
    founders,
    join: wished,
    replaces,
    durability,
    dataDir: given.dataDir ?? join('data', name),
    defaults: { n, r, w, conflict, ttlMs: ttl },
    buckets: given.bucket,
    compression: given.compression === true,
    tombstoneGraceMs: given.tombstoneGrace,
    changeEvents: given.changeEvents,
    inspectPort: inspect === true ? inspectPortDefault : inspect,
  };
}

function startError(error: unknown, { servers }: NodeArguments): unknown {
  if (error instanceof RangeError) return new CommandError(exitCodes.usage, error.message);
  if (error instanceof Error && error.name === 'NatsError')
    return noConnection(servers, error, {
      server: 'start nats-server, or say where it is with --servers or NATS_URL',
      password: 'user and password of the nodes: QUORATE_NODE_USER and QUORATE_NODE_PASSWORD',
    });
  return error;
}

function announce(given: NodeArguments, message: NodeMessage): void {
  const { event, name, id, pid } = message;
  if (given.supervised) process.send?.(message);
  else if (given.json === true) return printJson(message);
  if (event === 'left') {
    // `up` puts the name before it.
    const who = given.supervised ? '' : `quorate: ${name} `;
    printLine(
      `${who}has left its cluster: the others hold all that it held, and its data directory can go`,
    );
  } else if (!given.supervised) printLine(`quorate: ${name} serves · id ${id} · pid ${pid}`);
}

function giveUp(code: number): void {
  process.exit(code);
}
