import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { mappedTokensMax, natsConf } from '../../src/bus/nats-conf.js';

describe('nats.conf', () => {
  test('the file at the root is the generator with its defaults', () => {
    expect(readFileSync('nats.conf', 'utf8')).toBe(natsConf());
  });

  test(`maps 3 verbs × 1 … ${mappedTokensMax} key tokens, for prefix "shop" and 64 partitions`, () => {
    const text = natsConf({ prefix: 'shop', partitions: 64 });
    expect(text.match(/"shop\.(get|put|del)\.\*.*shop\.p\.\{\{partition\(64,1,2/g)).toHaveLength(
      3 * mappedTokensMax,
    );
    expect(text).not.toMatch(/"_?kv\./);
  });

  test('an app password closes the door for clients without credentials', () => {
    expect(natsConf({ appPassword: 's3cret' })).not.toContain('no_auth_user');
    expect(natsConf()).toContain('no_auth_user: "app"');
  });

  test.each([
    { partitions: 0 },
    { partitions: 65_537 },
    { prefix: 'a.b' },
    { prefix: '' },
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
