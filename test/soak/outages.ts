/** Who was away, and when: what a client may be told an error for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SoakCluster } from './cluster.js';
import type { Outage } from './records.js';
import { nowMs } from './workload/worker.js';

const pollMs = 500;

export class Outages {
  readonly all: Outage[] = [];

  constructor(private readonly cluster: Pick<SoakCluster, 'isAway'>) {}

  /**
   * Until what is returned is called, and every host serves again: one that is started reads its
   * disk first.
   */
  begin(hosts: readonly string[]): () => void {
    const outage: Outage = { hosts, startMs: nowMs(), endMs: Infinity };
    this.all.push(outage);
    return () => void this.end(outage);
  }

  private async end(outage: Outage): Promise<void> {
    while (outage.hosts.some((host) => this.cluster.isAway(host))) await sleep(pollMs);
    outage.endMs = nowMs();
  }
}
