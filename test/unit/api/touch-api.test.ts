import { beforeEach, describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { partitionOf, storageKeyOf } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { emptyState, mint, nothingSeen, type KeyState } from '../../../actors/rules/versions.js';
import { ConditionError } from '../../../src/errors.js';
import { startApiNode, type ApiNode, type World } from '../../support/api-node.js';
import { MemoryNetwork, type MemoryBus } from '../../support/memory-bus.js';

const id = 'a'.repeat(16);
const partitions = 4;
let network: MemoryNetwork;
let node: ApiNode;
let client: MemoryBus;
let world: World;

beforeEach(() => {
  network = new MemoryNetwork();
  const clock = network.clock();
  const random = { below: () => 0, bytes: (count: number) => Buffer.alloc(count, 97) };
  world = new Map();
  const options = { partitions, changeEvents: false };
  node = startApiNode({ id, nodes: [id], bus: network.connect(), clock, random, world, options });
  client = network.connect();
});

/** One more sibling. */
function hold(value: string | null): KeyState {
  const named = { bucket: 'b', key: 'k.1' };
  const name = storageKeyOf({ ...named, partition: partitionOf(named, partitions) });
  const local = world.get(name) ?? emptyState;
  const state = mint({
    local,
    seen: nothingSeen,
    actor: actorOf(id, 1 + local.siblings.length),
    value: value === null ? null : Buffer.from(value),
    writtenAtMs: 0,
    expiresAtMs: 0,
    operation: '',
  });
  world.set(name, state);
  return state;
}

function touch(
  headers: Readonly<Record<string, string>>,
  { name = 'b.k.1', payload = '' } = {},
): string {
  const replies: string[] = [];
  const inbox = client.subscribe('_INBOX.x', (message) =>
    replies.push(
      ['Nats-Service-Error-Code', 'Kv-Outcome', 'Kv-Receipt']
        .map((header) => message.header(header))
        .filter((text) => text !== undefined)
        .join(' '),
    ),
  );
  client.publish(`kv.touch.${name}`, Buffer.from(payload), { reply: '_INBOX.x', headers });
  network.settle();
  inbox.unsubscribe();
  expect(replies).toHaveLength(1);
  return replies[0]!;
}

describe('a touch', () => {
  test('puts what is there once more, with another lifetime, only if nothing else was written', () => {
    const { context } = hold('value');
    expect(touch({ 'Kv-TTL': '60000', 'Kv-W': '3' })).toContain('w=3/3');
    const [put] = node.coordinator.puts;
    expect(Buffer.from(put!.value!).toString()).toBe('value');
    expect(put).toMatchObject({
      bucket: 'b',
      key: 'k.1',
      ttlMs: 60_000,
      quorum: 3,
      context: { vector: context, dots: [] },
      onlyIf: { is: 'context', r: 0 },
    });
  });

  test('may take the lifetime away', () => {
    hold('value');
    touch({ 'Kv-TTL': 'none' });
    expect(node.coordinator.puts[0]!.ttlMs).toBe(limits.ttlMsNone);
  });

  test('of a key without a value is refused: 404', () => {
    expect(touch({ 'Kv-TTL': '1000' })).toBe('404 none');
    hold(null);
    expect(touch({ 'Kv-TTL': '1000' })).toBe('404 none');
    expect(node.coordinator.puts).toEqual([]);
  });

  test('of siblings is refused, as which of them is to live is not said: 409', () => {
    hold('one');
    hold('other');
    expect(touch({ 'Kv-TTL': '1000' })).toBe('409 none');
    expect(node.coordinator.puts).toEqual([]);
  });

  test('is refused where another value came in between: 409, with what is there now', () => {
    hold('value');
    const found = { values: [Buffer.from('other')], context: undefined };
    node.coordinator.failure = new ConditionError('Kv-If: other', 'none', found);
    expect(touch({ 'Kv-TTL': '1000' })).toBe('409 none');
  });

  test.each([
    [{}, {}],
    [{ 'Kv-TTL': '0' }, {}],
    [{ 'Kv-TTL': 'never' }, {}],
    [{ 'Kv-TTL': '1000' }, { payload: 'x' }],
    [{ 'Kv-TTL': '1000', 'Kv-Context': '-' }, {}],
    [{ 'Kv-TTL': '1000', 'Kv-If': 'absent' }, {}],
    [{ 'Kv-TTL': '1000', 'Kv-W': '9' }, {}],
    [{ 'Kv-TTL': '1000', 'Kv-R': '9' }, {}],
    [{ 'Kv-TTL': '1000' }, { name: 'b' }],
  ])('that says %j %j is not understood: 400', (headers, message) => {
    hold('value');
    expect(touch(headers, message)).toBe('400 none');
    expect(node.coordinator.puts).toEqual([]);
  });
});
