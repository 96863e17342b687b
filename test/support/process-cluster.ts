/**
 * A cluster of real node processes on a real nats-server, in temporary directories and on a free
 * port.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainClient } from './plain-client.js';

const cli = join(import.meta.dirname, '../../src/cli/main.js');

export interface NodeStatusRow {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly keys: number;
  readonly hints: number;
  readonly pid: number;
}

export interface ProcessClusterOptions {
  readonly nodes: number;
  readonly serverUrl: string;
  /** Handed to every `quorate node`. */
  readonly arguments?: readonly string[];
  /** Until all serve; 20 s unless told. */
  readonly startMs?: number;
}

export class ProcessCluster {
  private readonly directory = mkdtempSync(join(tmpdir(), 'quorate-'));
  private readonly processes: (ChildProcess | undefined)[] = [];
  private readonly output: string[] = [];
  /** Of each node's standard error, in all its lives. */
  private readonly errors: string[] = [];

  private constructor(
    private readonly options: ProcessClusterOptions,
    readonly client: PlainClient,
  ) {}

  static async start(options: ProcessClusterOptions): Promise<ProcessCluster> {
    const cluster = new ProcessCluster(options, await PlainClient.connect(options.serverUrl));
    for (let i = 0; i < options.nodes; i++) cluster.launch(i);
    try {
      await cluster.serving(options.nodes, options.startMs);
    } catch (error) {
      // Nobody else has it to stop.
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Starts node `i` (again) on its directory; see `serving` for when it serves. */
  launch(i: number): void {
    const child = spawn(
      process.execPath,
      [
        cli,
        'node',
        `--name=n${i + 1}`,
        `--host=host-${i + 1}`,
        `--data-dir=${join(this.directory, `n${i + 1}`)}`,
        `--servers=${this.options.serverUrl}`,
        `--founders=${this.options.nodes}`,
        ...(this.options.arguments ?? []),
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const keep = (chunk: Buffer | string): void => {
      this.output.push(`n${i + 1}: ${chunk.toString()}`);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.errors[i] = `${this.errors[i] ?? ''}${text}`;
    });
    this.processes[i] = child;
  }

  /** What node `i` has said on standard error, as far as lines are whole. */
  errorLines(i: number): string[] {
    return (this.errors[i] ?? '').split('\n').slice(0, -1);
  }

  /** Its disk is lost. */
  wipe(i: number): void {
    rmSync(join(this.directory, `n${i + 1}`), { recursive: true });
  }

  async kill(i: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.processes[i];
    if (child === undefined) return;
    this.processes[i] = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Once node `i` has ended by itself: its exit code, and what all have printed. */
  async ended(i: number): Promise<{ readonly code: number | null; readonly text: string }> {
    const child = this.processes[i]!;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return { code: child.exitCode, text: this.output.join('') };
  }

  /** It stands still (SIGSTOP), its connection does not; until it is sent SIGCONT, or killed. */
  signal(i: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.processes[i]?.kill(signal);
  }

  async killAll(): Promise<void> {
    await Promise.all(this.processes.map((_, i) => this.kill(i)));
  }

  launchAll(): void {
    for (let i = 0; i < this.options.nodes; i++) this.launch(i);
  }

  async status(waitMs = 250): Promise<NodeStatusRow[]> {
    const replies = await this.client.requestAll('kv.status', waitMs).catch(() => []);
    return replies
      .filter((reply) => reply.text.startsWith('{'))
      .map((reply) => JSON.parse(reply.text) as NodeStatusRow);
  }

  /**
   * Resolves when `count` nodes say that they serve; rejects with the nodes' output after the time.
   */
  async serving(count: number, timeoutMs = 20_000): Promise<void> {
    await this.until(`${count} nodes serve`, timeoutMs, async () => {
      const rows = await this.status(100);
      return rows.filter((row) => row.status === 'serving').length >= count;
    });
  }

  /** Looks are counted, not time: on a busy machine it waits longer. */
  async until(what: string, timeoutMs: number, condition: () => Promise<boolean>): Promise<void> {
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 25) {
      if (await condition()) return;
      await sleep(25);
    }
    throw new Error(`not true after ${timeoutMs} ms: ${what}\n${this.output.slice(-40).join('')}`);
  }

  async stop(): Promise<void> {
    await this.killAll();
    await this.client.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
