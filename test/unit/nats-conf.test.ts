import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { limits } from '../../actors/rules/limits.js';
import { natsConf } from '../../src/bus/nats-conf.js';

const orders = { name: 'orders', password: 'o' };

describe('nats.conf', () => {
  test('the file at the root is the generator with its defaults', () => {
    expect(readFileSync('nats.conf', 'utf8')).toBe(natsConf());
  });

  test(`maps 3 verbs × 1 … ${limits.mappedTokensMax} key tokens, for prefix "shop" and 64 partitions`, () => {
    const text = natsConf({ prefix: 'shop', partitions: 64 });
    expect(text.match(/"shop\.(get|put|del)\.\*.*shop\.p\.\{\{partition\(64,1,2/g)).toHaveLength(
      3 * limits.mappedTokensMax,
    );
    expect(text).not.toMatch(/"_?kv\./);
  });

  test('an app password closes the door for clients without credentials', () => {
    expect(natsConf({ appPassword: 's3cret' })).not.toContain('no_auth_user');
    expect(natsConf()).toContain('no_auth_user: "app"');
  });

  test('applications that share an account may ask and listen, and nothing else', () => {
    const text = natsConf({ prefix: 'shop' });
    expect(text).toContain(
      'subscribe: { allow: ["_INBOX.>", "shop.changed.>", "shop.resolve.*"] }',
    );
    const [, allowed] = /publish: \{ allow: \[(.*)\] \}/.exec(text)!;
    expect(allowed!.split(', ')).toEqual(
      ['shop.get.>', 'shop.put.>', 'shop.del.>', 'shop.p.>', 'shop.frame.*', 'shop.touch.>']
        .concat(
          'shop.multi.*',
          'shop.keys.*',
          'shop.bucket.>',
          'shop.ring',
          'shop.status',
          'shop.watch.>',
          '$SRV.>',
          'shop.resolve.*',
        )
        .map((subject) => `"${subject}"`),
    );
  });

  test('an account for each application, and none for whoever comes', () => {
    const text = natsConf({ apps: [orders, { name: 'billing', password: 'b' }] });
    expect(text).not.toMatch(/no_auth_user|  APP \{/);
    expect(text).toMatch(/ {2}APP_orders \{\n {4}users: \[\{ user: "orders", password: "o" \}\]/);
    expect(text.match(/partition\(256,1,2\)/g)).toHaveLength(2 * 3);
    expect(() => natsConf({ host: '0.0.0.0', nodePassword: 'n', apps: [orders] })).not.toThrow();
  });

  test.each([
    { partitions: 0 },
    { partitions: 65_537 },
    { prefix: 'a.b' },
    { prefix: '' },
    { prefix: 'INBOX_x' },
    { prefix: 'R_' },
    { apps: [{ name: 'a b', password: 'p' }] },
    { apps: [{ name: 'node', password: 'p' }] },
    { apps: [{ name: 'a', password: '' }] },
    { apps: [{ name: 'a', password: 'p"' }] },
    { apps: [orders, orders] },
    { host: '0.0.0.0', apps: [orders] },
    { storeAccount: 'X', appAccount: 'X' },
    { nodeUser: 'app' },
    { nodePassword: 'a"b' },
    { port: 70_000 },
    { host: '0.0.0.0' },
    { host: '0.0.0.0', appPassword: 'a' },
    { host: '0.0.0.0', nodePassword: 'n' },
  ])('refuses %j', (options) => {
    expect(() => natsConf(options)).toThrow(RangeError);
  });
});
