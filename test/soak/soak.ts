/**
 * One soak run: a cluster is founded, clients work while troubles come, all heals, and what is left
 * is held against what was said.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { violationsOf } from './checks/checks.js';
import { figuresText } from './checks/figures.js';
import { SoakClients } from './clients.js';
import { SoakCluster } from './cluster.js';
import { canHaveNamespaces, Namespaces } from './network/namespaces.js';
import type { SoakNetwork } from './network/network.js';
import { Relays } from './network/relays.js';
import type { Violation } from './records.js';
import {
  drawSchedule,
  parseSchedule,
  scheduleText,
  type Hosts,
  type TroubleKind,
} from './schedule.js';
import { Troubles } from './troubles.js';

export interface SoakOptions {
  readonly directory: string;
  readonly seed: string;
  readonly durationMs: number;
  readonly nodes: number;
  readonly network: 'auto' | 'namespaces' | 'relays';
  readonly kinds: readonly TroubleKind[];
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
const exchangeMs = 65_000;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { directory, seed, durationMs, say, signal } = options;
  const hosts: Hosts = {
    servers: ['s1', 's2', 's3'],
    nodes: Array.from({ length: options.nodes }, (_, i) => `n${i + 1}`),
    clients: ['c1', 'c2', 'c3', 'c4'],
  };
  const network = await networkOf(options, hosts);
  const cluster = new SoakCluster({ network, hosts, directory, natsServer: options.natsServer });
  let clients: SoakClients | undefined;
  try {
    const kinds = kindsOn(network, options);
    const schedule =
      options.schedule === undefined
        ? drawSchedule({ seed, durationMs, hosts, kinds })
        : parseSchedule(options.schedule);
    writeFileSync(join(directory, 'schedule.txt'), scheduleText(schedule));
    say(`seed ${seed}, ${network.kind}, ${schedule.length} troubles in ${durationMs / 60_000} min`);
    cluster.start();
    clients = await SoakClients.start({ names: hosts.clients, network, cluster, directory, seed });
    await untilServing(clients, hosts, bootMsMax);
    clients.work();
    const troubles = new Troubles(cluster, network, say);
    await troubles.run(schedule, durationMs, signal);
    await cluster.heal();
    await clients.stopWork();
    say(`all healed; memory: ${cluster.memory()}`);
    const unsettled = await untilSettled(clients, hosts);
    const operations = clients.records();
    const names = new Map(operations.map((record) => [`${record.workload}/${record.key}`, record]));
    const finals = [];
    for (const record of names.values())
      if (record.workload !== 'ttl') finals.push(await clients.final(record));
    const violations = [
      ...cluster.deaths.map((what) => ({ rule: 'ended', key: '', what })),
      ...unsettled.map((what) => ({ rule: 'unsettled', key: '', what })),
      ...violationsOf(operations, finals, troubles),
    ];
    return { violations, figures: figuresText(operations, finals) };
  } finally {
    clients?.end();
    await cluster.end();
    await network.close();
  }
}

function kindsOn({ canDelay }: SoakNetwork, { kinds, say }: SoakOptions): TroubleKind[] {
  if (!canDelay && kinds.includes('delay')) say('links are not delayed: only relays can do that');
  return kinds.filter((kind) => canDelay || kind !== 'delay');
}

async function networkOf({ network, say }: SoakOptions, hosts: Hosts): Promise<SoakNetwork> {
  const all = [...hosts.servers, ...hosts.nodes, ...hosts.clients];
  if (network === 'namespaces' || (network === 'auto' && canHaveNamespaces()))
    return new Namespaces(all);
  if (network === 'auto') say('no network namespaces to be had here: relays instead');
  return Relays.between(all, hosts.servers);
}

async function untilServing(clients: SoakClients, hosts: Hosts, msMax: number): Promise<void> {
  const endMs = Date.now() + msMax;
  for (;;) {
    const rows = await clients.status();
    if (rows.filter(({ status }) => status === 'serving').length >= hosts.nodes.length) return;
    if (Date.now() > endMs) throw new Error(`the cluster never served: ${JSON.stringify(rows)}`);
    await sleep(250);
  }
}

/**
 * Everybody serves, no hint is left, and trees were compared. Returns what is not so in the end.
 */
async function untilSettled(clients: SoakClients, hosts: Hosts): Promise<string[]> {
  const endMs = Date.now() + convergeMsMax;
  for (;;) {
    const rows = await clients.status();
    const serving = rows.filter(({ status }) => status === 'serving').length;
    const hints = rows.reduce((sum, row) => sum + row.hints, 0);
    if (serving >= hosts.nodes.length && hints === 0) break;
    if (Date.now() > endMs) return [`${serving} nodes serve, ${hints} hints are left`];
    await sleep(1_000);
  }
  await sleep(exchangeMs);
  return [];
}
