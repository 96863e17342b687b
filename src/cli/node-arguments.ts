/** What a node is told by arguments and its surroundings, and what that comes to. */
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { conflictPolicies, type ConflictPolicy } from '../../actors/rules/bucket.js';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { limits } from '../../actors/rules/limits.js';
import type { StartOptions } from '../node/start-node.js';
import { nodeOptionsDefault, type NodeOptions } from '../options/node-options.js';
import { bucketSpec, type BucketTable } from './bucket-words.js';
import { addNodeConnectionOptions, nodeConnection, type NodeConnection } from './connection.js';
import { logLevels, type LogLevel } from './log-level.js';
import {
  durability,
  durationMs,
  listenAddress,
  portNumber,
  quorumSize,
  wholeNumber,
  type ListenAddress,
} from './parsers.js';

export interface NodeArguments {
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
  readonly buckets: 'any' | 'declared';
  readonly compression?: true;
  readonly tombstoneGrace: number;
  readonly uploadLease: number;
  readonly changeEvents: boolean;
  readonly logLevel: LogLevel;
  readonly metrics?: ListenAddress;
  readonly inspect?: number | true;
  readonly json?: true;
  readonly supervised?: true;
}

export function addNodeArguments(command: Command): void {
  addPlaceOptions(command);
  addStoreOptions(command);
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

/** Of `quorate up` as well. */
export function metricsOption(description: string): Option {
  const flags = '--metrics <[host:]port>';
  const onLoopback = `${description}; on this machine alone unless a host is named`;
  return option(flags, onLoopback, 'METRICS').argParser(listenAddress);
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
        "what differs for one bucket: 'NAME n=3 r=2 w=2 conflict=… ttl=… durability=… events=… value-max=… resolve=…'; repeatable",
      )
        .argParser(bucketSpec)
        .default({}, 'none'),
    )
    .addOption(
      new Option('--buckets <which>', 'declared: those that were not created are refused')
        .choices(['any', 'declared'])
        .default('any'),
    )
    .option('--compression', 'compress large values on disk (LZ4): less disk, more CPU')
    .option(
      '--tombstone-grace <time>',
      'how long a deleted key is remembered at least',
      durationMs,
      preset.tombstoneGraceMs,
    )
    .option(
      '--upload-lease <time>',
      'how long the parts of a big value wait for the last one',
      durationMs,
      preset.uploadLeaseMs,
    )
    .option('--no-change-events', 'publish no kv.changed events')
    .addOption(
      option('--log-level <level>', 'the least of its log that is said', 'LOG_LEVEL')
        .choices(logLevels)
        .default('info'),
    )
    .addOption(metricsOption('where /metrics, /health and /ready are served'))
    .option(
      '--inspect [port]',
      `serve the dashboard beside it, on this port of this machine alone (default: ${dashboardLimits.portDefault}, or the next one that is free)`,
      portNumber,
    );
}

export function optionsOf(given: NodeArguments): StartOptions {
  const { name, host, zone, weight, prefix, partitions, founders, durability } = given;
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
    dataDir: directoryOf(given),
    defaults: { ...nodeOptionsDefault.defaults, n, r, w, conflict, ttlMs: ttl },
    buckets: given.bucket,
    unknown: given.buckets === 'declared' ? 'declared' : 'defaults',
    compression: given.compression === true,
    tombstoneGraceMs: given.tombstoneGrace,
    uploadLeaseMs: given.uploadLease,
    changeEvents: given.changeEvents,
  };
}

/** Whom it speaks to, and as whom. */
export function connectionOf(given: NodeArguments): NodeConnection {
  return nodeConnection(given, dirname(directoryOf(given)));
}

function directoryOf({ dataDir, name }: NodeArguments): string {
  return dataDir ?? join('data', name);
}
