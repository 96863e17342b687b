/** Background work of a scenario: the simulator's clients, with the simulator's oracles. */
import type { Observatory } from '../cluster/observatory.js';
import type { SimCluster } from '../cluster/sim-cluster.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { durationUs } from '../core/commands.js';
import { checkEnd } from '../oracle/end-oracle.js';
import { History } from '../oracle/history.js';
import type { GetResult } from '../client/plain-client.js';
import { decodeValue } from '../workload/values.js';
import { type BucketUse, WorkClient } from '../workload/work-client.js';

export class Load {
  private readonly history = new History(0);
  private readonly workers: WorkClient[];

  constructor(
    private readonly cluster: SimCluster,
    options: Readonly<Record<string, string>>,
  ) {
    const { n } = { ...nodeOptionsDefault.defaults, ...cluster.options.defaults };
    const use = (options['use'] ?? 'siblings') as BucketUse;
    const count = Number(options['clients'] ?? 3);
    this.workers = Array.from({ length: count }, (_, i) => {
      const name = `load${i + 1}`;
      const { client, process } = cluster.client(name);
      const { violations, scheduler, trace } = cluster;
      const { dots } = cluster;
      const { history } = this;
      const rules = {
        history,
        violations,
        disksKeep: true,
        copies: dots,
        nOf: () => n,
      };
      return new WorkClient(name, client, {
        scheduler,
        process,
        trace,
        rules,
        random: cluster.random.fork(name),
        history: this.history,
        usesFrames: false,
        onResult: () => undefined,
        onWritten: () => undefined,
        options: {
          buckets: [{ name: 'load', use, n, keys: Number(options['keys'] ?? 20) }],
          thinkUs: durationUs(options['think'] ?? '20ms'),
          timeoutMs: 2000,
          strictPpm: 0,
          quorumPpm: 0,
          hotPpm: 0,
          deletePpm: 0,
          valueBytesMax: 100,
        },
      });
    });
    for (const worker of this.workers) worker.start();
  }

  names(): string[] {
    return this.history.names();
  }

  /** `ok`: no request failed; `in<250ms`: none took longer. */
  async end(expected: readonly string[]): Promise<string | undefined> {
    for (const worker of this.workers) worker.pace.stopped = true;
    const idle = await this.cluster.until(() => this.workers.every(({ pace }) => pace.idle), 60e6);
    if (!idle) return 'a request was never answered';
    const bound = expected.find((word) => word.startsWith('in<'));
    const slowest = Math.max(...this.workers.map((worker) => worker.slowestUs));
    if (bound !== undefined && slowest > durationUs(bound.slice(3)))
      return `the slowest took ${slowest / 1000} ms`;
    const failures = this.workers.flatMap((worker) =>
      [...worker.tally].filter(([what]) => !/ (done|found|absent)$/.test(what)),
    );
    if (!expected.includes('ok') || failures.length === 0) return undefined;
    return `failures: ${failures.map(([what, count]) => `${count} × ${what}`).join(', ')}`;
  }

  async check(observatory: Observatory): Promise<string | undefined> {
    const { violations } = this.cluster;
    const reader = this.cluster.client('checker').client;
    for (const name of this.names()) {
      let result: GetResult | undefined;
      const r = observatory.nOf(name);
      reader.get(name, { timeoutMs: 2000, r }, (answer) => (result = answer));
      await this.cluster.until(() => result !== undefined, 10e6);
      if (result === undefined || result.kind === 'failed') return `${name} can't be read`;
      const values = result.kind === 'found' ? result.values : [];
      const tokens = values.filter((value) => value !== null).map((v) => decodeValue(v).token);
      const nowUs = this.cluster.scheduler.nowUs;
      const { history } = this;
      checkEnd(name, tokens, {
        history,
        violations,
        copiesMin: 1,
        nowUs,
        mayBeCut: never,
        copies: this.cluster.dots,
      });
    }
    return violations.first?.what;
  }
}

const never = (): boolean => false;
