import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { BucketWatch, WatchOptions } from '../../../src/client/bucket-watch.js';
import { QuorateClient } from '../../../src/client/client.js';
import { text } from '../../../src/client/value-codec.js';
import type { WatchedEvent } from '../../../src/client/watch-messages.js';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';
import { NodeWorld } from '../../support/node-world.js';
import { SimProcess } from '../../simulation/core/scheduler.js';
import { SimRandom } from '../../simulation/core/sim-random.js';
import { SimBus } from '../../simulation/seams/sim-bus.js';
import { SimClock } from '../../simulation/seams/sim-clock.js';

let world: NodeWorld;
let nodes: QuorateNode[];
let client: QuorateClient;
let bus: SimBus;
/** Where watches acknowledge; the last one that a node served. */
let served: string[];

beforeEach(async () => {
  world = new NodeWorld('bucket-watch');
  nodes = await world.cluster();
  const process = new SimProcess('client');
  bus = new SimBus(world.nats, 'client', process);
  served = [];
  const publish = bus.publish.bind(bus);
  bus.publish = (subject, payload, options) => {
    if (subject.startsWith('kv.watch.b.')) served.push(subject);
    publish(subject, payload, options);
  };
  const clock = new SimClock(world.scheduler, process, { driftPpm: 0, wallOffsetMs: 0 });
  client = new QuorateClient({ bus, clock, random: new SimRandom('client') });
});

afterEach(() => {
  expect(world.errors).toEqual([]);
});

interface Followed {
  readonly watch: BucketWatch<string>;
  readonly events: WatchedEvent<string>[];
  readonly told: string[];
  error: Error | undefined;
  isOver: boolean;
}

function follow(options: WatchOptions = {}): Followed {
  const watch = client.bucket('b', { codec: text }).watch({ values: true, ...options });
  const followed: Followed = { watch, events: [], told: [], error: undefined, isOver: false };
  const read = async (): Promise<void> => {
    for await (const event of watch) {
      followed.events.push(event);
      followed.told.push(lineOf(event));
    }
    followed.isOver = true;
  };
  read().catch((error: Error) => {
    followed.error = error;
  });
  return followed;
}

function lineOf(event: WatchedEvent<string>): string {
  if (event.type === 'marker') return 'marker';
  if (event.type === 'status') return event.status;
  const value = event.deleted ? 'deleted' : event.values?.join('+');
  return `${event.type} ${String(event.key)} ${value}`;
}

const put = (key: string, value = 'v'): Promise<string> => world.request(`kv.put.b.${key}`, value);

/** The node that serves the last watch of this client. */
async function serving(): Promise<QuorateNode> {
  await world.run(3_000);
  return nodes.find(({ id }) => served.at(-1)!.includes(id))!;
}

test('what is there, a marker, and what becomes of it; a cursor of what was taken', async () => {
  await put('a', 'one');
  const { watch, told } = follow({ include: 'current' });
  expect(watch.cursor).toBeUndefined();
  await world.run(1_000);
  await put('a', 'two');
  await world.request('kv.del.b.a');
  await world.run(200);
  expect(told).toEqual([
    'current a one',
    'marker',
    expect.stringMatching(/^change a/),
    ...told.slice(3),
  ]);
  expect(told.at(-1)).toBe('change a deleted');
  await world.run(1_100);
  expect(watch.cursor).toMatch(/^[\w-]+$/);
});

test('the node that serves it goes: it goes on at another one, says so, and misses nothing', async () => {
  const { told } = follow({ include: 'current' });
  const node = await serving();
  node.fail(new Error('told to'));
  const puts: Promise<string>[] = [];
  for (let i = 0; i < 20; i++) {
    puts.push(put(`k${i}`));
    await world.run(250);
  }
  await world.settled(Promise.all(puts));
  await world.run(5_000);
  expect(told).toContain('lost');
  for (let i = 0; i < 20; i++) expect(told).toContain(`change k${i} v`);
  expect(told).not.toContain('resynced');
  expect(told.lastIndexOf('marker')).toBeGreaterThan(told.indexOf('lost'));
});

test('it stops cleanly: the watch is told, and is not silent for a moment', async () => {
  const { told } = follow();
  const node = await serving();
  await world.settled(node.stop());
  await world.run(1_000);
  await put('a');
  await world.run(1_000);
  expect(told).toContain('change a v');
});

test('who takes nothing keeps the node waiting, and then gets the rest', async () => {
  const watch = client.bucket('b', { codec: text }).watch({ values: true });
  await world.run(1_000);
  for (let i = 0; i < 30; i++) await put(`k${i}`, 'x'.repeat(100_000));
  await world.run(20_000);
  const keys = new Set<string>();
  let statuses = 0;
  for (let takes = 0; keys.size < 30 && takes < 200; takes++) {
    const { value } = (await world.settled(watch.next())) as { value: WatchedEvent<string> };
    if (value.type === 'change') keys.add(String(value.key));
    if (value.type === 'status') statuses++;
  }
  expect(keys.size).toBe(30);
  expect(statuses).toBe(1);
});

test('a message that is lost on its way is missed, and asked for again', async () => {
  const { told } = follow();
  await world.run(3_000);
  const subscribe = bus.subscribe.bind(bus);
  let lost = 0;
  bus.subscribe = (subject, handler, options) =>
    subscribe(
      subject,
      (message) => {
        if (lost === 0 && message.header('Kv-Key') === 'gone') lost++;
        else handler(message);
      },
      options,
    );
  // The inbox of the next asking is heard through that.
  (await serving()).fail(new Error('told to'));
  await world.run(5_000);
  await put('gone');
  await put('next');
  await world.run(3_000);
  expect(lost).toBe(1);
  expect(told).toContain('change gone v');
  expect(told.filter((line) => line === 'lost').length).toBe(2);
});

test('what can never be served ends it with the reason', async () => {
  const followed = follow({ keys: 'a.>.b' });
  await world.run(200);
  expect(followed.error).toMatchObject({ code: 400 });
});

test('nobody there: it asks for as long as it is told to, then ends with an error', async () => {
  const followed = follow({ giveUpAfterMs: 10_000 });
  await world.run(1_000);
  await world.settled(Promise.all(nodes.map((node) => node.stop())));
  await world.run(8_000);
  expect([followed.error, followed.told.at(-1)]).toEqual([undefined, 'lost']);
  await world.run(5_000);
  expect(followed.error).toMatchObject({ code: 503 });
});

test('who leaves the loop, or closes the client, is heard of at once', async () => {
  const followed = follow();
  await world.run(1_000);
  await followed.watch.return();
  await world.run(200);
  expect(followed.isOver).toBe(true);
  const other = follow();
  await world.run(1_000);
  await world.settled(client.close());
  expect(other.isOver).toBe(true);
  await world.run(200);
  const open = nodes.map((node) => node.status().counters['watch.open']);
  expect(open).toEqual([0, 0, 0]);
  expect(clientLimits.watchSilenceMs).toBeGreaterThan(1_000);
});
