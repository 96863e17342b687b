import { describe, expect, test } from '@jest/globals';
import { InvalidArgumentError } from 'commander';
import { bucketSpec, byteCount } from '../../src/cli/bucket-words.js';
import { durability, durationMs, portNumber, quorumSize, waitTime } from '../../src/cli/parsers.js';

describe('command line: arguments', () => {
  test.each([
    ['250', 250],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('time %s is %d ms', (text, ms) => expect(durationMs(text)).toBe(ms));

  test.each(['', '-1', '5 s', '1e3', 'soon', '9999999999999999999d'])(
    'time %p is refused',
    (text) => expect(() => durationMs(text)).toThrow(InvalidArgumentError),
  );

  test.each(['0', '0s', '0.4ms', '61s', '2m', '1h', '30d', ''])(
    'a time to wait of %p is refused',
    (text) => expect(() => waitTime(text)).toThrow(InvalidArgumentError),
  );

  test('a time to wait is as long as a request may live', () => {
    expect(['1', '2s', '1m'].map(waitTime)).toEqual([1, 2_000, 60_000]);
    expect(() => waitTime('2m')).toThrow('It must be a time from 1ms to 60s.');
  });

  test.each(['', '0', '-1', '2.5', '257', '0x2', 'two'])('quorum %p is refused', (text) =>
    expect(() => quorumSize(text)).toThrow(InvalidArgumentError),
  );

  test('whole numbers keep to their bounds', () => {
    expect(quorumSize('256')).toBe(256);
    expect(portNumber('65535')).toBe(65_535);
    expect(() => portNumber('65536')).toThrow(InvalidArgumentError);
  });

  test('durability: sync, periodic with either spelling, nothing else', () => {
    expect(durability('sync')).toEqual({ kind: 'sync' });
    expect(durability('periodic(100)')).toEqual({ kind: 'periodic', everyMs: 100 });
    expect(durability('periodic:100')).toEqual({ kind: 'periodic', everyMs: 100 });
    for (const text of ['periodic', 'periodic:0', 'async', '']) {
      expect(() => durability(text)).toThrow(InvalidArgumentError);
    }
  });

  test('buckets: each names what differs from the defaults, and they add up', () => {
    const first = bucketSpec('carts w=3', {});
    expect(bucketSpec('sessions n=3 r=1 w=1 conflict=last-writer-wins ttl=30m', first)).toEqual({
      carts: { w: 3 },
      sessions: { n: 3, r: 1, w: 1, conflict: 'last-writer-wins', ttlMs: 1_800_000 },
    });
    const words = 'logs durability=periodic:50 events=off value-max=8MiB resolve=service';
    expect(bucketSpec(words, {})).toEqual({
      logs: {
        durability: { kind: 'periodic', everyMs: 50 },
        events: 'off',
        valueBytesMax: 8 * 1024 * 1024,
        resolve: 'service',
      },
    });
  });

  test('sizes: bytes, with the units of a thousand and of 1024', () => {
    expect(['1', '64kB', '1.5KiB', '2MB', '5GiB'].map(byteCount)).toEqual([
      1,
      64_000,
      1536,
      2_000_000,
      5 * 1024 ** 3,
    ]);
    for (const text of ['', '0', '-1', '5G', '1e3', '99999999999GiB'])
      expect(() => byteCount(text)).toThrow(InvalidArgumentError);
  });

  test.each([
    '',
    'n=3',
    'a.b n=3',
    'carts w=0',
    'carts speed=9',
    'carts conflict=none',
    'carts events=yes',
    'carts value-max=0',
    'carts resolve=me',
    'carts toString=1',
  ])('bucket %p is refused', (text) =>
    expect(() => bucketSpec(text, {})).toThrow(InvalidArgumentError),
  );
});
