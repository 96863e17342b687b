/**
 * The clusters of a run and their client processes. All are up throughout, but only one is under
 * load at a time, so what changes on the machine meanwhile meets all of them alike.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClientGroup, type GroupResult } from './load/client-group.js';
import type { Job } from './load/messages.js';
import { Meter, type Usage } from './measure/meter.js';
import { clusterOf, driverOf, type Contender, type SystemName } from './plan.js';
import { rootOf } from './systems/checkouts.js';
import type { RunningSystem, System } from './systems/system.js';

export interface Sample extends GroupResult, Usage {}

interface Cluster {
  readonly running: RunningSystem;
  /** Each language of the client has processes of its own. */
  readonly groups: Map<SystemName, ClientGroup>;
}

export interface StageOptions {
  readonly contenders: readonly Contender[];
  readonly systemOf: (contender: Contender) => System;
  readonly valueBytes: readonly number[];
  readonly keys: number;
  readonly clients: number;
  readonly seed: number;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
}

export class Stage {
  private readonly clusters = new Map<string, Cluster>();

  private constructor(private readonly options: StageOptions) {}

  /**
   * Starts everything, puts every key of every size once, plays, and ends it all whatever comes of
   * it.
   */
  static async during<T>(options: StageOptions, play: (stage: Stage) => Promise<T>): Promise<T> {
    const stage = new Stage(options);
    try {
      for (const contender of options.contenders) await stage.admit(contender);
      const result = await play(stage);
      await stage.closeClients();
      return result;
    } finally {
      await stage.stop();
    }
  }

  async run(contender: Contender, job: Omit<Job, 'quorum'>): Promise<Sample> {
    // What one system has left for the kernel to write must not be paid for by another's fsync.
    spawnSync('sync');
    return this.goOn(contender, job);
  }

  /** As `run`, where what was done before belongs to it. */
  async goOn(contender: Contender, job: Omit<Job, 'quorum'>): Promise<Sample> {
    const { running, group } = this.of(contender);
    const meter = new Meter({
      serverPids: () => running.pids(),
      clientPids: group.pids,
      fsyncs: () => running.fsyncs(),
    });
    try {
      const result = await group.run({ ...job, quorum: contender }, (edge) => meter[edge]());
      return { ...result, ...(await meter.usage()) };
    } finally {
      meter.stop();
    }
  }

  running(contender: Contender): RunningSystem {
    return this.of(contender).running;
  }

  /** Before the clusters, and in order: they and the nodes may have CPU profiles to write. */
  private async closeClients(): Promise<void> {
    for (const { groups } of this.clusters.values())
      for (const group of groups.values()) await group.close();
  }

  private async stop(): Promise<void> {
    for (const { groups } of this.clusters.values())
      for (const group of groups.values()) group.kill();
    const clusters = [...this.clusters.values()];
    this.clusters.clear();
    for (const { running } of clusters) await running.stop();
  }

  private of(contender: Contender): { running: RunningSystem; group: ClientGroup } {
    const { running, groups } = this.clusters.get(clusterOf(contender))!;
    return { running, group: groups.get(contender.system)! };
  }

  private async admit(contender: Contender): Promise<void> {
    const { directory, systemOf, onProgress, valueBytes, keys, clients, seed } = this.options;
    const name = clusterOf(contender);
    let cluster = this.clusters.get(name);
    const isNew = cluster === undefined;
    if (cluster === undefined) {
      onProgress(`starting ${name}`);
      const data = join(directory, name.replaceAll(/\W+/g, '-'));
      mkdirSync(data, { recursive: true });
      cluster = { running: await systemOf(contender).start(data), groups: new Map() };
      this.clusters.set(name, cluster);
    }
    if (cluster.groups.has(contender.system)) return;
    const group = new ClientGroup(clients, rootOf(contender.system));
    cluster.groups.set(contender.system, group);
    const target = { driver: driverOf(contender.system), servers: cluster.running.servers };
    await group.open({ target, seed, keys });
    if (!isNew) return;
    for (const bytes of valueBytes) {
      onProgress(`filling ${name} with ${keys} values of ${bytes} bytes`);
      await group.fill(bytes, contender);
    }
  }
}
