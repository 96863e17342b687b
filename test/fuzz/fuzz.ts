/**
 * One run: four real nodes on a real nats-server, honest clients to learn valid messages from,
 * then mutants of those, many at a time, first as an application, then as whoever has the nodes'
 * password. No message may end a node, hold it up or take what others stored.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectNats, type NatsConnection } from 'nats';
import { natsConf } from '../../src/bus/nats-conf.js';
import { connect as connectClient } from '../../src/index.js';
import { encodeDocument } from '../../src/wire/message-pack.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { freePort, startNatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';
import { isOfApplications, isOfNodes, sortOf, tap, type Message } from './corpus.js';
import { mutated } from './mutations.js';
import { Probe } from './probe.js';
import { RawSender } from './raw-sender.js';

export interface FuzzOptions {
  readonly seed: string;
  readonly cases: number;
  readonly say: (line: string) => void;
}

export interface FuzzReport {
  readonly cases: number;
  /** Of messages the corpus had. */
  readonly sorts: readonly string[];
  /** Nodes that are not the process they were. */
  readonly deaths: readonly string[];
  /** What the honest application stored and does not find. */
  readonly damage: readonly string[];
  readonly longestStallMs: number;
  /** Of all nodes, MB. */
  readonly memoryBeforeMb: number;
  readonly memoryAfterMb: number;
}

const nodePassword = 'fuzz-nodes';
/** With one more than there are replicas something moves where weights change. */
const nodes = 4;
/**
 * Then it is waited until the server and the nodes have read them: the nodes are to be tested, not
 * their queues.
 */
const casesAtOnce = 200;

export async function fuzz({ seed, cases, say }: FuzzOptions): Promise<FuzzReport> {
  const port = await freePort();
  const server = await startNatsServer({ port, config: natsConf({ port, nodePassword }) });
  let cluster: ProcessCluster | undefined;
  try {
    cluster = await ProcessCluster.start({
      nodes,
      serverUrl: server.url,
      arguments: ['--user=node', `--password=${nodePassword}`],
    });
    const corpus = await learn(server.url, cluster);
    const before = await cluster.status(500);
    const nodeIds = before.map(({ id }) => id);
    const probe = await Probe.start(cluster.client, nodeIds);
    const memoryBeforeMb = memoryOf(before);
    const random = new SimRandom(`fuzz ${seed}`);
    const run = { corpus, random, say, nodeIds, cluster, probe };
    await send({ ...run, port, cases: Math.ceil(cases * 0.7), wanted: isOfApplications });
    const damage = await probe.damage();
    await send({
      ...run,
      port,
      cases: Math.floor(cases * 0.3),
      wanted: isOfNodes,
      user: 'node',
      password: nodePassword,
    });
    await probe.stop();
    const after = await settled(cluster);
    return {
      cases,
      sorts: [...new Set(corpus.map(({ subject }) => sortOf(subject)))],
      deaths: before
        .filter(({ pid }) => !after.some((row) => row.pid === pid))
        .map(({ name }) => name),
      damage,
      longestStallMs: Math.round(probe.longestMs),
      memoryBeforeMb,
      memoryAfterMb: memoryOf(after),
    };
  } finally {
    await cluster?.stop();
    await server.stop();
  }
}

interface Sending {
  readonly corpus: readonly Message[];
  readonly wanted: (message: Message) => boolean;
  readonly random: SimRandom;
  readonly cases: number;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly nodeIds: readonly string[];
  readonly cluster: ProcessCluster;
  readonly probe: Probe;
  readonly say: (line: string) => void;
}

async function send(how: Sending): Promise<void> {
  const { wanted, random, cases, say, nodeIds, cluster, probe } = how;
  const corpus = how.corpus.filter(wanted);
  if (corpus.length === 0) throw new Error('nothing was learned to make mutants of');
  const sender = await RawSender.connect(how);
  for (let sent = 0; sent < cases && !probe.isLost; sent += casesAtOnce) {
    for (let i = 0; i < casesAtOnce; i++) sender.send(mutated(random.pick(corpus), random));
    await sender.flush();
    await Promise.all(nodeIds.map((id) => hasRead(cluster.client, id)));
    if (sent % 50_000 === 0) {
      const who = how.user ?? 'an application';
      say(`${sent} of ${cases} cases as ${who}: ${sizeOf(await cluster.status(1_000))}`);
    }
  }
  sender.close();
  say(`the server itself refused ${sender.refused}, and hung up ${sender.reconnects} times`);
}

/** A dead node does not answer: that is found out in the end. */
async function hasRead(client: ProcessCluster['client'], id: string): Promise<void> {
  await client.request(`$SRV.PING.quorate.${id}`, '', { timeoutMs: 5_000 }).catch(() => undefined);
}

/**
 * Both clients use everything there is, an operator changes the cluster, and the nodes have
 * something to say to each other.
 */
async function learn(url: string, cluster: ProcessCluster): Promise<Message[]> {
  const ear = await connectNats({ servers: url, user: 'node', pass: nodePassword });
  const end = tap(ear);
  await ear.flush();
  const client = await connectClient({ servers: url });
  const typed = client.bucket('fuzzed');
  const plain = cluster.client;
  for (let i = 0; i < 24; i++) {
    const { context } = await typed.put(`t${i}`, Buffer.from(`typed ${i}`));
    await typed.put(`t${i}`, Buffer.from('again'), { context, ttlMs: 60_000, w: 3, strict: true });
    await typed.getAll([`t${i}`, `t${i + 1}`]);
    await typed.delete(`t${i - 1}`);
    const put = await plain.put(`fuzzed.p${i}`, `plain ${i}`, {
      'Kv-Op': `op ${i}`,
      'Kv-TTL': 60_000,
    });
    await plain.put(`fuzzed.p${i}`, 'sibling', { 'Kv-Context': '-' });
    await plain.get(`fuzzed.p${i}`, { 'Kv-R': 3, 'Kv-Quorum': 'strict', 'Kv-Timeout': 3_000 });
    await plain.del(`fuzzed.p${i - 1}`, { 'Kv-Context': put.context ?? '-' });
    await typed.keys({ prefix: 't', pageKeys: 3 }).all();
    await plain.request('kv.multi.fuzzed', manyKeys(i));
    await plain.request('kv.keys.fuzzed', JSON.stringify({ values: i % 2 === 0, limit: 2 }));
    for (const verb of ['PING', 'INFO', 'STATS']) await plain.request(`$SRV.${verb}.quorate`, '');
    await cluster.status(10);
  }
  await client.close();
  await change(ear, cluster);
  // A beat or two, and a comparison of trees.
  await sleep(3_000);
  const corpus = end();
  await ear.close();
  return corpus;
}

/** Puts, then gets; in JSON, then in MessagePack. */
function manyKeys(i: number): Uint8Array {
  const keys = [`t${i}`, `p${i}`, `m${i}`];
  const rows = keys.map((key) => ({ key, value: `many ${i}`, ttl: 60_000 }));
  const question = i % 2 === 0 ? { put: rows } : { get: keys };
  return i % 4 < 2 ? Buffer.from(JSON.stringify(question)) : encodeDocument(question);
}

/** Partitions move, and an operator asks whatever there is to ask. */
async function change(ear: NatsConnection, cluster: ProcessCluster): Promise<void> {
  const [id, asked] = (await cluster.status()).map((row) => row.id);
  const ask = async (question: object): Promise<{ plan?: object }> => {
    const payload = JSON.stringify(question);
    const reply = await ear.request(`_kv.${asked}.change`, payload, { timeout: 10_000 });
    return reply.json();
  };
  for (const weight of [0.25, 0.5]) {
    let plan: object | undefined;
    // There is none while something moves; the fourth node comes by itself.
    await cluster.until('nothing moves', 60_000, async () => {
      ({ plan } = await ask({ ask: 'plan', places: [{ id, weight }] }));
      return plan !== undefined;
    });
    await ask({ ask: 'apply', plan });
  }
  await ask({ ask: 'cancel' });
  await ask({ ask: 'recovery' });
}

/** What mutants store stays; so memory is level when it grows no faster than the keys. */
function sizeOf(rows: Awaited<ReturnType<ProcessCluster['status']>>): string {
  const keys = rows.reduce((sum, row) => sum + row.keys, 0);
  return `${keys} keys, ${memoryOf(rows)} MB`;
}

/** Whoever is alive answers in the end, however much there was to read. */
async function settled(cluster: ProcessCluster): ReturnType<ProcessCluster['status']> {
  let rows = await cluster.status(1_000);
  for (let i = 0; i < 20 && rows.length < nodes; i++) rows = await cluster.status(1_000);
  return rows;
}

function memoryOf(rows: readonly { readonly pid: number }[]): number {
  const kilobytes = rows.map(({ pid }) => {
    const found = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1] ?? 0);
  });
  return Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1024);
}
