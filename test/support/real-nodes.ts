/** Nodes on real NATS, logs and LMDB in this process, in a temporary directory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningNode, StartOptions } from '../../src/node/start-node.js';
import { startNode } from '../../src/node/start-node.js';

/** Several nodes start in one process, on machines that may be busy. */
const connectMsMax = 60_000;

export class RealNodes {
  readonly running = new Map<string, RunningNode>();

  constructor(
    private readonly serverUrl: string,
    private readonly options: Partial<StartOptions> = {},
    /** Of others, whose nodes start again. */
    readonly directory: string = mkdtempSync(join(tmpdir(), 'quorate-nodes-')),
  ) {}

  /** Starts a node on its directory, each on a host of its own; does not wait until it serves. */
  async start(name: string): Promise<RunningNode> {
    const node = await startNode(
      { ...this.options, name, host: `host-${name}`, dataDir: join(this.directory, name) },
      { servers: this.serverUrl, connectTimeoutMs: connectMsMax },
    );
    this.running.set(name, node);
    return node;
  }

  async startAll(names: readonly string[]): Promise<void> {
    const nodes = await Promise.all(names.map((name) => this.start(name)));
    await Promise.all(nodes.map(({ serving }) => serving));
  }

  async stop(name: string): Promise<void> {
    await this.running.get(name)?.stop();
    this.running.delete(name);
  }

  /** Stops all and removes what they wrote. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.running.keys()].map((name) => this.stop(name)));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Looks are counted, not time: on a busy machine it waits longer. */
export async function until(
  what: string,
  timeoutMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += 50) {
    if (waitedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}
