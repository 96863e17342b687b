/**
 * What whoever watches is told while nodes and nats-server are killed: every key's last change, how
 * many things twice, how often it was asked for anew or had to be told all keys.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { natsConf } from '../../src/bus/nats-conf.js';
import { connect, text, type Bucket, type QuorateClient } from '../../src/index.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';

export interface FollowingPlan {
  readonly nodes: number;
  readonly changes: number;
  readonly keys: number;
  readonly inFlight: number;
  /** Between two kills, ms; of four, the last is nats-server. */
  readonly killEveryMs: number;
}

export interface FollowingReport {
  readonly plan: FollowingPlan;
  readonly tookMs: number;
  readonly kills: { readonly nodes: number; readonly servers: number };
  readonly acknowledged: number;
  /** Puts that were not done, or nobody knows: they were asked again. */
  readonly askedAgain: number;
  readonly keysSeen: number;
  readonly keysMissed: readonly string[];
  readonly told: number;
  /** Told what was told of the key before. */
  readonly duplicates: number;
  readonly lost: number;
  readonly resynced: number;
  readonly behind: number;
  readonly markers: number;
  /** From the last acknowledgement to the last key that was seen. */
  readonly caughtUpMs: number;
}

type Texts = Bucket<string>;
const startMsMax = 60_000;
const patienceMs = 120_000;
const restMs = 50;

export async function following(options: {
  readonly plan: FollowingPlan;
  readonly onProgress: (text: string) => void;
}): Promise<FollowingReport> {
  const { plan, onProgress } = options;
  let server: NatsServer | undefined;
  let cluster: ProcessCluster | undefined;
  let client: QuorateClient | undefined;
  try {
    onProgress('starting');
    server = await startNatsServer({ config: natsConf() });
    const { url: serverUrl, port } = server;
    cluster = await ProcessCluster.start({ nodes: plan.nodes, serverUrl, startMs: startMsMax });
    client = await connect({ servers: serverUrl });
    const restart = async (): Promise<void> => {
      await server?.stop();
      server = await startNatsServer({ config: natsConf(), port });
    };
    return await measured(client.bucket('following', { codec: text }), {
      plan,
      onProgress,
      cluster,
      restart,
    });
  } finally {
    await client?.close();
    await cluster?.stop();
    await server?.stop();
  }
}

interface Surroundings {
  readonly plan: FollowingPlan;
  readonly onProgress: (text: string) => void;
  readonly cluster: ProcessCluster;
  readonly restart: () => Promise<void>;
}

async function measured(bucket: Texts, around: Surroundings): Promise<FollowingReport> {
  const { plan, onProgress } = around;
  const seen = new Seen(bucket);
  await until(() => seen.markers > 0);
  const startedMs = performance.now();
  const work = new Work(bucket, plan);
  const over = { is: false };
  const killing = kill(around, over);
  const watching = setInterval(
    () => onProgress(`${work.done} of ${plan.changes} changes, ${seen.told} told`),
    1_000,
  );
  await work.run();
  over.is = true;
  const kills = await killing;
  clearInterval(watching);
  const tookMs = performance.now() - startedMs;
  // Of a put whose outcome nobody knew both values may stand.
  const held = await bucket.getAll(work.last.keys(), { r: plan.nodes, timeoutMs: 30_000 });
  const isSeen = (key: string): boolean => seen.last.get(key) === textOf(held.get(key)?.values);
  const endedMs = performance.now();
  await until(() => [...work.last.keys()].every(isSeen));
  const caughtUpMs = performance.now() - endedMs;
  const keysMissed = [...work.last.keys()].filter((key) => !isSeen(key));
  seen.stop();
  return {
    plan,
    tookMs,
    kills,
    acknowledged: work.done,
    askedAgain: work.askedAgain,
    keysSeen: work.last.size - keysMissed.length,
    keysMissed,
    told: seen.told,
    duplicates: seen.duplicates,
    lost: seen.statuses.filter((status) => status === 'lost').length,
    resynced: seen.statuses.filter((status) => status === 'resynced').length,
    behind: seen.statuses.filter((status) => status === 'behind').length,
    markers: seen.markers,
    caughtUpMs,
  };
}

function textOf(values: readonly string[] = []): string {
  return values.toSorted().join('+');
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!holds() && performance.now() < end) await sleep(restMs);
}

/** Puts of keys in turn, each again until it is acknowledged. */
class Work {
  readonly last = new Map<string, string>();
  done = 0;
  askedAgain = 0;
  private next = 0;

  constructor(
    private readonly bucket: Texts,
    private readonly plan: FollowingPlan,
  ) {}

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.plan.inFlight }, () => this.work()));
  }

  private async work(): Promise<void> {
    while (this.next < this.plan.changes) {
      const change = this.next++;
      await this.put(`orders.key-${change % this.plan.keys}`, String(change));
      this.done++;
    }
  }

  private async put(key: string, value: string): Promise<void> {
    for (;;) {
      const isDone = await this.bucket.put(key, value).then(
        () => true,
        () => false,
      );
      if (isDone) break;
      this.askedAgain++;
      await sleep(restMs);
    }
    this.last.set(key, value);
  }
}

/** What a watch was told. */
class Seen {
  readonly last = new Map<string, string>();
  readonly statuses: string[] = [];
  told = 0;
  duplicates = 0;
  markers = 0;
  private readonly watch;

  constructor(bucket: Texts) {
    this.watch = bucket.watch({ keys: 'orders.>', values: true });
    void this.follow();
  }

  stop(): void {
    this.watch.end();
  }

  private async follow(): Promise<void> {
    for await (const event of this.watch) {
      if (event.type === 'marker') this.markers++;
      else if (event.type === 'status') this.statuses.push(event.status);
      else {
        const value = textOf(event.values);
        const key = String(event.key);
        if (this.last.get(key) === value) this.duplicates++;
        this.last.set(key, value);
        this.told++;
      }
    }
  }
}

/** Nodes in turn and every fourth time nats-server; each is back before the next one goes. */
async function kill(
  { plan, cluster, restart }: Surroundings,
  over: { readonly is: boolean },
): Promise<FollowingReport['kills']> {
  const kills = { nodes: 0, servers: 0 };
  await sleep(plan.killEveryMs);
  for (let round = 0; !over.is; round++) {
    if (round % 4 === 3) {
      await restart();
      kills.servers++;
    } else {
      const node = round % plan.nodes;
      await cluster.kill(node);
      kills.nodes++;
      await sleep(plan.killEveryMs / 2);
      cluster.launch(node);
    }
    await cluster.serving(plan.nodes, startMsMax);
    await sleep(plan.killEveryMs);
  }
  return kills;
}
