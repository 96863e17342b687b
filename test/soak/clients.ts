/** The client processes, as the run speaks to them. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientOrder, ClientReply } from './client-process.js';
import type { SoakCluster } from './cluster.js';
import type { SoakNetwork } from './network/network.js';
import { operationsIn, type FinalRecord, type OperationRecord, type WriteName } from './records.js';
import { elementsOf } from './workload/workloads.js';
import type { Found } from './workload/store.js';

const program = join(import.meta.dirname, 'client-process.js');
const kinds = ['typed', 'plain', 'typed', 'retrying'] as const;

export interface NodeRow {
  readonly name: string;
  readonly status: string;
  readonly hints: number;
}

export class SoakClients {
  private readonly children: ChildProcess[] = [];
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private asked = 0;

  private constructor(private readonly files: readonly string[]) {}

  static async start(options: {
    readonly names: readonly string[];
    readonly network: SoakNetwork;
    readonly cluster: SoakCluster;
    readonly directory: string;
    readonly seed: string;
  }): Promise<SoakClients> {
    const { names, network, cluster, directory, seed } = options;
    const clients = new SoakClients(names.map((name) => join(directory, `${name}.jsonl`)));
    await Promise.all(
      names.map(async (name, i) => {
        const servers = cluster.serversFor(name).join(',');
        const words = [name, kinds[i % kinds.length]!, servers, names.join(','), seed];
        const child = network.spawn(
          name,
          [process.execPath, program, ...words, clients.files[i]!],
          {
            log: join(directory, `${name}.log`),
            talks: true,
          },
        );
        clients.children.push(child);
        child.on('message', (reply: ClientReply) => clients.hear(reply));
        child.once('exit', (code, signal) => {
          if (!child.killed && code !== 0)
            cluster.deaths.push(
              `client ${name} ended by itself (${signal ?? code}): see ${name}.log`,
            );
        });
        await once(child, 'message');
      }),
    );
    return clients;
  }

  work(): void {
    for (const child of this.children) child.send({ do: 'work' } satisfies ClientOrder);
  }

  async stopWork(): Promise<void> {
    await Promise.all(
      this.children
        .filter((child) => child.connected)
        .map(async (child) => {
          const stopped = new Promise<void>((resolve) => {
            child.on('message', (reply: ClientReply) => {
              if (reply.kind === 'stopped') resolve();
            });
            child.once('exit', () => resolve());
          });
          child.send({ do: 'stop' } satisfies ClientOrder);
          await stopped;
        }),
    );
  }

  records(): OperationRecord[] {
    return this.files.flatMap((file) => operationsIn(readFileSync(file, 'utf8')));
  }

  async status(): Promise<readonly NodeRow[]> {
    return (await this.ask((id) => ({ do: 'status', id }))) as readonly NodeRow[];
  }

  async final({ workload, key }: OperationRecord): Promise<FinalRecord> {
    const found = (await this.ask((id) => ({ do: 'read', id, bucket: workload, key }))) as Found;
    const { error, values } = found;
    const shown = workload === 'set' ? values.flatMap(elementsOf) : (values as WriteName[]);
    return { workload, key, shown: [...new Set(shown)], ...(error === undefined ? {} : { error }) };
  }

  end(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }

  private ask(order: (id: number) => ClientOrder): Promise<unknown> {
    const child = this.children.find(({ connected }) => connected);
    if (child === undefined) return Promise.reject(new Error('no client is left'));
    const id = ++this.asked;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      child.send(order(id));
    });
  }

  private hear(reply: ClientReply): void {
    if (reply.kind !== 'answer') return;
    this.waiting.get(reply.id)?.(reply.value);
    this.waiting.delete(reply.id);
  }
}
