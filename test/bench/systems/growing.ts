/**
 * Quorate on a nats-server of its own, each node a process started by `quorate node`: so one more
 * can be started while it is under load.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, headers, RequestStrategy, type Msg, type NatsConnection } from 'nats';
import { natsConf } from '../../../src/bus/nats-conf.js';
import { startNatsServer, type NatsServer } from '../../support/nats-server.js';
import { descendantsOf } from '../measure/processes.js';
import { ownRoot } from './checkouts.js';
import { endOf } from './child.js';
import { CpuAllotment } from './cpu-allotment.js';
import type { NodeStatusRow } from './quorate.js';
import type { RunningSystem, System } from './system.js';

const partitions = 256;
const servesMsMax = 60_000;
const answerMsMax = 1_000;

export interface GrowingOptions {
  readonly nodes: number;
  readonly durability: string;
  /** Of each node; undefined: they share what there is. */
  readonly cores?: number | undefined;
}

/** Whose data lie where, as far as it matters here. */
export interface RingSeen {
  readonly nodes: readonly { readonly name: string }[];
  readonly groups: readonly (readonly number[])[];
  /** While partitions move: the runs of those that have. */
  readonly move?: { readonly moved: readonly (readonly [number, number])[] };
}

export function growing(options: GrowingOptions): System {
  return {
    about: `${options.nodes} node processes, one nats-server, N=3, durability ${options.durability}`,
    start: (directory) => GrowingCluster.start(directory, options),
  };
}

export class GrowingCluster implements RunningSystem {
  private readonly nodes: { readonly child: ChildProcess; readonly gone: Promise<void> }[] = [];
  private readonly allotments: CpuAllotment[] = [];

  private constructor(
    private readonly directory: string,
    private readonly options: GrowingOptions,
    private readonly server: NatsServer,
    private readonly connection: NatsConnection,
  ) {}

  static async start(directory: string, options: GrowingOptions): Promise<GrowingCluster> {
    const server = await startNatsServer({ config: natsConf({ partitions }) });
    const connection = await connect({ servers: server.url, maxReconnectAttempts: -1 });
    const cluster = new GrowingCluster(directory, options, server, connection);
    try {
      for (let i = 0; i < options.nodes; i++) cluster.launch();
      await cluster.serving();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get servers(): readonly string[] {
    return [this.server.url];
  }

  /** One more; the cluster takes it in by itself. Gives its name. */
  launch(): string {
    const name = `n${this.nodes.length + 1}`;
    const args = [join(ownRoot, 'dist/src/cli/main.js'), 'node', `--name=${name}`];
    args.push(`--host=host-${name}`, `--data-dir=${join(this.directory, name)}`);
    args.push(`--servers=${this.server.url}`, `--founders=${this.options.nodes}`);
    args.push(`--partitions=${partitions}`, `--durability=${this.options.durability}`);
    // It ends when nobody holds its channel any more.
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    this.nodes.push({ child, gone: endOf(child) });
    if (this.options.cores !== undefined) {
      const allotment = CpuAllotment.of(this.options.cores, `${process.pid}-${name}`);
      this.allotments.push(allotment);
      allotment.take(child.pid!);
    }
    return name;
  }

  pids(): number[] {
    return [this.server.pid, ...this.nodes.flatMap(({ child }) => descendantsOf(child.pid!))];
  }

  async fsyncs(): Promise<number> {
    const rows = await this.status();
    return rows.reduce((sum, { counters }) => sum + (counters['store.syncs'] ?? 0), 0);
  }

  /** Of the nodes that answer. */
  async status(): Promise<NodeStatusRow[]> {
    const replies = await this.connection.requestMany('kv.status', '', {
      strategy: RequestStrategy.Count,
      maxMessages: this.nodes.length,
      maxWait: answerMsMax,
      headers: asJson(),
    });
    const rows: NodeStatusRow[] = [];
    for await (const reply of replies) if (isAnswer(reply)) rows.push(reply.json<NodeStatusRow>());
    return rows.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  /** undefined: nobody told it. */
  async ring(): Promise<RingSeen | undefined> {
    const options = { timeout: answerMsMax, headers: asJson() };
    const reply = await this.connection.request('kv.ring', '', options).catch(() => undefined);
    return reply !== undefined && isAnswer(reply) ? reply.json<RingSeen>() : undefined;
  }

  private async serving(): Promise<void> {
    const endMs = performance.now() + servesMsMax;
    while (performance.now() < endMs) {
      const rows = await this.status().catch(() => []);
      if (rows.filter(({ status }) => status === 'serving').length === this.nodes.length) return;
      await sleep(100);
    }
    throw new Error(`${this.nodes.length} nodes did not serve in ${servesMsMax} ms`);
  }

  async stop(): Promise<void> {
    await this.connection.close();
    for (const { child } of this.nodes) child.kill('SIGTERM');
    await Promise.all(this.nodes.map(({ gone }) => gone));
    for (const allotment of this.allotments) allotment.end();
    await this.server.stop();
  }
}

function asJson(): ReturnType<typeof headers> {
  const fields = headers();
  fields.set('Kv-Accept', 'json');
  return fields;
}

function isAnswer(reply: Msg): boolean {
  return (reply.headers?.get('Nats-Service-Error-Code') ?? '') === '';
}
