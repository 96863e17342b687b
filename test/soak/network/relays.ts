/**
 * Where namespaces can't be had: everybody on loopback, each link to a server through a relay of
 * its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { freePort } from '../../support/nats-server.js';
import type { LinkFault, Port, SoakNetwork, SpawnOptions } from './network.js';
import { Relay } from './relay.js';

interface Link {
  readonly from: string;
  readonly to: string;
  readonly relay: Relay;
}

export class Relays implements SoakNetwork {
  readonly kind = 'relays';
  readonly canDelay = true;

  private constructor(
    private readonly listening: ReadonlyMap<string, number>,
    private readonly reached: ReadonlyMap<string, number>,
    private readonly links: readonly Link[],
  ) {}

  static async between(hosts: readonly string[], servers: readonly string[]): Promise<Relays> {
    const listening = new Map<string, number>();
    const reached = new Map<string, number>();
    const links: Link[] = [];
    for (const server of servers)
      for (const port of ['client', 'route'] as const)
        listening.set(`${server} ${port}`, await freePort());
    for (const to of servers) {
      for (const from of hosts) {
        if (from === to) continue;
        const port = servers.includes(from) ? 'route' : 'client';
        const relay = new Relay({ host: '127.0.0.1', port: listening.get(`${to} ${port}`)! });
        reached.set(`${from} ${to} ${port}`, await relay.listen());
        links.push({ from, to, relay });
      }
    }
    return new Relays(listening, reached, links);
  }

  listenAddress(server: string, port: Port): string {
    return `127.0.0.1:${this.listening.get(`${server} ${port}`)}`;
  }

  address(from: string, server: string, port: Port): string {
    return `127.0.0.1:${this.reached.get(`${from} ${server} ${port}`)}`;
  }

  spawn(_host: string, command: readonly string[], options: SpawnOptions): ChildProcess {
    const [program, ...words] = command;
    const log = openSync(options.log, 'a');
    return spawn(program!, words, {
      env: { ...process.env, ...options.env },
      stdio: options.talks === true ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
  }

  apply(faults: readonly LinkFault[]): Promise<void> {
    for (const { from, to, relay } of this.links)
      relay.apply(
        faults.filter((fault) => fault.from === from && fault.to === to),
        faults.filter((fault) => fault.from === to && fault.to === from),
      );
    return Promise.resolve();
  }

  close(): Promise<void> {
    for (const { relay } of this.links) relay.close();
    return Promise.resolve();
  }
}
