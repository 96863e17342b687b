/** The feed before a cluster that answers nonsense, and before pages that come and go. */
import { expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { encodeDocument, type DocumentValue } from '../../../src/wire/message-pack.js';
import { idOf, ringWith, statusWith } from '../../support/cluster-pictures.js';
import type { MovedChart } from '../../../src/dashboard/breaking.js';
import { FeedWorld } from '../../support/feed-world.js';

type Document = Readonly<Record<string, DocumentValue>>;

const ring = ringWith({ names: ['n1'], lists: () => ['n1'] }) as unknown as DocumentValue;
const status = statusWith('n1') as unknown as Document;
const histogram = { upTo: [1], counts: [1, 2], sum: 3 };

/** One node, which answers its ring and, with these fields, its status. */
function worldWith(statusFields: Document, insight: Document = {}): FeedWorld {
  const world = new FeedWorld();
  let pid = 0;
  world.answer('kv.ring', () => [encodeDocument(ring)]);
  world.answer('kv.status', () => [
    encodeDocument({ ...status, uptimeMs: ++pid * 1_000, ...statusFields }),
  ]);
  world.answer(`_kv.${idOf('n1')}.insight`, () => [encodeDocument(insight)]);
  return world;
}

test('a node that answers as it should is shown', async () => {
  const world = worldWith({ histograms: { 'api.answerMs': histogram } });
  world.watch();
  const { nodes, problems } = await world.look(3);
  expect(problems).toEqual([]);
  expect(nodes).toMatchObject([{ name: 'n1', silentMs: 0, status: { id: idOf('n1') } }]);
});

test.each<[string, Document]>([
  ['an id that is none', { id: 'n1' }],
  ['an id that would be words of NATS', { id: 'x\r\nPUB kv.evil 0\r\n\r\n' }],
  ['a name that would write to a terminal', { name: '\u001b[2J' }],
  ['a name that is none', { startedAs: 1 }],
  ['no time', { uptimeMs: Number.NaN }],
  ['an endless time', { uptimeMs: Number.POSITIVE_INFINITY }],
  ['counters that are a list', { counters: [] }],
  ['counters that are none', { counters: { 'coordinator.puts': 'many' } }],
  ['offsets that are none', { clockOffsetsMs: { x: null } }],
  ['a histogram that is none', { histograms: { 'api.answerMs': 1 } }],
  ['a histogram without counts', { histograms: { 'api.answerMs': { ...histogram, counts: 1 } } }],
  ['one of other bounds', { histograms: { 'api.answerMs': { ...histogram, upTo: [1, 2] } } }],
  ['one of texts', { histograms: { x: { ...histogram, counts: ['1', '2'] } } }],
  ['problems that are no texts', { problems: [{ html: '<b>' }] }],
])('%s: it has said nothing, and the feed goes on', async (_, fields) => {
  const world = worldWith(fields);
  world.watch();
  const { nodes, ring: shown } = await world.look(3);
  expect(nodes).toMatchObject([{ id: idOf('n1'), status: null }]);
  expect(shown?.epoch).toBe(4);
  expect(world.network.sent.every(({ subject }) => !/\s/.test(subject))).toBe(true);
});

test.each<[string, Uint8Array]>([
  ['bytes that are no document', Buffer.from([0xc1, 0xff, 0])],
  ['a list', encodeDocument([1, 2])],
  ['a ring without nodes', encodeDocument({ epoch: 1 })],
  ['a ring of nodes that are none', encodeDocument({ ...(ring as Document), nodes: [null] })],
])('%s for a ring, and for all else: nothing is known, and the feed goes on', async (_, bytes) => {
  const world = new FeedWorld();
  for (const subject of ['kv.ring', 'kv.status', '_kv.*.insight'])
    world.answer(subject, () => [bytes, bytes]);
  world.watch();
  const { nodes, ring: shown, problems } = await world.look(2);
  expect([nodes, shown, problems.length]).toEqual([[], null, 1]);
});

test('who answers nonsense first keeps no node from being heard', async () => {
  const world = worldWith({});
  const noise = encodeDocument({ id: 1 });
  const other = new FeedWorld();
  other.answer('kv.ring', () => [noise, noise, encodeDocument(ring)]);
  other.answer('kv.status', () => [noise, noise, noise, encodeDocument(status)]);
  for (const one of [world, other]) {
    one.watch();
    expect((await one.look()).nodes).toMatchObject([{ name: 'n1', silentMs: 0 }]);
  }
});

test('nodes that are made up anew each time swell nothing', async () => {
  const world = new FeedWorld();
  let made = 0;
  world.answer('kv.status', () =>
    Array.from({ length: limits.membersMax }, () =>
      encodeDocument({ ...status, id: (++made).toString(16).padStart(16, '0') }),
    ),
  );
  world.watch();
  const { nodes } = await world.look(4);
  expect(made).toBeGreaterThan(2 * limits.membersMax);
  expect(nodes.length).toBeLessThanOrEqual(limits.membersMax);
});

test('whatever else fails is said on the page, and ends nothing', async () => {
  const world = new FeedWorld({
    processes: () => {
      throw new Error('no processes today');
    },
    charts: () => [],
    watch: () => () => undefined,
    break: () => Promise.resolve(),
  });
  world.watch();
  expect((await world.look(2)).problems).toEqual(['The dashboard failed: no processes today']);
});

test('the charts of processes it started are told while somebody watches', async () => {
  const chart = { chart: 'process', instance: 'n1', state: 'serving' };
  let tell: ((moved: MovedChart) => void) | undefined;
  const world = new FeedWorld({
    processes: () => new Map(),
    charts: () => [chart],
    watch: (moved) => {
      tell = moved;
      return () => (tell = undefined);
    },
    break: () => Promise.resolve(),
  });
  const unwatch = world.watch();
  expect((await world.look()).charts).toEqual([chart]);
  tell!({ kind: 'chart', ...chart, event: 'kill.requested', state: 'falling' });
  expect(world.batches.flatMap(({ notes }) => notes)).toMatchObject([
    { kind: 'chart', node: 'up', instance: 'n1', state: 'falling' },
  ]);
  unwatch();
  expect(tell).toBeUndefined();
});

test('a page that is loaded again and again is one watcher to the nodes', async () => {
  const world = worldWith({}, { until: 1 });
  const inboxes = new Set<unknown>();
  let asked = 0;
  world.answer(`_kv.${idOf('n1')}.insight`, (question) => {
    const { ask, to } = question as Document;
    if (ask === 'watch') inboxes.add(to);
    if (ask === 'watch') asked++;
    return [];
  });
  for (let load = 0; load < 10; load++) {
    const leave = world.watch();
    await world.look();
    await world.step();
    leave();
  }
  expect(asked).toBeGreaterThanOrEqual(10);
  expect(inboxes.size).toBe(1);
});

test('a picture that grew old while nobody watched is not shown', async () => {
  const world = worldWith({});
  const leave = world.watch();
  const { atMs } = await world.look();
  leave();
  world.clock.advance(60_000);
  world.watch();
  expect((await world.look()).atMs).toBeGreaterThanOrEqual(atMs + 60_000);
  world.watch();
  expect(world.pictures).toHaveLength(3);
});

test('nodes are asked once, however many want to know at once', async () => {
  const world = worldWith({});
  let asked = 0;
  world.answer('kv.ring', () => {
    asked++;
    return [];
  });
  const answers = Array.from({ length: 20 }, () => world.feed.reachable());
  let isDone = false;
  void Promise.all(answers).then(() => (isDone = true));
  await world.until(() => isDone);
  expect(await answers[7]).toEqual([idOf('n1')]);
  expect(asked).toBe(1);
});

test('once it is stopped nobody is asked, and nothing is waited for', async () => {
  const world = new FeedWorld();
  world.answer('kv.ring', () => []);
  world.watch();
  const reachable = world.feed.reachable();
  world.network.settle();
  world.feed.stop();
  const sent = world.network.sent.length;
  expect(await reachable).toEqual([]);
  expect([world.network.sent.length, world.clock.pending]).toEqual([sent, 0]);
});

test('of notes, those that are none are left out one by one, and counted', async () => {
  const world = worldWith({}, { until: 1 });
  let inbox = '';
  world.answer(`_kv.${idOf('n1')}.insight`, (question) => {
    const { ask, to } = question as Document;
    if (ask === 'watch') inbox = to as string;
    return [];
  });
  const leave = world.watch();
  await world.until(() => inbox !== '');
  const note = { kind: 'fault', atUs: 1, node: '', text: 'x' };
  const notes = [note, { kind: 'fault' }, note, null, 'note', note];
  world.say(inbox, { notes, dropped: 2, unshown: Number.NaN });
  world.say(inbox, { notes: [], dropped: -5, unshown: '7' });
  await world.until(() => world.batches.length > 0);
  expect(world.batches).toEqual([{ notes: [note, note, note], dropped: 5 }]);
  leave();
  world.say(inbox, { notes, dropped: 0 });
  await world.step(1_000);
  expect(world.batches).toHaveLength(1);
});

test('that nodes tell nothing is said of those that answer, not of those that are gone', async () => {
  const world = worldWith({}, { error: 'no' });
  world.watch();
  await world.look(2);
  const { problems } = await world.look();
  expect(problems).toEqual([expect.stringMatching(/tell nothing of what goes on in them \(no\)/)]);
});
