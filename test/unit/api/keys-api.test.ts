import { beforeEach, describe, expect, test } from '@jest/globals';
import { actorOf } from '../../../actors/rules/actor.js';
import { partitionOf, storageKeyOf } from '../../../actors/rules/key.js';
import { emptyState, mint } from '../../../actors/rules/versions.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { encodable } from '../../../src/wire/key-state-codec.js';
import { byteStringOf } from '../../../src/wire/text.js';
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
  const defaults = { ...nodeOptionsDefault.defaults, n: 1, r: 1, w: 1 };
  const options = { partitions, defaults };
  node = startApiNode({ id, nodes: [id], bus: network.connect(), clock, random, world, options });
  client = network.connect();
});

/** As the store of the node has it, and its coordinator. */
function hold(key: string, value: string | null): void {
  const named = { bucket: 'b', key };
  const name = storageKeyOf({ ...named, partition: partitionOf(named, partitions) });
  const actor = actorOf(id, 1);
  const bytes = value === null ? null : Buffer.from(value, 'latin1');
  const stamp = { writtenAtMs: 0, expiresAtMs: 0, operation: '' };
  const state = mint({ local: emptyState, seen: undefined, actor, value: bytes, ...stamp });
  world.set(name, state);
  node.store.mint([{ key: name, state: encodable(state), mark: 1 }], () => undefined);
}

interface Answer {
  readonly page: Record<string, never>;
  readonly code: string | undefined;
  readonly text: string | undefined;
}

function ask(question: unknown, to = 'b'): Answer {
  const answers: Answer[] = [];
  const inbox = client.subscribe('_INBOX.x', (message) => {
    const text = Buffer.from(message.data).toString();
    answers.push({
      page: (text === '' ? {} : JSON.parse(text)) as Record<string, never>,
      code: message.header('Nats-Service-Error-Code'),
      text: message.header('Nats-Service-Error'),
    });
  });
  const payload = typeof question === 'string' ? question : JSON.stringify(question);
  client.publish(`kv.keys.${to}`, Buffer.from(payload), { reply: '_INBOX.x' });
  network.settle();
  inbox.unsubscribe();
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

/** Page by page. */
function all(slice: unknown): string[] {
  const found: string[] = [];
  let cursor: unknown;
  do {
    const { page } = ask({ limit: 7, slice, cursor });
    const keys = page['keys'] as unknown as string[];
    expect(keys.length).toBeLessThanOrEqual(7);
    found.push(...keys);
    ({ cursor } = page as { cursor?: string });
  } while (cursor !== undefined);
  return found;
}

describe('kv.keys.<bucket>', () => {
  test('an empty request lists all keys, of whatever bytes', () => {
    const keys = ['a.b', 'ü', '"', 'x\xff'];
    for (const key of keys.slice(0, 3)) hold(byteStringOf(key), 'v');
    hold(keys[3]!, 'v');
    hold('gone', null);
    const { page } = ask('');
    expect(Object.keys(page)).toEqual(['keys']);
    const listed = page['keys'] as unknown as unknown[];
    expect(listed).toHaveLength(4);
    expect(listed).toEqual(
      expect.arrayContaining([
        ...keys.slice(0, 3),
        { base64url: Buffer.from('x\xff', 'latin1').toString('base64url') },
      ]),
    );
    expect(ask({ prefix: { base64url: 'eP8' } }).page).toEqual({ keys: [{ base64url: 'eP8' }] });
    expect(ask({ prefix: 'a.' }).page).toEqual({ keys: ['a.b'] });
    expect(ask({}, 'other').page).toEqual({ keys: [] });
  });

  test('page by page, and in slices side by side', () => {
    const keys = Array.from({ length: 50 }, (_, i) => `key-${i}`);
    for (const key of keys) hold(key, 'v');
    expect(all(undefined).toSorted()).toEqual(keys.toSorted());
    const sliced = [0, 1, 2].flatMap((i) => all([i, 3]));
    expect(sliced.toSorted()).toEqual(keys.toSorted());
  });

  test('counts, and shows values with their contexts', () => {
    for (let i = 0; i < 10; i++) hold(`key-${i}`, `value ${i}`);
    hold('bytes', '\xff');
    expect(ask({ count: true }).page).toEqual({ count: 11 });
    const { page } = ask({ values: true, prefix: 'key-' });
    const entries = page['entries'] as unknown as { key: string; value: string; context: string }[];
    expect(entries.map(({ key, value }) => `${key}: ${value}`).toSorted()).toEqual(
      Array.from({ length: 10 }, (_, i) => `key-${i}: value ${i}`),
    );
    expect(entries[0]!.context).toMatch(/^[\w-]+$/);
    expect(ask({ values: true, prefix: 'bytes' }).page).toEqual({
      entries: [{ key: 'bytes', value: { base64url: '_w' }, context: expect.any(String) }],
    });
  });

  test('values that do not fit one answer come with the next', () => {
    const keys = Array.from({ length: 8 }, (_, i) => `key-${i}`);
    for (const key of keys) hold(key, 'x'.repeat(200_000));
    const found: string[] = [];
    let cursor: unknown;
    let pages = 0;
    do {
      const { page } = ask({ values: true, cursor });
      found.push(...(page['entries'] as unknown as { key: string }[]).map(({ key }) => key));
      ({ cursor } = page as { cursor?: string });
      pages++;
    } while (cursor !== undefined);
    expect(found.toSorted()).toEqual(keys);
    expect(pages).toBeGreaterThan(2);
  });

  const refused: readonly (readonly [what: string, question: unknown])[] = [
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a field nobody knows', { prefixes: 'a' }],
    ['a field nobody could name', { ['x'.repeat(500_000)]: 1 }],
    ['a limit of none', { limit: 0 }],
    ['half a limit', { limit: 0.5 }],
    ['values and count', { values: true, count: true }],
    ['values in words', { values: 'yes' }],
    ['a prefix that is a number', { prefix: 1 }],
    ['a prefix that is no base64url', { prefix: { base64url: '+' } }],
    ['a prefix longer than a key', { prefix: 'x'.repeat(1025) }],
    ['a cursor of nobody', { cursor: 'x' }],
    ['a cursor of another ring', { cursor: '1.8.0.' }],
    ['a cursor behind the end', { cursor: '1.4.5.' }],
    ['a cursor longer than any', { cursor: 'x'.repeat(4000) }],
    ['a slice there is not', { slice: [2, 2] }],
    ['more slices than there may be', { slice: [0, 1000] }],
  ];
  test.each(refused)('%s is refused', (_what, question) => {
    const { code, text } = ask(question);
    expect(code).toBe('400');
    expect(text).not.toBe('');
    expect(text!.length).toBeLessThan(300);
  });

  test('a quorum the bucket does not have, and a bucket that is none, are refused', () => {
    expect(ask({}, 'b*').code).toBe('400');
    const answers: (string | undefined)[] = [];
    client.subscribe('_INBOX.x', (message) =>
      answers.push(message.header('Nats-Service-Error-Code')),
    );
    client.publish('kv.keys.b', Buffer.alloc(0), { reply: '_INBOX.x', headers: { 'Kv-R': '2' } });
    network.settle();
    expect(answers).toEqual(['400']);
  });

  test('an answer goes to an inbox alone', () => {
    const answers: string[] = [];
    client.subscribe('_kv.>', ({ subject }) => answers.push(subject));
    client.publish('kv.keys.b', Buffer.alloc(0), { reply: '_kv.x' });
    network.settle();
    expect(answers).toEqual([]);
  });
});
