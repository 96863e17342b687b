/**
 * One soak run: a cluster is founded, clients work while troubles come, all heals, and what is left
 * is held against what was said.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Changes } from './changes/changes.js';
import { comersIn, drawChanges, isChange, membersMin } from './changes/draw-changes.js';
import { Operator, operatorHost } from './changes/operator.js';
import { violationsOf } from './checks/checks.js';
import { clientErrors, type Survivable } from './checks/client-errors.js';
import { figuresText } from './checks/figures.js';
import { areAllAlike, notReplicated, unsettledChanges } from './checks/settled.js';
import { SoakClients } from './clients.js';
import { SoakCluster } from './cluster.js';
import { canHaveNamespaces, Namespaces } from './network/namespaces.js';
import type { SoakNetwork } from './network/network.js';
import { Relays } from './network/relays.js';
import { Outages } from './outages.js';
import type { OperationRecord, ReplicaRecord, Violation } from './records.js';
import {
  drawSchedule,
  parseSchedule,
  restMsUsual,
  scheduleText,
  type Hosts,
  type TroubleKind,
} from './schedule.js';
import type { Trouble } from './trouble.js';
import { Troubles } from './troubles.js';

export interface SoakOptions {
  readonly directory: string;
  readonly seed: string;
  readonly durationMs: number;
  readonly nodes: number;
  readonly network: 'auto' | 'namespaces' | 'relays';
  readonly kinds: readonly TroubleKind[];
  /** Changes of the membership. */
  readonly changes: number;
  readonly sparesServers: boolean;
  readonly restMsMax?: number;
  /** All four unless told; the last one tries again until its deadline. */
  readonly clients?: readonly string[];
  /** What the end waits for, after hints are gone: trees are compared meanwhile. */
  readonly exchangeMs?: number;
  /** Instead of a drawn one. */
  readonly schedule?: string;
  readonly natsServer: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly violations: readonly Violation[];
  readonly figures: string;
}

const bootMsMax = 60_000;
const convergeMsMax = 300_000;
/** Tree exchange compares with every other primary once in this time; twice, to be sure. */
const exchangeMsDefault = 65_000;
/** N, R and W of all buckets. */
const quorum = { n: 3, w: 2 };

interface Run {
  readonly options: SoakOptions;
  readonly hosts: Hosts;
  readonly network: SoakNetwork;
  readonly cluster: SoakCluster;
  readonly clients: SoakClients;
  readonly schedule: readonly Trouble[];
}

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { directory, seed, durationMs, say } = options;
  const founders = Array.from({ length: options.nodes }, (_, i) => `n${i + 1}`);
  const given = options.schedule === undefined ? undefined : parseSchedule(options.schedule);
  const changes = given ?? drawChanges({ seed, durationMs, founders, count: options.changes });
  const hosts: Hosts = {
    servers: ['s1', 's2', 's3'],
    nodes: founders,
    clients: options.clients ?? ['c1', 'c2', 'c3', 'c4'],
    later: comersIn(changes, founders),
  };
  const network = await networkOf(options, hosts);
  const cluster = new SoakCluster({ network, hosts, directory, natsServer: options.natsServer });
  let clients: SoakClients | undefined;
  try {
    const { sparesServers, restMsMax = restMsUsual } = options;
    const kinds = kindsOn(network, options);
    const schedule =
      given ?? drawSchedule({ seed, durationMs, hosts, kinds, changes, sparesServers, restMsMax });
    writeFileSync(join(directory, 'schedule.txt'), scheduleText(schedule));
    const count = schedule.filter((trouble) => isChange(trouble)).length;
    const all = `${schedule.length - count} troubles and ${count} changes`;
    say(`seed ${seed}, ${network.kind}, ${all} in ${durationMs / 60_000} min`);
    cluster.start();
    clients = await SoakClients.start({ names: hosts.clients, network, cluster, directory, seed });
    return await judged({ options, hosts, network, cluster, clients, schedule });
  } finally {
    clients?.end();
    await cluster.end();
    await network.close();
  }
}

/** Clients work as long as there are troubles, and changes under way. */
async function judged({
  options,
  hosts,
  network,
  cluster,
  clients,
  schedule,
}: Run): Promise<SoakReport> {
  const { directory, durationMs, say, signal, exchangeMs = exchangeMsDefault } = options;
  const outages = new Outages(cluster);
  const changes = new Changes({
    cluster,
    operator: new Operator({ network, directory, servers: cluster.serversFor(operatorHost) }),
    ring: () => clients.ring(),
    away: (node) => outages.begin([node]),
    say,
    signal,
    betweenLossesMs: exchangeMs,
  });
  await untilServing(clients, cluster, bootMsMax);
  clients.work();
  const troubles = new Troubles({ cluster, network, outages, changes, say });
  await troubles.run(schedule, durationMs, signal);
  await cluster.heal();
  await changes.over();
  await clients.stopWork();
  say(`all healed; memory: ${cluster.memory()}`);
  writeFileSync(join(directory, 'changes.json'), JSON.stringify(changes.records, undefined, 1));
  const unsettled = await untilSettled(clients, cluster, exchangeMs);
  const operations = clients.records();
  const names = new Map(operations.map((record) => [`${record.workload}/${record.key}`, record]));
  const lasting = [...names.values()].filter(({ workload }) => workload !== 'ttl');
  // Reads repair what they find: so single nodes are asked before.
  const replicas = await untilReplicated(clients, lasting);
  const finals = [];
  for (const record of lasting) finals.push(await clients.final(record));
  const survivable = survivableOf(outages, schedule, hosts);
  const violations = [
    ...cluster.deaths.map((what) => ({ rule: 'ended', key: '', what })),
    ...unsettled.map((what) => ({ rule: 'unsettled', key: '', what })),
    ...unsettledChanges(changes.records),
    ...notReplicated(finals, replicas),
    ...clientErrors(operations, survivable),
    ...violationsOf(operations, finals, troubles),
  ];
  return { violations, figures: figuresText(operations, finals, changes.records, survivable) };
}

/** A quorum of primaries can do without N − W of them, others without all but W nodes. */
function survivableOf(
  outages: Outages,
  schedule: readonly Trouble[],
  { nodes }: Hosts,
): Survivable {
  const { n, w } = quorum;
  const hasChanges = schedule.some((trouble) => isChange(trouble));
  const least = hasChanges ? Math.min(membersMin, nodes.length) : nodes.length;
  return { outages: outages.all, awayMax: { strict: n - w, sloppy: least - w } };
}

function kindsOn({ canDelay }: SoakNetwork, { kinds, say }: SoakOptions): TroubleKind[] {
  if (!canDelay && kinds.includes('delay')) say('links are not delayed: only relays can do that');
  return kinds.filter((kind) => canDelay || kind !== 'delay');
}

async function networkOf({ network, say }: SoakOptions, hosts: Hosts): Promise<SoakNetwork> {
  const all = [...hosts.servers, ...hosts.nodes, ...hosts.clients, ...hosts.later, operatorHost];
  if (network === 'namespaces' || (network === 'auto' && canHaveNamespaces()))
    return new Namespaces(all);
  if (network === 'auto') say('no network namespaces to be had here: relays instead');
  return Relays.between(all, hosts.servers);
}

async function untilServing(
  clients: SoakClients,
  cluster: SoakCluster,
  msMax: number,
): Promise<void> {
  const endMs = Date.now() + msMax;
  for (;;) {
    const rows = await clients.status();
    const serving = new Set(
      rows.filter(({ status }) => status === 'serving').map(({ name }) => name),
    );
    if (cluster.nodes.every((node) => serving.has(node))) return;
    if (Date.now() > endMs) throw new Error(`the cluster never served: ${JSON.stringify(rows)}`);
    await sleep(250);
  }
}

/**
 * Everybody serves who is to, nobody else holds anything, no hint is left, and trees were compared.
 * Returns what is not so in the end.
 */
async function untilSettled(
  clients: SoakClients,
  cluster: SoakCluster,
  exchangeMs: number,
): Promise<string[]> {
  const endMs = Date.now() + convergeMsMax;
  for (;;) {
    const rows = await clients.status();
    const ring = await clients.ring();
    const serving = namesOf(rows.filter(({ status }) => status === 'serving'));
    const hints = rows.reduce((sum, row) => sum + row.hints, 0);
    const holders = namesOf(ring?.holders ?? []);
    const meant = namesOf(cluster.nodes.map((name) => ({ name })));
    const isRest = ring?.isMoving === false && holders === meant;
    if (serving === meant && isRest && hints === 0) break;
    if (Date.now() > endMs) {
      const moving = ring?.isMoving === false ? 'nothing moves' : 'partitions move';
      return [
        `${meant} are to serve and hold all; ${serving} serve, ${holders} hold, ${moving}, ${hints} hints are left`,
      ];
    }
    await sleep(1_000);
  }
  await sleep(exchangeMs);
  return [];
}

function namesOf(rows: readonly { readonly name: string }[]): string {
  return rows
    .map(({ name }) => name)
    .sort()
    .join(' ');
}

/** What the owners hold, as soon as it is alike; or what they hold after a long time. */
async function untilReplicated(
  clients: SoakClients,
  keys: readonly OperationRecord[],
): Promise<ReplicaRecord[]> {
  const endMs = Date.now() + convergeMsMax;
  for (;;) {
    const replicas = await clients.replicas(keys);
    const isWhole = replicas.length >= keys.length * quorum.n && areAllAlike(replicas);
    if (isWhole || Date.now() > endMs) return replicas;
    await sleep(2_000);
  }
}
