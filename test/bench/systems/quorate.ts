/**
 * Quorate as a user starts it: `quorate up`, so many nodes on one nats-server, each node a process.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect, headers, RequestStrategy, type NatsConnection } from 'nats';
import type { HistogramReading } from '../../../src/seams/metrics.js';
import { freePort } from '../../support/nats-server.js';
import { descendantsOf, nameOf } from '../measure/processes.js';
import { ownRoot } from './checkouts.js';
import { endOf } from './child.js';
import type { RunningSystem, System } from './system.js';

const readyMsMax = 60_000;
const statusMsMax = 2_000;

export interface QuorateOptions {
  readonly durability: string;
  /** 3 unless told. */
  readonly nodes?: number;
  /** Nodes that died are started again. */
  readonly restarts?: boolean;
  /** The built checkout whose nodes they are; this one unless told. */
  readonly root?: string;
}

/** What a node says of itself. */
export interface NodeStatusRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly pid: number;
  readonly keys: number;
  readonly hints: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly histograms?: Readonly<Record<string, HistogramReading>>;
}

export function quorate(options: QuorateOptions): System {
  const { nodes = 3, durability } = options;
  return {
    about: `${nodes} node processes, one nats-server, N=${Math.min(3, nodes)}, durability ${durability}`,
    start: (directory) => QuorateCluster.start(directory, options),
  };
}

export class QuorateCluster implements RunningSystem {
  private constructor(
    /** Lines in which nats-server and nodes complained, a slow consumer for instance. */
    readonly complaints: readonly string[],
    /** Where its data lies. */
    readonly directory: string,
    private readonly child: ChildProcess,
    readonly nodes: number,
    readonly servers: readonly string[],
    private readonly connection: NatsConnection,
    private readonly gone: Promise<void>,
  ) {}

  static async start(
    directory: string,
    { durability, nodes = 3, restarts = false, root = ownRoot }: QuorateOptions,
  ): Promise<QuorateCluster> {
    const port = await freePort();
    const args = ['up', '--json', '--nodes', String(nodes), '--port', String(port)];
    args.push('--data-dir', directory, '--durability', durability);
    if (!restarts) args.push('--no-restart');
    // Another checkout may know of no dashboard.
    if (root === ownRoot) args.push('--no-dashboard');
    // A nats-server of its own, whatever the environment names.
    const { NATS_URL: _, QUORATE_BENCH_PROFILE: profileTo, ...env } = process.env;
    // `up` hands its own flags on to the nodes it forks.
    const flags =
      profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileTo, 'nodes')}`];
    const cli = join(root, 'dist/src/cli/main.js');
    const child = spawn(process.execPath, [...flags, cli, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const gone = endOf(child);
    const complaints: string[] = [];
    createInterface(child.stderr).on('line', (line) => {
      complaints.push(line);
      process.stderr.write(`${line}\n`);
    });
    try {
      const [first] = (await Promise.race([
        once(createInterface(child.stdout), 'line'),
        gone.then(() => {
          throw new Error('`quorate up` ended before it served');
        }),
        late(readyMsMax),
      ])) as [string];
      const { servers } = JSON.parse(first) as { servers: string };
      const connection = await connect({ servers, maxReconnectAttempts: -1 });
      return new QuorateCluster(complaints, directory, child, nodes, [servers], connection, gone);
    } catch (error) {
      child.kill('SIGTERM');
      throw error;
    }
  }

  pids(): number[] {
    return descendantsOf(this.child.pid!);
  }

  /** Of the nats-server it started. */
  natsPid(): number | undefined {
    return this.pids().find((pid) => nameOf(pid) === 'nats-server');
  }

  async fsyncs(): Promise<number> {
    const rows = await this.status();
    return rows.reduce((sum, { counters }) => sum + (counters['store.syncs'] ?? 0), 0);
  }

  /** Of the nodes that answer. */
  async status(waitMs = statusMsMax): Promise<NodeStatusRow[]> {
    const fields = headers();
    fields.set('Kv-Accept', 'json');
    const replies = await this.connection.requestMany('kv.status', '', {
      strategy: RequestStrategy.Count,
      maxMessages: this.nodes,
      maxWait: waitMs,
      headers: fields,
    });
    const rows: NodeStatusRow[] = [];
    for await (const reply of replies)
      if ((reply.headers?.get('Nats-Service-Error-Code') ?? '') === '')
        rows.push(reply.json<NodeStatusRow>());
    return rows.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  async stop(): Promise<void> {
    await this.connection.close();
    this.child.kill('SIGTERM');
    await this.gone;
  }
}

function late(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`\`quorate up\` did not serve in ${ms} ms`)), ms).unref();
  });
}
