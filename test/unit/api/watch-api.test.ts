import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { watchLimits } from '../../../actors/rules/limits/watch.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';
import type { Bus } from '../../../src/seams/bus.js';
import { NodeWorld } from '../../support/node-world.js';
import { PlainListener } from '../../support/plain-listener.js';
import { SimProcess } from '../../simulation/core/scheduler.js';
import { SimBus } from '../../simulation/seams/sim-bus.js';

let world: NodeWorld;
let nodes: QuorateNode[];
let bus: Bus;

beforeEach(async () => {
  world = new NodeWorld('watch');
  nodes = await world.cluster();
  bus = new SimBus(world.nats, 'listener', new SimProcess('listener'));
});

afterEach(() => {
  expect(world.errors).toEqual([]);
});

const put = (key: string, value = 'v'): Promise<string> => world.request(`kv.put.b.${key}`, value);

async function watch(
  wish: Readonly<Record<string, unknown>> | string = {},
  forMs = 1_000,
): Promise<PlainListener> {
  const listener = new PlainListener(bus, 'b', wish);
  await world.run(forMs);
  return listener;
}

test('updates: nothing of before, then each change, with its value where that is asked for', async () => {
  await put('old');
  const [plain, valued] = [await watch(), await watch({ values: true, keys: 'x.*' })];
  expect(plain.told).toEqual(['started', 'marker']);
  await put('x.1', 'one');
  await put('y.1', 'one');
  await world.request('kv.del.b.x.1');
  await world.run(100);
  await put('x.1', 'two');
  await world.run(100);
  expect(plain.told.slice(2)).toEqual(
    expect.arrayContaining(['change y.1', 'change x.1 deleted=true', 'change x.1']),
  );
  expect(plain.told).not.toContain('change old');
  expect(valued.told.slice(2).at(-1)).toBe('change x.1 two');
  expect(valued.told).not.toContain('change y.1 one');
  expect([plain.gaps, valued.gaps]).toEqual([[], []]);
});

test('current and history: what is there, a marker, then changes', async () => {
  for (const key of ['a', 'b', 'c']) await put(key, key);
  await world.request('kv.del.b.b');
  const current = await watch({ include: 'current', values: true });
  const history = await watch({ include: 'history' });
  expect(current.told.slice(1, -1).sort()).toEqual(['current a a', 'current c c']);
  expect(current.told.at(-1)).toBe('marker');
  expect(history.told.slice(1, -1).sort()).toEqual([
    'current a',
    'current b deleted=true',
    'current c',
  ]);
  await put('b', 'back');
  await world.run(100);
  expect(current.told.at(-1)).toBe('change b back');
});

test('siblings come together, expired keys as such', async () => {
  const listener = await watch({ values: true });
  const ttl = { payload: 'short', headers: { 'Kv-TTL': '5000' } };
  await world.ask('kv.put.b.t', ttl);
  await world.ask('kv.put.b.s', { payload: 'one', headers: { 'Kv-Context': '-' } });
  await world.ask('kv.put.b.s', { payload: 'two', headers: { 'Kv-Context': '-' } });
  await world.run(200);
  const last = listener.heard.findLast(({ key }) => key === 's')!;
  expect([last.siblings, last.value.split('+').sort()]).toEqual([2, ['one', 'two']]);
  await world.run(6_000);
  const late = await watch({ include: 'history' });
  expect(late.told).toContain('current t deleted=expired');
});

test('the node it follows dies: another goes on where it was, and nothing is missed', async () => {
  const listener = await watch({ include: 'current' }, 2_500);
  await Promise.all(Array.from({ length: 40 }, (_, i) => put(`k${i}`)));
  await world.run(2_500);
  const before = listener.count('change');
  const other = nodes.find((node) => !listener.acknowledgeTo.includes(node.id));
  other!.fail(new Error('told to'));
  await world.run(100);
  await Promise.all(Array.from({ length: 40 }, (_, i) => put(`m${i}`)));
  await world.run(3_000);
  const keys = new Set(listener.heard.map(({ key }) => key));
  for (let i = 0; i < 40; i++) expect(keys).toContain(`m${i}`);
  expect(listener.count('resynced')).toBe(0);
  expect(before).toBe(40);
});

describe('a cursor', () => {
  test.each([0, 1, 2])('is good at any node (%i)', async (at) => {
    for (const key of ['a', 'b']) await put(key);
    const first = await watch({ include: 'current' }, 3_500);
    await put('c');
    await world.run(2_500);
    first.acknowledge('end');
    await world.run(100);
    expect(first.told.at(-1)).toBe('ended');
    await put('d');
    // Until the one that is meant takes it.
    for (;;) {
      const second = await watch({ resumeFrom: first.cursor }, 1_500);
      const isMeant = second.acknowledgeTo.includes(nodes[at]!.id);
      second.acknowledge('end');
      if (!isMeant) continue;
      expect(second.told).toContain('change d');
      expect(second.told).not.toContain('change a');
      expect(second.count('resynced')).toBe(0);
      expect(second.told).toContain('marker');
      break;
    }
  });

  test('is no good at a node that held what the one it was followed at did not', async () => {
    const first = await watch({ values: true }, 2_500);
    const other = nodes.findIndex(({ id }) => !first.acknowledgeTo.includes(id));
    for (const name of world.disks.keys())
      world.disks.get(name)!.faults.full = name !== `n${other + 1}`;
    // By this the others learn that their disks are full, and take nothing more.
    await put('last');
    const alone = { payload: 'v', headers: { 'Kv-W': '1', 'Kv-Context': '-' } };
    // Until the one that can take it is asked.
    while ((await world.ask('kv.put.b.x', alone)).startsWith('!')) continue;
    await world.run(2_500);
    expect(first.told).not.toContain('change x v');
    first.acknowledge('end');
    await world.run(100);
    for (;;) {
      const second = await watch({ resumeFrom: first.cursor, values: true }, 1_500);
      const isMeant = second.acknowledgeTo.includes(nodes[other]!.id);
      second.acknowledge('end');
      if (!isMeant) continue;
      expect(second.told).toContain('change x v');
      break;
    }
  });

  test('of a former life of all nodes: all keys come, after a word about it', async () => {
    for (const key of ['a', 'b']) await put(key);
    const first = await watch({ include: 'current' }, 2_500);
    await world.settled(Promise.all(nodes.map((node) => node.stop())));
    expect(first.told.at(-1)).toBe('ended');
    expect(first.heard.at(-1)!.code).toBe('503');
    await world.settled(Promise.all(['n1', 'n2', 'n3'].map((name) => world.node(name).start())));
    const second = await watch({ resumeFrom: first.cursor }, 3_000);
    const { told } = second;
    expect(told.slice(0, 2)).toEqual(['started', 'resynced']);
    expect(told.slice(2, 4).sort()).toEqual(['change a', 'change b']);
    expect(told[4]).toBe('marker');
  });
});

test('who acknowledges too little is paused, told so, and told the rest once it goes on', async () => {
  const listener = await watch({ values: true });
  listener.acknowledges = false;
  const value = 'x'.repeat(100_000);
  for (let i = 0; i < 30; i++) await put(`k${i}`, value);
  await world.run(1_500);
  const sent = listener.count('change');
  expect(sent).toBeLessThan(30);
  expect(sent * value.length).toBeLessThan(3 * watchLimits.unacknowledgedBytesMax);
  expect(listener.count('behind')).toBe(1);
  listener.acknowledges = true;
  listener.acknowledge();
  await world.run(500);
  const keys = new Set(listener.heard.flatMap(({ key }) => key ?? []));
  expect(keys.size).toBe(30);
  expect(listener.told.at(-1)).toBe('marker');
  expect(listener.gaps).toEqual([]);
});

test('it beats every second; who says nothing is told that it ends', async () => {
  const listener = await watch();
  listener.acknowledges = false;
  await world.run(5_000);
  expect(listener.count('heartbeat')).toBeGreaterThanOrEqual(5);
  expect(listener.heard.findLast(({ word }) => word === 'heartbeat')!.cursor).toBeDefined();
  await world.run(watchLimits.silentListenerMs);
  expect(listener.heard.at(-1)).toMatchObject({ word: 'ended', code: '503' });
  const { length } = listener.heard;
  await world.run(5_000);
  expect(listener.heard.length).toBe(length);
});

describe('what strangers send', () => {
  test.each([
    ['no JSON', '{', '400'],
    ['a list', '[]', '400'],
    ['what there is not', '{"key":"a"}', '400'],
    ['a pattern that is none', '{"keys":"a.>.b"}', '400'],
    ['half an include', '{"include":"cur"}', '400'],
    ['values of a sort', '{"values":1}', '400'],
    ['a cursor that is none', '{"resumeFrom":"AAAA"}', '400'],
    ['too much', `{"keys":"${'a'.repeat(200_000)}"}`, '400'],
  ])('%s: refused', async (_, wish, code) => {
    const listener = await watch(wish, 100);
    expect(listener.heard).toMatchObject([{ word: 'ended', code }]);
  });

  test('acknowledgements of what was not said, and nonsense, change nothing', async () => {
    const listener = await watch({}, 100);
    listener.acknowledges = false;
    for (const word of ['999999', '-1', 'x', '1e3', '9'.repeat(100), 'END'])
      listener.acknowledge(word);
    bus.publish(listener.acknowledgeTo.replace(/[^.]*$/, 'other'), Buffer.from('end'));
    await world.run(1_000);
    await put('a');
    await world.run(100);
    expect(listener.told.at(-1)).toBe('change a');
  });

  test('more watches than a node serves: refused, the others go on', async () => {
    const listeners: PlainListener[] = [];
    for (let i = 0; i < 3 * watchLimits.watchesMax + 60; i++)
      listeners.push(new PlainListener(bus, 'b'));
    await world.run(1_500);
    const refused = listeners.filter(({ heard }) => heard.some(({ code }) => code === '429'));
    expect(refused.length).toBeGreaterThan(0);
    await put('a');
    await world.run(500);
    for (const listener of listeners)
      if (!refused.includes(listener)) expect(listener.told).toContain('change a');
  });
});
