/**
 * One script over NATS' own key-value store (JetStream) and over Quorate's helper of its shape, on
 * one nats-server. What comes out is the same, but for what the table says.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NatsConnection } from 'nats';
import { ConflictError, Context, natsKv, type QuorateClient } from '../../src/index.js';
import { until } from '../support/real-nodes.js';
import { nodesBesideJetStream } from '../support/three-nodes.js';

let three: Awaited<ReturnType<typeof nodesBesideJetStream>>;
let client: QuorateClient;
let nats: NatsConnection;

beforeAll(async () => {
  three = await nodesBesideJetStream();
  ({ client, nats } = three);
});

afterAll(() => three?.end());

interface EntryLike<R> {
  readonly bucket: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: R;
  readonly operation: string;
  readonly length: number;
  string(): string;
  json(): unknown;
}

type Loop<T> = AsyncIterable<T> & { stop(): void };

/** What a program may use of both; `R`: a revision. */
interface KvLike<R> {
  get(key: string, options?: { revision: R }): Promise<EntryLike<R> | null>;
  put(key: string, data: string | Uint8Array, options?: { previousSeq: R }): Promise<R>;
  create(key: string, data: string | Uint8Array): Promise<R>;
  update(key: string, data: string | Uint8Array, revision: R): Promise<R>;
  delete(key: string, options?: { previousSeq: R }): Promise<void>;
  purge(key: string): Promise<void>;
  keys(filter?: string): Promise<Loop<string>>;
  history(options?: { key?: string }): Promise<Loop<EntryLike<R>>>;
  watch(options?: {
    key?: string;
    ignoreDeletes?: boolean;
    headers_only?: boolean;
    initializedFn?: () => void;
  }): Promise<Loop<EntryLike<R>>>;
  status(): Promise<{
    readonly bucket: string;
    readonly values: number;
    readonly history: number;
    readonly ttl: number;
  }>;
  destroy(): Promise<boolean>;
}

/** What a step comes to: something that can be compared; no revisions, which are never equal. */
type Step = <R>(kv: KvLike<R>) => Promise<unknown>;

function shown(entry: EntryLike<unknown> | null): unknown {
  if (entry === null) return null;
  return [entry.key, entry.operation, entry.string(), entry.length];
}

async function refusal(run: Promise<unknown>): Promise<unknown> {
  try {
    await run;
    return 'done';
  } catch (error) {
    return `refused: ${(error as Error).message.split(':')[0]}`;
  }
}

async function sorted<T>(loop: Loop<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of loop) all.push(one);
  return all.sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

/** Each on a bucket of its own. */
const steps: Readonly<Record<string, Step>> = {
  'a value comes back': async (kv) => {
    await kv.put('a', 'one');
    await kv.put('eu.b-1/x=_', new Uint8Array([1, 2, 3]));
    await kv.put('empty', '');
    const json = await kv.put('json', '{"x":1}').then(() => kv.get('json'));
    const bytes = await kv.get('eu.b-1/x=_');
    return [
      shown(await kv.get('a')),
      [...(bytes?.value ?? [])],
      shown(await kv.get('empty')),
      json?.json(),
    ];
  },
  'an absent key is null': async (kv) => shown(await kv.get('never')),
  'keys that are none are refused': async (kv) => {
    const names = ['', '.a', 'a.', 'a b', 'a*', 'a.>', '*'];
    return Promise.all(names.map((name) => refusal((async () => kv.put(name, 'x'))())));
  },
  'a deleted key says so': async (kv) => {
    await kv.put('k', 'v');
    await kv.delete('k');
    return shown(await kv.get('k'));
  },
  'a purged key says so': async (kv) => {
    await kv.put('k', 'v');
    await kv.purge('k');
    return shown(await kv.get('k'));
  },
  'create, once': async (kv) => {
    await kv.create('k', 'first');
    const again = await refusal(kv.create('k', 'second'));
    return [again === 'done', shown(await kv.get('k'))];
  },
  'create after a delete': async (kv) => {
    await kv.put('k', 'v');
    await kv.delete('k');
    await kv.create('k', 'new');
    return shown(await kv.get('k'));
  },
  'update with the revision of a put, and of a get': async (kv) => {
    const first = await kv.put('k', '1');
    await kv.update('k', '2', first);
    const entry = await kv.get('k');
    await kv.update('k', '3', entry!.revision);
    return shown(await kv.get('k'));
  },
  'update with an old revision': async (kv) => {
    const first = await kv.put('k', '1');
    await kv.put('k', '2');
    return [(await refusal(kv.update('k', '3', first))) === 'done', shown(await kv.get('k'))];
  },
  'put with previousSeq': async (kv) => {
    const first = await kv.put('k', '1');
    const second = await kv.put('k', '2', { previousSeq: first });
    const refused = await refusal(kv.put('k', '3', { previousSeq: first }));
    await kv.put('k', '4', { previousSeq: second });
    return [refused === 'done', shown(await kv.get('k'))];
  },
  'delete with previousSeq': async (kv) => {
    const first = await kv.put('k', '1');
    const second = await kv.put('k', '2');
    const refused = await refusal(kv.delete('k', { previousSeq: first }));
    const before = shown(await kv.get('k'));
    await kv.delete('k', { previousSeq: second });
    return [refused === 'done', before, (await kv.get('k'))?.operation];
  },
  'what a refused update says': async (kv) => {
    const first = await kv.put('k', '1');
    await kv.put('k', '2');
    return refusal(kv.update('k', '3', first));
  },
  'update with the revision of a delete': async (kv) => {
    await kv.put('k', '1');
    await kv.delete('k');
    const deleted = await kv.get('k');
    return (await refusal(kv.update('k', '2', deleted!.revision))) === 'done';
  },
  'get by revision': async (kv) => {
    const first = await kv.put('k', '1');
    const second = await kv.put('k', '2');
    return [
      shown(await kv.get('k', { revision: second })),
      shown(await kv.get('k', { revision: first }).catch(() => null)),
    ];
  },
  'a revision': async (kv) => typeof (await kv.put('k', '1')),
  keys: async (kv) => {
    for (const key of ['a', 'eu.1', 'eu.2', 'eu.2.x', 'us.1', 'gone']) await kv.put(key, 'v');
    await kv.delete('gone');
    return [
      await sorted(await kv.keys()),
      await sorted(await kv.keys('eu.*')),
      await sorted(await kv.keys('eu.>')),
      await sorted(await kv.keys('*.1')),
      await sorted(await kv.keys('none.>')),
    ];
  },
  'delete with wildcards': async (kv) => {
    for (const key of ['eu.1', 'eu.2', 'us.1']) await kv.put(key, 'v');
    await kv.delete('eu.*');
    return sorted(await kv.keys());
  },
  'history with one value a key': async (kv) => {
    for (const value of ['1', '2', '3']) await kv.put('k', value);
    await kv.put('l', 'x');
    const all = [];
    for await (const entry of await kv.history({ key: 'k' })) all.push(shown(entry));
    const keys = [];
    for await (const { key } of await kv.history()) keys.push(key);
    return [all, keys.sort()];
  },
  'history of a deleted key': async (kv) => {
    await kv.put('k', '1');
    await kv.delete('k');
    const all = [];
    for await (const entry of await kv.history({ key: 'k' })) all.push(shown(entry));
    return all;
  },
  'watch: what is there, a call, changes': async (kv) => {
    await kv.put('a', '1');
    await kv.put('b', '1');
    const seen: unknown[] = [];
    const watch = await kv.watch({ initializedFn: () => void seen.push('up to date') });
    const loop = (async () => {
      for await (const entry of watch) {
        seen.push(shown(entry));
        if (entry.operation === 'DEL') break;
      }
    })();
    await until('it is up to date', 30_000, () => seen.includes('up to date'));
    await kv.put('a', '2');
    await until('a change is seen', 30_000, () => seen.length > 3);
    await kv.delete('b');
    await loop;
    return [seen.slice(0, 2).map(String).sort(), seen.slice(2)];
  },
  'watch: of a pattern, without deletes, ended by stop()': async (kv) => {
    await kv.put('eu.1', '1');
    await kv.put('us.1', '1');
    const seen: unknown[] = [];
    const watch = await kv.watch({ key: 'eu.>', ignoreDeletes: true });
    const loop = (async () => {
      for await (const entry of watch) seen.push(shown(entry));
    })();
    await until('it has begun', 30_000, () => seen.length === 1);
    await kv.put('us.1', '2');
    await kv.delete('eu.1');
    await kv.put('eu.2', '1');
    await until('a change is seen', 30_000, () => seen.length === 2);
    watch.stop();
    await loop;
    return seen;
  },
  'watch: headers only': async (kv) => {
    await kv.put('k', '123');
    for await (const entry of await kv.watch({ headers_only: true }))
      return [entry.operation, entry.value.length, entry.length];
    return 'nothing';
  },
  'watch: of nothing, a call': async (kv) => {
    const called: string[] = [];
    const watch = await kv.watch({ initializedFn: () => void called.push('up to date') });
    const loop = (async () => {
      for await (const _ of watch) called.push('an entry');
    })();
    await until('it is up to date', 30_000, () => called.length > 0);
    watch.stop();
    await loop;
    return called;
  },
  'watch: what was deleted before': async (kv) => {
    await kv.put('k', 'v');
    await kv.put('gone', 'v');
    await kv.delete('gone');
    const seen: string[] = [];
    let isInitialized = false;
    const initializedFn = (): void => {
      isInitialized = true;
    };
    const watch = await kv.watch({ initializedFn });
    const loop = (async () => {
      for await (const { key, operation } of watch) seen.push(`${key} ${operation}`);
    })();
    await until('it is up to date', 30_000, () => isInitialized);
    watch.stop();
    await loop;
    return seen.sort();
  },
  status: async (kv) => {
    await kv.put('a', '1');
    await kv.put('b', '1');
    const { values, history, ttl } = await kv.status();
    return { values, history, ttl };
  },
  'status after a delete': async (kv) => {
    await kv.put('a', '1');
    await kv.put('b', '1');
    await kv.delete('b');
    const { values, history } = await kv.status();
    return { values, history };
  },
};

/** Where the two differ, and why. */
const differences: Readonly<
  Record<string, { readonly jetStream: unknown; readonly quorate: unknown; readonly why: string }>
> = {
  'keys that are none are refused': {
    jetStream: Array.from({ length: 7 }, () => 'refused: invalid key'),
    quorate: [
      ...Array.from({ length: 4 }, () => 'refused: invalid key'),
      'done',
      ...Array.from({ length: 2 }, () => 'refused: invalid key'),
    ],
    why: 'a key has any bytes; only what has a meaning in a pattern is refused by the helper',
  },
  'a purged key says so': {
    jetStream: ['k', 'PURGE', '', 0],
    quorate: ['k', 'DEL', '', 0],
    why: 'there is no history that could be purged, so a purge is a delete',
  },
  'what a refused update says': {
    jetStream: 'refused: wrong last sequence',
    quorate: 'refused: Kv-If',
    why: 'there are no sequences; the ConditionError has what is there as its entry',
  },
  'update with the revision of a delete': {
    jetStream: true,
    quorate: false,
    why: 'replacing means that there is something; create is what puts a deleted key',
  },
  'a revision': {
    jetStream: 'number',
    quorate: 'string',
    why: 'no node counts for all: a revision is what its author has seen of this key',
  },
  'status after a delete': {
    jetStream: { values: 2, history: 1 },
    quorate: { values: 1, history: 1 },
    why: 'values counts keys that have one; JetStream counts messages, deletes too',
  },
};

describe('one script over both', () => {
  for (const [i, [name, step]] of Object.entries(steps).entries()) {
    test(name, async () => {
      const bucket = `script-${i}`;
      const jetStream = await step(await nats.jetstream().views.kv(bucket));
      const quorate = await step<string>(natsKv(client, bucket));
      const difference = differences[name];
      if (difference === undefined) {
        expect(quorate).toEqual(jetStream);
        return;
      }
      expect(jetStream).toEqual(difference.jetStream);
      expect(quorate).toEqual(difference.quorate);
      expect(quorate).not.toEqual(jetStream);
    });
  }

  test('each difference is one of a step', () => {
    expect(Object.keys(differences).filter((name) => steps[name] === undefined)).toEqual([]);
  });
});

test('a key of which writers did not know of each other has no one value, and an update merges', async () => {
  const kv = natsKv(client, 'siblings');
  await kv.quorate.put('k', 'a', { context: Context.empty });
  await kv.quorate.put('k', 'b', { context: Context.empty });
  const entry = (await kv.get('k'))!;
  expect(() => entry.value).toThrow(ConflictError);
  const values = entry.values.map((value) => Buffer.from(value).toString()).sort();
  expect(values).toEqual(['a', 'b']);
  await kv.update('k', values.join(''), entry.revision);
  expect((await kv.get('k'))!.string()).toBe('ab');
});

test('a watch goes on from the cursor of an earlier one', async () => {
  const kv = natsKv(client, 'resumed');
  await kv.put('a', '1');
  const first = await kv.watch();
  for await (const { key } of first) if (key === 'a') break;
  let cursor: string | undefined;
  let isInitialized = false;
  const second = await kv.watch({
    include: 'updates',
    initializedFn: () => (isInitialized = true),
  });
  const seen: string[] = [];
  const loop = (async () => {
    for await (const entry of second) seen.push(`${entry.key} ${entry.string()}`);
  })();
  await until('it is up to date', 30_000, () => isInitialized);
  await kv.put('a', '2');
  await until('a change is seen', 30_000, () => seen.includes('a 2'));
  ({ cursor } = second);
  second.stop();
  await loop;
  await kv.put('b', '1');
  const later: string[] = [];
  for await (const entry of await kv.watch({ resumeFrom: cursor })) {
    later.push(`${entry.key} ${entry.string()}`);
    if (entry.key === 'b') break;
  }
  expect(later).toContain('b 1');
  expect(later).not.toContain('a 1');
});

test('a watch of several patterns; siblings; a value that is too large for a message', async () => {
  const kv = natsKv(client, 'several');
  await kv.quorate.put('eu.1', 'a', { context: Context.empty });
  await kv.quorate.put('eu.1', 'b', { context: Context.empty });
  await kv.put('us.1', new Uint8Array(500 * 1024));
  await kv.put('other', 'x');
  const seen = new Map<string, unknown>();
  for await (const entry of await kv.watch({ key: ['eu.*', 'us.1'] })) {
    if (entry.key === 'eu.1') expect(() => entry.value).toThrow(ConflictError);
    seen.set(entry.key, entry.values.length);
    if (seen.size === 2) break;
  }
  expect(Object.fromEntries(seen)).toEqual({ 'eu.1': 2, 'us.1': 1 });
});

test('status says what the bucket promises; destroyed, it serves nothing', async () => {
  await client.buckets.create('told', { ttlMs: 60_000 });
  const kv = natsKv(client, 'told');
  await kv.put('k', '12345');
  expect(await kv.status()).toMatchObject({
    bucket: 'told',
    values: 1,
    size: 5,
    ttl: 60_000,
    replicas: 3,
  });
  expect(await kv.destroy()).toBe(true);
  await expect(kv.put('k', 'v')).rejects.toThrow('removed');
});

test('a number is no revision, and a text that nobody has given is none', async () => {
  const kv = natsKv(client, 'tokens');
  await kv.put('k', 'v');
  await expect(kv.update('k', 'w', 1 as unknown as string)).rejects.toThrow('a revision is');
  await expect(kv.update('k', 'w', 'x y')).rejects.toThrow('the context is none');
});
