/**
 * A client in a process of its own, told over IPC what to do. It works until it is told to stop,
 * and then reads keys for whoever asks. Arguments: name, kind (`typed`, `plain` or `retrying`),
 * servers by commas, all clients by commas, seed, file for its records.
 */
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimRandom } from '../simulation/core/sim-random.js';
import { PlainStore } from './workload/plain-store.js';
import type { Found, SoakStore } from './workload/store.js';
import { TypedStore } from './workload/typed-store.js';
import { workersOf } from './workload/workloads.js';
import type { Worker } from './workload/worker.js';

export type ClientOrder =
  | { readonly do: 'work' }
  | { readonly do: 'stop' }
  | { readonly do: 'status'; readonly id: number }
  | { readonly do: 'ring'; readonly id: number }
  | { readonly do: 'held'; readonly id: number; readonly keys: readonly HeldQuestion[] }
  | { readonly do: 'read'; readonly id: number; readonly bucket: string; readonly key: string };

export interface HeldQuestion {
  readonly node: string;
  readonly bucket: string;
  readonly key: string;
}

export type ClientReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown };

const timeoutMs = 3_000;
/** Of one that tries again: longer than anybody hangs without the others noticing. */
const retryMs = 15_000;
const retryingTimeoutMs = 1_500;
const readAttemptsMax = 20;
const questionsAtOnce = 16;
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
      if (kind === 'typed') return await TypedStore.connect(addresses, timeoutMs);
      return kind === 'retrying'
        ? await PlainStore.connect(addresses, retryingTimeoutMs, retryMs)
        : await PlainStore.connect(addresses, timeoutMs);
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
  else if (order.do === 'ring') tell({ kind: 'answer', id: order.id, value: await store.ring() });
  else if (order.do === 'held')
    tell({ kind: 'answer', id: order.id, value: await held(order.keys) });
  else tell({ kind: 'answer', id: order.id, value: await readForCertain(order) });
}

/** In order; a few at a time, so that nobody is asked for more than it takes. */
async function held(questions: readonly HeldQuestion[]): Promise<Found[]> {
  const answers: Found[] = [];
  for (let i = 0; i < questions.length; i += questionsAtOnce) {
    const some = questions.slice(i, i + questionsAtOnce);
    answers.push(
      ...(await Promise.all(some.map(({ node, bucket, key }) => store.heldBy(node, bucket, key)))),
    );
  }
  return answers;
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
