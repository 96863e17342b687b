/** The client processes, as the run speaks to them. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { partitionOf } from '../../actors/rules/key.js';
import { placementOf } from '../../actors/rules/placement.js';
import { layoutOf, type RingMessage } from '../../src/wire/ring-message.js';
import { byteStringOf } from '../../src/wire/text.js';
import { ringSeenIn, type RingSeen } from './changes/ring-seen.js';
import type { ClientOrder, ClientReply, HeldQuestion } from './client-process.js';
import type { SoakCluster } from './cluster.js';
import type { SoakNetwork } from './network/network.js';
import {
  operationsIn,
  type FinalRecord,
  type OperationRecord,
  type ReplicaRecord,
  type Workload,
  type WriteName,
} from './records.js';
import { elementsOf } from './workload/workloads.js';
import type { Found } from './workload/store.js';

const program = join(import.meta.dirname, 'client-process.js');
/** By the number of a client. */
const kinds = ['retrying', 'typed', 'plain', 'typed'] as const;

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
        const kind = kinds[Number(name.slice(1)) % kinds.length]!;
        const words = [name, kind, servers, names.join(','), seed];
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

  async ring(): Promise<RingSeen | undefined> {
    const ring = await this.wholeRing();
    return ring === undefined ? undefined : ringSeenIn(ring);
  }

  /** What each owner of these keys holds itself, by one and the same ring; nothing without one. */
  async replicas(keys: readonly OperationRecord[]): Promise<ReplicaRecord[]> {
    const ring = await this.wholeRing();
    if (ring === undefined) return [];
    const layout = layoutOf(ring);
    const nameOf = new Map(ring.nodes.map(({ id, name }) => [id, name]));
    const asked = keys.flatMap(({ workload, key }) => {
      const name = { bucket: byteStringOf(workload), key: byteStringOf(key) };
      const { readers } = placementOf(layout, partitionOf(name, ring.groupOf.length), ring.n);
      return readers.map((node) => ({ workload, question: { node, bucket: workload, key } }));
    });
    const questions: HeldQuestion[] = asked.map(({ question }) => question);
    const answers = (await this.ask((id) => ({ do: 'held', id, keys: questions }))) as Found[];
    return asked.map(({ workload, question: { node, key } }, i) => {
      const { values, error } = answers[i]!;
      const shown = writesIn(workload, values);
      const held = { workload, key, node: nameOf.get(node) ?? node, shown };
      return error === undefined ? held : Object.assign(held, { error });
    });
  }

  private async wholeRing(): Promise<RingMessage | undefined> {
    return (await this.ask((id) => ({ do: 'ring', id }))) as RingMessage | undefined;
  }

  async final({ workload, key }: OperationRecord): Promise<FinalRecord> {
    const found = (await this.ask((id) => ({ do: 'read', id, bucket: workload, key }))) as Found;
    const { error, values } = found;
    const shown = writesIn(workload, values);
    return { workload, key, shown, ...(error === undefined ? {} : { error }) };
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

function writesIn(workload: Workload, values: readonly string[]): WriteName[] {
  const names = workload === 'set' ? values.flatMap(elementsOf) : (values as WriteName[]);
  return [...new Set(names)];
}
