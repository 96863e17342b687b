import { expect, test } from '@jest/globals';
import { checkOptions } from '../../../src/options/check-options.js';
import { nodeOptionsDefault, type NodeOptions } from '../../../src/options/node-options.js';

const good: NodeOptions = { ...nodeOptionsDefault, name: 'n1', dataDir: 'data' };

test('options: the defaults are fine', () => {
  expect(() => checkOptions(good)).not.toThrow();
});

test.each<[string, Partial<NodeOptions>]>([
  ['name', { name: '' }],
  ['name', { name: 'n1\r\n' }],
  ['host', { host: '\u001b[2J' }],
  ['zone', { zone: 'z'.repeat(129) }],
  ['replaces', { replaces: 'n\u00002' }],
  ['join', { join: 'later' as 'ask' }],
  ['prefix', { prefix: 'kv.>' }],
  ['prefix', { prefix: 'INBOX' }],
  ['prefix', { prefix: 'R_' }],
  ['buckets', { buckets: { 'a\u0000b': {} } }],
  ['partitions', { partitions: 0 }],
  ['partitions', { partitions: 65_537 }],
  ['founders', { founders: 1.5 }],
  ['weight', { weight: 0 }],
  // The others would not understand it.
  ['weight', { weight: 65 }],
  ['durability', { durability: { kind: 'periodic', everyMs: 0 } }],
  ['tombstoneGraceMs', { tombstoneGraceMs: -1 }],
  ['uploadLeaseMs', { uploadLeaseMs: 0 }],
  ['hintAgeMs', { hintAgeMs: 0 }],
  ['defaults.r', { defaults: { ...good.defaults, r: 4 } }],
  ['buckets.shop.w', { buckets: { shop: { w: 0 } } }],
  ['buckets.shop.r', { buckets: { shop: { n: 1 } } }],
  ['buckets.shop.valueBytesMax', { buckets: { shop: { valueBytesMax: 2 ** 40 } } }],
  [
    'buckets.shop.durability',
    { buckets: { shop: { durability: { kind: 'periodic', everyMs: 0 } } } },
  ],
  ['buckets.shop.events', { buckets: { shop: { events: 'some' as 'on' } } }],
  ['buckets.shop.resolve', { buckets: { shop: { resolve: 'me' as 'client' } } }],
  ['buckets', { buckets: { 'a.b': {} } }],
  ['unknown', { unknown: 'some' as 'declared' }],
])('options: %s is named when it makes no sense: %j', (name, change) => {
  expect(() => checkOptions({ ...good, ...change })).toThrow(new RegExp(`^${name}: `));
});
