/**
 * The processes of a soak run: three nats-servers with routes, nodes, and what can be done to them.
 */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { natsConf } from '../../src/bus/nats-conf.js';
import type { SoakNetwork } from './network/network.js';
import type { Hosts } from './schedule.js';

const cli = join(import.meta.dirname, '../../src/cli/main.js');
const clockShift = fileURLToPath(new URL('clock-shift.js', import.meta.url));
export const nodePassword = 'soak-nodes';
/** What a node prints that is no member any more; started again, whatever it was before. */
const farewells = ['has left its cluster', 'was removed from its cluster'];

export interface ClusterOptions {
  readonly network: SoakNetwork;
  readonly hosts: Hosts;
  readonly directory: string;
  /** The program of nats-server. */
  readonly natsServer: string;
}

export class SoakCluster {
  private readonly processes = new Map<string, ChildProcess>();
  private readonly stopped = new Set<string>();
  /** Nodes that are to run, whatever becomes of their processes. */
  private readonly members: Set<string>;
  /** Nodes of which the cluster may let go. */
  private readonly leaving = new Set<string>();
  /** Nodes that are taken in only when an operator says so. */
  private readonly asking = new Set<string>();
  /** Whoever ended without being killed by this run, and how. */
  readonly deaths: string[] = [];
  private readonly killed = new Set<ChildProcess>();

  constructor(private readonly options: ClusterOptions) {
    mkdirSync(options.directory, { recursive: true });
    this.members = new Set(options.hosts.nodes);
  }

  /** Nodes that are to run. */
  get nodes(): string[] {
    return [...this.members];
  }

  start(): void {
    const { servers, nodes } = this.options.hosts;
    for (const host of [...servers, ...nodes]) this.launch(host);
  }

  /** Servers of the own part of the network first. */
  serversFor(host: string): string[] {
    const { network, hosts } = this.options;
    const { servers } = hosts;
    const everybody = [...hosts.nodes, ...hosts.clients, ...hosts.later];
    const first = Math.max(0, everybody.indexOf(host)) % servers.length;
    return [...servers.slice(first), ...servers.slice(0, first)].map(
      (server) => `nats://${network.address(host, server, 'client')}`,
    );
  }

  launch(host: string): void {
    const { network, hosts, directory } = this.options;
    const command = hosts.servers.includes(host)
      ? this.serverCommand(host)
      : this.nodeCommand(host);
    const env = { SOAK_CLOCK_FILE: this.clockFile(host), QUORATE_NODE_PASSWORD: nodePassword };
    const child = network.spawn(host, command, { log: join(directory, `${host}.log`), env });
    child.once('exit', (code, signal) => {
      if (this.processes.get(host) === child) this.processes.delete(host);
      if (this.killed.has(child) || this.hasSaidFarewell(host)) return;
      this.deaths.push(`${host} ended by itself (${signal ?? code}): see ${host}.log`);
    });
    this.processes.set(host, child);
  }

  /** A node that is no member yet; `join`: how it comes to the cluster. */
  come(node: string, join: 'auto' | 'ask'): void {
    this.members.add(node);
    if (join === 'ask') this.asking.add(node);
    this.restart(node);
  }

  /** The cluster may let go of it from now on: then it ends by itself. */
  mayLeave(node: string): void {
    this.leaving.add(node);
  }

  mustStay(node: string): void {
    this.leaving.delete(node);
  }

  hasLeft(node: string): boolean {
    return !this.members.has(node);
  }

  /** SIGKILL, never to be started again as what it was. */
  async lose(node: string, { withDisk }: { readonly withDisk: boolean }): Promise<void> {
    this.members.delete(node);
    await this.kill(node);
    if (withDisk) rmSync(this.dataDirectory(node), { recursive: true, force: true });
  }

  runs(host: string): boolean {
    return this.processes.has(host);
  }

  /** It is to run and does not serve; of a server nobody is told more than that it runs. */
  isAway(host: string): boolean {
    const isServer = this.options.hosts.servers.includes(host);
    if (!isServer && !this.members.has(host)) return false;
    const pid = this.processes.get(host)?.pid;
    if (pid === undefined || this.stopped.has(host)) return true;
    return !isServer && !this.said(host, 'serves · id', `pid ${pid}`);
  }

  async kill(host: string): Promise<void> {
    const child = this.processes.get(host);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.killed.add(child);
    this.processes.delete(host);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Not whoever left, or is lost. */
  restart(host: string): void {
    const isMeant = this.options.hosts.servers.includes(host) || this.members.has(host);
    if (isMeant && !this.processes.has(host)) this.launch(host);
  }

  stop(host: string): void {
    this.stopped.add(host);
    this.processes.get(host)?.kill('SIGSTOP');
  }

  goOn(host: string): void {
    this.stopped.delete(host);
    this.processes.get(host)?.kill('SIGCONT');
  }

  setClock(node: string, offsetMs: number): void {
    writeFileSync(this.clockFile(node), String(offsetMs));
  }

  /** Everybody runs, at the right time. */
  async heal(): Promise<void> {
    for (const host of [...this.options.hosts.servers, ...this.members]) {
      this.goOn(host);
      this.restart(host);
    }
    for (const node of this.members) this.setClock(node, 0);
    await this.options.network.apply([]);
  }

  async end(): Promise<void> {
    await Promise.all([...this.processes.keys()].map((host) => this.kill(host)));
  }

  /** Kilobytes of memory each node has now. */
  memory(): string {
    return this.nodes
      .map((node) => {
        const pid = this.processes.get(node)?.pid;
        if (pid === undefined) return `${node} -`;
        const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], {
          encoding: 'utf8',
        });
        return `${node} ${Math.round(Number(kilobytes) / 1024)} MB`;
      })
      .join(', ');
  }

  private clockFile(host: string): string {
    return join(this.options.directory, `${host}.clock`);
  }

  private dataDirectory(node: string): string {
    return join(this.options.directory, `data-${node}`);
  }

  /** It was let go of, and said so: it is not to be started again. */
  private hasSaidFarewell(host: string): boolean {
    const says = farewells.some((words) => this.said(host, words));
    if (!this.leaving.has(host) || !says) return false;
    this.leaving.delete(host);
    return this.members.delete(host);
  }

  /** Whether a line of its log has all of it. */
  private said(host: string, ...parts: readonly string[]): boolean {
    const log = join(this.options.directory, `${host}.log`);
    if (!existsSync(log)) return false;
    const lines = readFileSync(log, 'utf8').split('\n');
    return lines.some((line) => parts.every((part) => line.includes(part)));
  }

  private nodeCommand(node: string): string[] {
    const { hosts } = this.options;
    return [
      process.execPath,
      '--import',
      clockShift,
      cli,
      'node',
      `--name=${node}`,
      `--host=host-${node}`,
      `--data-dir=${this.dataDirectory(node)}`,
      `--servers=${this.serversFor(node).join(',')}`,
      `--founders=${hosts.nodes.length}`,
      '--bucket=lww conflict=last-writer-wins',
      ...(this.asking.has(node) ? ['--join=ask'] : []),
    ];
  }

  private serverCommand(server: string): string[] {
    const { network, hosts, directory, natsServer } = this.options;
    const others = hosts.servers.filter((other) => other !== server);
    const routes = others.map((other) => `nats-route://${network.address(server, other, 'route')}`);
    const [host, port] = network.listenAddress(server, 'client').split(':');
    const accounts = natsConf({ host: '127.0.0.1', nodePassword }).replace(
      /^listen:.*$/m,
      `listen: "${host}:${port}"`,
    );
    const cluster = `
server_name: ${server}
ping_interval: "2s"
ping_max: 2
client_advertise: ""
cluster {
  name: soak
  listen: "${network.listenAddress(server, 'route')}"
  no_advertise: true
  routes: [${routes.join(', ')}]
}
`;
    const file = join(directory, `${server}.conf`);
    writeFileSync(file, accounts + cluster);
    return [natsServer, '-c', file];
  }
}
