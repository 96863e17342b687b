/**
 * Watches on real nodes, while nodes and nats-server are killed and stopped: by the TypeScript
 * client, by the command, and by a listener of a few lines that knows NATS alone.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectToNats, createInbox, type MsgHdrs, type NatsConnection } from 'nats';
import { natsConf } from '../../src/bus/nats-conf.js';
import {
  connect,
  text,
  type BucketWatch,
  type QuorateClient,
  type WatchedEvent,
  type WatchOptions,
} from '../../src/index.js';
import { decode } from '../../src/wire/message-pack.js';
import { main } from '../support/launched.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';

jest.setTimeout(300_000);

const patienceMs = 60_000;
let server: NatsServer;
let cluster: ProcessCluster;
let client: QuorateClient;
let directory: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-watch-'));
  server = await startNatsServer({ config: natsConf() });
  cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
  client = await connect({ servers: server.url });
});

afterAll(async () => {
  await client?.close();
  for (const child of children) child.kill('SIGKILL');
  await cluster?.stop();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** As a reader sees them now. */
async function held(bucket: string, keys: Iterable<string>): Promise<Map<string, string>> {
  const entries = await client.bucket(bucket, { codec: text }).getAll(keys, { r: 3 });
  return new Map(
    [...keys].map((key) => {
      const values = entries.get(key)?.values ?? ['(deleted)'];
      return [key, values.toSorted().join('+')];
    }),
  );
}

async function until(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 25) {
    if (await condition()) return;
    await sleep(25);
  }
  throw new Error(`it did not become true: ${typeof what === 'string' ? what : what()}`);
}

/** The last that was heard of each key, and all that was said besides. */
class Followed {
  readonly last = new Map<string, string>();
  readonly said: string[] = [];
  readonly types: string[] = [];
  error: Error | undefined;
  readonly watch: BucketWatch<string>;

  constructor(bucket: string, options: WatchOptions = {}) {
    this.watch = client.bucket(bucket, { codec: text }).watch({ values: true, ...options });
    this.read().catch((error: Error) => (this.error = error));
  }

  private async read(): Promise<void> {
    for await (const event of this.watch) this.take(event);
  }

  private take(event: WatchedEvent<string>): void {
    if (event.type === 'marker') return void this.said.push('marker');
    if (event.type === 'status') return void this.said.push(event.status);
    this.types.push(event.type);
    this.last.set(
      String(event.key),
      event.deleted ? '(deleted)' : event.values!.toSorted().join('+'),
    );
  }

  begun(): Promise<void> {
    return until('a marker', () => this.said.includes('marker'));
  }

  saw(wanted: ReadonlyMap<string, string>): Promise<void> {
    const missed = (): string[] =>
      [...wanted]
        .filter(([key, value]) => this.last.get(key) !== value)
        .map(([key, value]) => `${key} is ${value}, told ${this.last.get(key)}`);
    const what = (): string => `all told (after ${this.said.join()}): ${missed().join('; ')}`;
    return until(what, () => {
      if (this.error !== undefined) throw this.error;
      return missed().length === 0;
    });
  }
}

/**
 * Puts go on whatever happens; resolves to what the keys hold then: the last value that was
 * acknowledged is a part of that.
 */
async function putting(
  bucket: string,
  keys: number,
  during: () => Promise<void>,
): Promise<Map<string, string>> {
  const puts = client.bucket(bucket, { codec: text, timeoutMs: 5_000 });
  const last = new Map<string, string>();
  const over = { is: false };
  const put = async (worker: number): Promise<void> => {
    for (let i = 0; !over.is; i++) {
      const key = `k${worker}-${i % keys}`;
      const value = `${i}`;
      // One that may show later is put again until one is acknowledged, which replaces it.
      for (;;) {
        const done = await puts.put(key, value).catch(() => undefined);
        if (done !== undefined) break;
        await sleep(50);
      }
      last.set(key, value);
    }
  };
  const workers = [put(0), put(1), put(2), put(3)];
  await during();
  over.is = true;
  await Promise.all(workers);
  const now = await held(bucket, [...last.keys()]);
  for (const [key, value] of last) expect(now.get(key)!.split('+')).toContain(value);
  return now;
}

test('current, history, updates: what is there, a marker, what changes, what is deleted', async () => {
  const bucket = client.bucket('first', { codec: text });
  await bucket.putAll([
    ['eu.a', 'one'],
    ['eu.b', 'two'],
    ['us.a', 'three'],
    ['a key, with * and >', 'four'],
  ]);
  await bucket.delete('eu.b');
  const current = new Followed('first', { include: 'current' });
  const history = new Followed('first', { include: 'history', keys: 'eu.*' });
  const updates = new Followed('first');
  for (const one of [current, history, updates]) await one.begun();
  expect(Object.fromEntries(current.last)).toEqual({
    'eu.a': 'one',
    'us.a': 'three',
    'a key, with * and >': 'four',
  });
  expect(Object.fromEntries(history.last)).toEqual({ 'eu.a': 'one', 'eu.b': '(deleted)' });
  expect(updates.last.size).toBe(0);
  await bucket.put('eu.b', 'back');
  await bucket.delete('us.a');
  await bucket.put('eu.t', 'short', { ttlMs: 500 });
  const now = new Map([
    ['eu.b', 'back'],
    ['us.a', '(deleted)'],
    ['eu.t', '(deleted)'],
  ]);
  await current.saw(now);
  await updates.saw(now);
  await history.saw(new Map([['eu.b', 'back']]));
  expect(new Set(updates.types)).toEqual(new Set(['change']));
  for (const { watch } of [current, history, updates]) watch.end();
});

test('each node is killed and starts again, one after the other: nothing is missed', async () => {
  const followed = [new Followed('killed'), new Followed('killed'), new Followed('killed')];
  for (const one of followed) await one.begun();
  await sleep(2_500);
  const last = await putting('killed', 50, async () => {
    for (let i = 0; i < 3; i++) {
      await cluster.kill(i);
      await sleep(3_000);
      cluster.launch(i);
      await cluster.serving(3, patienceMs);
      await sleep(4_000);
    }
  });
  for (const one of followed) {
    await one.saw(last);
    expect(one.said.at(-1)).toBe('marker');
    one.watch.end();
  }
  // Each of them was served by a node that was killed.
  expect(followed.flatMap(({ said }) => said)).toContain('lost');
});

test('nats-server is killed and starts again: the watch asks anew, and misses nothing', async () => {
  const followed = new Followed('server');
  await followed.begun();
  await sleep(1_500);
  const last = await putting('server', 50, async () => {
    await sleep(1_000);
    const { port } = server;
    await server.stop();
    await sleep(500);
    server = await startNatsServer({ config: natsConf(), port });
    await cluster.serving(3, patienceMs);
    await sleep(3_000);
  });
  await followed.saw(last);
  expect(followed.said).toContain('lost');
  followed.watch.end();
});

test('a node stands still and goes on: others serve, and nothing is missed', async () => {
  const followed = [0, 1, 2, 3].map(() => new Followed('stopped'));
  for (const one of followed) await one.begun();
  await sleep(1_500);
  const last = await putting('stopped', 50, async () => {
    cluster.signal(0, 'SIGSTOP');
    await sleep(6_000);
    cluster.signal(0, 'SIGCONT');
    await sleep(3_000);
  });
  for (const one of followed) {
    await one.saw(last);
    one.watch.end();
  }
});

test('a slow listener is waited for, and a cursor that was kept is good later and elsewhere', async () => {
  const bucket = client.bucket('slow', { codec: text });
  const slow = bucket.watch({ values: true });
  const first = await slow.next();
  expect(first.value).toEqual({ type: 'marker' });
  const value = 'x'.repeat(20_000);
  const wanted = Array.from({ length: 200 }, (_, i) => `k${i}`);
  await bucket.putAll(wanted.map((key) => [key, value] as const));
  await sleep(7_000);
  const seen = new Set<string>();
  const statuses = new Set<string>();
  while (seen.size < wanted.length) {
    const { value: event } = (await slow.next()) as { value: WatchedEvent<string> };
    if (event.type === 'change') seen.add(String(event.key));
    else if (event.type === 'status') statuses.add(event.status);
  }
  expect([...statuses]).toEqual(['behind']);
  await until('a cursor behind all of it', async () => {
    const { value: event } = (await slow.next()) as { value: WatchedEvent<string> };
    return event.type === 'marker';
  });
  const { cursor } = slow;
  slow.end();
  await bucket.put('later', 'while nobody watched');
  await bucket.delete('k7');
  const again = new Followed('slow', { resumeFrom: cursor });
  await again.saw(
    new Map([
      ['later', 'while nobody watched'],
      ['k7', '(deleted)'],
    ]),
  );
  await again.begun();
  again.watch.end();
});

/** As the page says it, and nothing of Quorate. */
class NatsListener {
  readonly last = new Map<string, string>();
  readonly words: string[] = [];
  private cursor: string | undefined;
  private heardMs = 0;
  private isOver = false;

  constructor(
    private readonly nats: NatsConnection,
    private readonly bucket: string,
  ) {}

  async follow(): Promise<void> {
    while (!this.isOver) await this.ask();
  }

  stop(): void {
    this.isOver = true;
  }

  private async ask(): Promise<void> {
    const inbox = createInbox();
    const subscription = this.nats.subscribe(inbox);
    const wish = { include: 'current', values: true, resumeFrom: this.cursor };
    this.nats.publish(`kv.watch.${this.bucket}`, JSON.stringify(wish), { reply: inbox });
    this.heardMs = Date.now();
    const beat = setInterval(() => {
      if (this.isOver || Date.now() - this.heardMs > 2_500) subscription.unsubscribe();
    }, 250);
    let expected = 1;
    let acknowledgeTo = '';
    for await (const { headers, data } of subscription) {
      this.heardMs = Date.now();
      const word = headers?.get('Kv-Watch') ?? '';
      if (word !== 'heartbeat') this.words.push(word);
      if (word === 'ended' || Number(headers!.get('Kv-Seq')) !== expected++) break;
      if (word === 'started') acknowledgeTo = headers!.get('Kv-Ack');
      if (word === 'change' || word === 'current') this.take(headers!, data);
      this.cursor = headers!.get('Kv-Cursor') || this.cursor;
      this.nats.publish(acknowledgeTo, headers!.get('Kv-Seq'));
    }
    clearInterval(beat);
    subscription.unsubscribe();
    if (!this.isOver) await sleep(100);
  }

  private take(headers: MsgHdrs, data: Uint8Array): void {
    const isDeleted = headers.get('Kv-Deleted') !== '';
    const several = headers.get('Kv-Siblings') !== '';
    const values = several ? (decode(Buffer.from(data)) as (Uint8Array | null)[]) : [data];
    const texts = values.flatMap((value) =>
      value === null ? [] : [Buffer.from(value).toString()],
    );
    this.last.set(headers.get('Kv-Key'), isDeleted ? '(deleted)' : texts.toSorted().join('+'));
  }
}

test('a listener that knows NATS alone misses nothing either, while a node is killed', async () => {
  await client.bucket('plain').put('before', 'it was there');
  const nats = await connectToNats({ servers: server.url });
  const listener = new NatsListener(nats, 'plain');
  const following = listener.follow();
  await until('a marker', () => listener.words.includes('marker'));
  const last = await putting('plain', 50, async () => {
    await cluster.kill(1);
    await sleep(3_000);
    cluster.launch(1);
    await cluster.serving(3, patienceMs);
  });
  last.set('before', 'it was there');
  try {
    await until('all last values', () =>
      [...last].every(([key, value]) => listener.last.get(key) === value),
    );
  } finally {
    listener.stop();
    await following;
    await nats.close();
  }
});

/** `quorate watch` of the bucket `command`. */
function command(...args: string[]): { out: () => string; ended: Promise<unknown> } {
  const words = ['watch', 'command', ...args];
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...process.env, NATS_URL: server.url },
  });
  children.push(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return { out: () => printed, ended: once(child, 'close') };
}

test('the command: lines, values, and a file from which it goes on', async () => {
  const bucket = client.bucket('command', { codec: text });
  await bucket.put('a', 'one');
  const file = join(directory, 'cursor');
  const first = command('--include', 'current', '--values', '--resume', file, '--count', '2');
  await until('up to date', () => first.out().includes('up to date'));
  await bucket.put('b', 'two');
  await first.ended;
  expect(first.out()).toBe('a\tone\nup to date\nb\ttwo\n');
  await bucket.delete('a');
  const second = command('--resume', file, '--until-marker', '--json');
  await second.ended;
  const lines = second
    .out()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toContainEqual(
    expect.objectContaining({ type: 'change', key: 'a', deleted: true }),
  );
  expect(lines.at(-1)).toEqual({ type: 'marker' });
});
