/**
 * Each host in a network namespace of its own, all on one bridge in another: real TCP over real
 * packets, which netfilter drops. Needs root, iproute2 and nftables; `canHaveNamespaces` tells.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import type { LinkFault, Port, SoakNetwork, SpawnOptions } from './network.js';

const ports: Readonly<Record<Port, number>> = { client: 4222, route: 6222 };

export function canHaveNamespaces(): boolean {
  const name = `qt${process.pid}`;
  try {
    run('ip', 'netns', 'add', name);
    inside(name, 'nft', 'list', 'ruleset');
    return true;
  } catch {
    return false;
  } finally {
    removeQuietly(name);
  }
}

export class Namespaces implements SoakNetwork {
  readonly kind = 'namespaces';
  readonly canDelay = false;
  private readonly addresses = new Map<string, string>();
  private readonly prefix = `q${process.pid}`;
  private readonly made: string[] = [];
  private readonly onExit = (): void => this.removeAll();

  constructor(hosts: readonly string[]) {
    process.once('exit', this.onExit);
    const hub = this.make('hub');
    inside(hub, 'ip', 'link', 'add', 'br0', 'type', 'bridge');
    inside(hub, 'ip', 'link', 'set', 'br0', 'up');
    for (const [i, host] of hosts.entries()) this.join(host, { hub, address: `10.213.7.${i + 1}` });
  }

  listenAddress(server: string, port: Port): string {
    return `${this.addresses.get(server)!}:${ports[port]}`;
  }

  address(_from: string, server: string, port: Port): string {
    return this.listenAddress(server, port);
  }

  spawn(host: string, command: readonly string[], options: SpawnOptions): ChildProcess {
    const log = openSync(options.log, 'a');
    return spawn('ip', ['netns', 'exec', this.nameOf(host), ...command], {
      env: { ...process.env, ...options.env },
      stdio: options.talks === true ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
  }

  apply(faults: readonly LinkFault[]): Promise<void> {
    for (const host of this.addresses.keys()) {
      const rules = faults.filter(({ from }) => from === host).map((fault) => this.ruleOf(fault));
      const text = [
        'table inet soak',
        'delete table inet soak',
        'table inet soak {',
        'chain out {',
        'type filter hook output priority 0;',
        ...rules,
        '}',
        '}',
      ].join('\n');
      inside(this.nameOf(host), 'nft', text);
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    process.removeListener('exit', this.onExit);
    this.removeAll();
    return Promise.resolve();
  }

  private ruleOf({ to, kind, amount }: LinkFault): string {
    const match = `ip daddr ${this.addresses.get(to)!}`;
    if (kind === 'cut') return `${match} drop`;
    if (kind === 'lose') return `${match} numgen random mod 100 < ${amount} drop`;
    return `${match} limit rate over ${amount} kbytes/second drop`;
  }

  private join(host: string, { hub, address }: { hub: string; address: string }): void {
    const own = this.make(host);
    const port = `p${this.addresses.size}`;
    run(
      'ip',
      'link',
      'add',
      'eth0',
      'netns',
      own,
      'type',
      'veth',
      'peer',
      'name',
      port,
      'netns',
      hub,
    );
    inside(hub, 'ip', 'link', 'set', port, 'master', 'br0');
    inside(hub, 'ip', 'link', 'set', port, 'up');
    inside(own, 'ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
    inside(own, 'ip', 'link', 'set', 'eth0', 'up');
    inside(own, 'ip', 'link', 'set', 'lo', 'up');
    this.addresses.set(host, address);
  }

  private nameOf(host: string): string {
    return `${this.prefix}-${host}`;
  }

  private make(host: string): string {
    const name = this.nameOf(host);
    run('ip', 'netns', 'add', name);
    this.made.push(name);
    return name;
  }

  private removeAll(): void {
    for (const name of this.made.splice(0)) removeQuietly(name);
  }
}

function run(command: string, ...words: string[]): void {
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inside(name: string, ...words: string[]): void {
  run('ip', 'netns', 'exec', name, ...words);
}

function removeQuietly(name: string): void {
  try {
    run('ip', 'netns', 'delete', name);
  } catch {
    // It was never made.
  }
}
