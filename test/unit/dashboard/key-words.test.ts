import { describe, expect, test } from '@jest/globals';
import { differingParts } from '../../../src/dashboard/page/views/keys/differing-parts.js';
import { isWhole, mergedText } from '../../../src/dashboard/page/views/keys/resolving.js';
import { placesOf, reasonsOf } from '../../../src/dashboard/page/views/keys/where.js';
import type { ClusterPicture, KeyPicture, Reach } from '../../../src/dashboard/wire.js';

const marked = (...texts: string[]): string[] =>
  differingParts(texts).map((parts) =>
    parts.map(({ text, differs }) => (differs ? `[${text}]` : text)).join(''),
  );

describe('texts side by side', () => {
  test('what not all have is marked', () => {
    expect(marked('apple, bread, milk', 'apple, bread, soap')).toEqual([
      'apple, bread, [milk]',
      'apple, bread, [soap]',
    ]);
    expect(marked('{"a":1}', '{"a":2}')).toEqual(['{"a":[1]}', '{"a":[2]}']);
  });

  test('a word that is there more often is marked as often', () => {
    expect(marked('tea tea', 'tea')).toEqual(['tea[ tea]', 'tea']);
  });

  test('equal ones, one alone and empty ones have no marks', () => {
    expect(marked('tea', 'tea')).toEqual(['tea', 'tea']);
    expect(marked('tea')).toEqual(['tea']);
    expect(marked('', 'tea')).toEqual(['', '[tea]']);
  });
});

describe('several values as one', () => {
  test('each line once', () => {
    expect(mergedText(['apple\nmilk', 'apple\nsoap'])).toBe('apple\nmilk\nsoap');
    expect(mergedText(['a\na'])).toBe('a\na');
    expect(mergedText([])).toBe('');
  });

  test('bytes that are no text are not put back', () => {
    expect(isWhole('tea ✓')).toBe(true);
    const broken = new TextDecoder().decode(new Uint8Array([0xff, 0x41]));
    expect(isWhole(broken)).toBe(false);
    expect(mergedText([broken])).toBe('');
    expect(mergedText(['tea', broken])).toBe('');
  });
});

const picture = (reach: Readonly<Record<string, Reach>>): ClusterPicture =>
  ({
    nodes: ['a', 'b', 'c', 'd'].map((id) => ({
      id,
      name: `n-${id}`,
      host: `h-${id}`,
      zone: 'z',
      reach: reach[id] ?? 'alive',
      view: { hints: id === 'c' ? { b: 2 } : {} },
    })),
  }) as never;

const key = (more: Partial<KeyPicture> = {}): KeyPicture => ({
  bucket: 'users',
  key: 'ada',
  partition: 17,
  primaries: ['a', 'b'],
  incoming: [],
  readers: ['a', 'b'],
  fallbacks: ['c', 'd'],
  copies: [],
  ...more,
});

const reasons = (told: KeyPicture, reach: Readonly<Record<string, Reach>> = {}): string =>
  reasonsOf(told, placesOf(told, picture(reach)), { groupOf: Array(256).fill(0) } as never).join(
    ' ',
  );

describe('where a key lives, and why', () => {
  test('places are in the order of the preference list', () => {
    const places = placesOf(key(), picture({ b: 'down' }));
    expect(places.map(({ name, role }) => `${name} ${role}`)).toEqual([
      'n-a primary 1',
      'n-b primary 2',
      'n-c fallback 1',
      'n-d fallback 2',
    ]);
    expect(places[1]).toMatchObject({ reach: 'down', owed: 2 });
  });

  test('in calm', () => {
    expect(reasons(key())).toMatch(
      /partition 17 of 256\. .*first 2 .*: n-a and n-b\. .*n-c in its stead/,
    );
    expect(reasons(key({ fallbacks: [] }))).toMatch(/All members are primaries/);
  });

  test('with a primary down, the next one that lives stands in', () => {
    expect(reasons(key(), { b: 'down' })).toMatch(/n-b is down: n-c takes its puts/);
    expect(reasons(key(), { b: 'down', c: 'down' })).toMatch(/n-d takes its puts/);
    expect(reasons(key({ fallbacks: [] }), { b: 'down' })).toMatch(/no fallback is left/);
  });

  test('while it moves, and once it has moved', () => {
    const moving = key({ incoming: ['a', 'd'], fallbacks: ['c'] });
    expect(placesOf(moving, picture({})).map(({ role }) => role)).toEqual([
      'primary 1',
      'primary 2',
      'incoming',
      'fallback 1',
    ]);
    expect(reasons(moving)).toMatch(/moves to n-a and n-d\. .*the owners before it yet/);
    expect(reasons({ ...moving, readers: ['a', 'd'] })).toMatch(/it has moved: gets read these/);
  });
});
