/**
 * The processes of a soak run: three nats-servers with routes, nodes, and what can be done to them.
 */
import { execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { natsConf } from '../../src/bus/nats-conf.js';
import type { SoakNetwork } from './network/network.js';
import type { Hosts } from './schedule.js';

const cli = join(import.meta.dirname, '../../src/cli/main.js');
const clockShift = fileURLToPath(new URL('clock-shift.js', import.meta.url));
const nodePassword = 'soak-nodes';

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
  /** Whoever ended without being killed by this run, and how. */
  readonly deaths: string[] = [];
  private readonly killed = new Set<ChildProcess>();

  constructor(private readonly options: ClusterOptions) {
    mkdirSync(options.directory, { recursive: true });
  }

  start(): void {
    const { servers, nodes } = this.options.hosts;
    for (const host of [...servers, ...nodes]) this.launch(host);
  }

  /** Servers of the own part of the network first. */
  serversFor(host: string): string[] {
    const { network, hosts } = this.options;
    const { servers } = hosts;
    const everybody = [...hosts.nodes, ...hosts.clients];
    const first = everybody.indexOf(host) % servers.length;
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
      if (this.killed.has(child)) return;
      this.deaths.push(`${host} ended by itself (${signal ?? code}): see ${host}.log`);
    });
    this.processes.set(host, child);
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

  restart(host: string): void {
    if (!this.processes.has(host)) this.launch(host);
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
    const { servers, nodes } = this.options.hosts;
    for (const host of [...servers, ...nodes]) {
      this.goOn(host);
      this.restart(host);
    }
    for (const node of nodes) this.setClock(node, 0);
    await this.options.network.apply([]);
  }

  async end(): Promise<void> {
    await Promise.all([...this.processes.keys()].map((host) => this.kill(host)));
  }

  /** Kilobytes of memory each node has now. */
  memory(): string {
    return this.options.hosts.nodes
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

  private nodeCommand(node: string): string[] {
    const { hosts, directory } = this.options;
    return [
      process.execPath,
      '--import',
      clockShift,
      cli,
      'node',
      `--name=${node}`,
      `--host=host-${node}`,
      `--data-dir=${join(directory, `data-${node}`)}`,
      `--servers=${this.serversFor(node).join(',')}`,
      `--founders=${hosts.nodes.length}`,
      '--bucket=lww conflict=last-writer-wins',
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
