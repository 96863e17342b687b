/**
 * A client in a process of its own, told over IPC what to do. It works until it is told to stop,
 * and then reads keys for whoever asks. Arguments: name, kind (`typed`, `plain` or `retrying`),
 * servers by commas, all clients by commas, seed, file for its records.
 */
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimRandom } from '../simulation/core/sim-random.js';
import { PlainStore } from './workload/plain-store.js';
import type { SoakStore } from './workload/store.js';
import { TypedStore } from './workload/typed-store.js';
import { workersOf } from './workload/workloads.js';
import type { Worker } from './workload/worker.js';

export type ClientOrder =
  | { readonly do: 'work' }
  | { readonly do: 'stop' }
  | { readonly do: 'status'; readonly id: number }
  | { readonly do: 'read'; readonly id: number; readonly bucket: string; readonly key: string };

export type ClientReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown };

const timeoutMs = 3_000;
const readAttemptsMax = 20;
/** Between two operations of one workload. */
const paceMs = { least: 20, most: 160 };

const [, , name, kind, servers, clients, seed, file] = process.argv;
const store = await connectStore();
const records = createWriteStream(file!);
const stopping = new AbortController();
let done: Promise<unknown> = Promise.resolve();

process.on('message', (order: ClientOrder) => void obey(order));
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready' });

async function connectStore(): Promise<SoakStore> {
  const addresses = servers!.split(',');
  for (;;) {
    try {
      return kind === 'typed'
        ? await TypedStore.connect(addresses, timeoutMs)
        : await PlainStore.connect(addresses, timeoutMs, kind === 'retrying' ? 3 : 1);
    } catch {
      await sleep(250);
    }
  }
}

async function obey(order: ClientOrder): Promise<void> {
  if (order.do === 'work') work();
  else if (order.do === 'stop') {
    stopping.abort();
    await done;
    records.end(() => tell({ kind: 'stopped' }));
  } else if (order.do === 'status')
    tell({ kind: 'answer', id: order.id, value: await store.status() });
  else tell({ kind: 'answer', id: order.id, value: await readForCertain(order) });
}

function work(): void {
  const random = new SimRandom(`${seed} ${name}`);
  const workers = workersOf({
    client: name!,
    clients: clients!.split(','),
    store,
    random,
    // What another node answers may come when all is over.
    write: (record) => {
      if (!records.writableEnded) records.write(`${JSON.stringify(record)}\n`);
    },
  });
  done = Promise.all(workers.map((worker) => run(worker, random.fork(worker.workload))));
}

async function run(worker: Worker, random: SimRandom): Promise<void> {
  while (!stopping.signal.aborted) {
    await worker.step();
    await sleep(random.between(paceMs.least, paceMs.most));
  }
}

/** Of all three primaries, and until it is answered. */
async function readForCertain({ bucket, key }: { bucket: string; key: string }): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const found = await store.read(bucket, key, { strict: true, r: 3 });
    if (found.outcome === 'done' || attempt === readAttemptsMax) return found;
    await sleep(500);
  }
}

function tell(reply: ClientReply): void {
  process.send?.(reply);
}
