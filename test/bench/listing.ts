/**
 * How long it takes to list all keys of a bucket, beside JetStream KV's `keys()`: one after the
 * other, again and again, both clusters up throughout.
 */
import { connect as connectNats } from 'nats';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../src/index.js';
import { inBatches } from '../../src/client/batches.js';
import { medianOf, round, spreadPercentOf } from './report/statistics.js';
import { jetStreamKvR3, kvBucket } from './systems/jetstream-kv.js';
import { quorate } from './systems/quorate.js';

export interface ListingPlan {
  readonly nodes: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly durability: string;
  readonly rounds: number;
}

export interface ListingRow {
  readonly way: string;
  readonly tookMs: number;
  readonly spreadPercent: number;
  readonly keysPerSecond: number;
  /** Its time divided by that of JetStream KV's `keys()`. */
  readonly ratio: number;
}

export interface ListingReport {
  readonly plan: ListingPlan;
  readonly rows: readonly ListingRow[];
}

/** How somebody lists all keys: how many there were. */
interface Way {
  readonly way: string;
  readonly list: () => Promise<number>;
}

interface Listed {
  readonly ways: readonly Way[];
  put(key: string, value: Uint8Array): Promise<unknown>;
  close(): Promise<void>;
}

export const peer = 'JetStream KV R3, keys()';

export async function listing(options: {
  readonly plan: ListingPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
}): Promise<ListingReport> {
  const { plan, directory, onProgress } = options;
  const { nodes, durability, keys, rounds } = plan;
  const systems = { quorate: quorate({ nodes, durability }), jetstream: jetStreamKvR3() };
  const ends: (() => Promise<void>)[] = [];
  const ways: Way[] = [];
  try {
    for (const [name, system] of Object.entries(systems)) {
      onProgress(`starting ${name}`);
      const data = join(directory, name);
      mkdirSync(data, { recursive: true });
      const running = await system.start(data);
      ends.push(() => running.stop());
      const listed = await (name === 'quorate' ? quorateListed : jetStreamListed)(running.servers);
      ends.push(() => listed.close());
      onProgress(`filling ${name} with ${keys} keys`);
      await fill(listed, plan);
      ways.push(...listed.ways);
    }
    const took = new Map(ways.map(({ way }) => [way, [] as number[]]));
    for (let i = 0; i <= rounds; i++)
      for (const { way, list } of i % 2 === 0 ? ways : ways.toReversed()) {
        onProgress(`${way}, ${i} of ${rounds}`);
        const ms = await timed(list, keys, way);
        // The first time is for warming up.
        if (i > 0) took.get(way)!.push(ms);
      }
    return { plan, rows: rowsOf(took, keys) };
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function fill(listed: Listed, { keys, valueBytes }: ListingPlan): Promise<void> {
  const value = Buffer.alloc(valueBytes, 'x');
  const names = Array.from({ length: keys }, (_, i) => `orders.${i % 100}.key-${i}`);
  await inBatches(names, (name) => listed.put(name, value));
}

async function timed(list: () => Promise<number>, keys: number, way: string): Promise<number> {
  const startedMs = performance.now();
  const found = await list();
  const tookMs = performance.now() - startedMs;
  if (found !== keys) throw new Error(`${way}: ${found} keys of ${keys}`);
  return tookMs;
}

async function quorateListed(servers: readonly string[]): Promise<Listed> {
  const client = await connect({ servers });
  const bucket = client.bucket('bench');
  return {
    put: (key, value) => bucket.put(key, value),
    ways: [
      { way: 'Quorate, keys()', list: () => counted(bucket.keys()) },
      { way: 'Quorate, keys().pages()', list: () => countedPages(bucket.keys().pages()) },
      { way: 'Quorate, count()', list: () => bucket.count() },
    ],
    close: () => client.close(),
  };
}

async function jetStreamListed(servers: readonly string[]): Promise<Listed> {
  const connection = await connectNats({ servers: [...servers], noAsyncTraces: true });
  const bucket = await connection.jetstream().views.kv(kvBucket, { bindOnly: true });
  return {
    put: (key, value) => bucket.put(key, value),
    ways: [{ way: peer, list: async () => counted(await bucket.keys()) }],
    close: () => connection.close(),
  };
}

async function counted(keys: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of keys) count++;
  return count;
}

async function countedPages(pages: AsyncIterable<readonly unknown[]>): Promise<number> {
  let count = 0;
  for await (const page of pages) count += page.length;
  return count;
}

export function rowsOf(
  took: ReadonlyMap<string, readonly number[]>,
  keys: number,
): readonly ListingRow[] {
  const peerMs = medianOf(took.get(peer)!);
  return [...took].map(([way, times]) => {
    const tookMs = medianOf(times);
    return {
      way,
      tookMs: round(tookMs, 1),
      spreadPercent: round(spreadPercentOf(times), 1),
      keysPerSecond: Math.round((1000 * keys) / tookMs),
      ratio: round(tookMs / peerMs, 3),
    };
  });
}
