import { describe, expect, test } from '@jest/globals';
import {
  nextPages,
  pagesOf,
  wantsMore,
  type KeyPages,
} from '../../../src/dashboard/page/views/keys/key-pages.js';
import { windowOf } from '../../../src/dashboard/page/parts/window-of.js';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';

function came(pages: KeyPages, keys: readonly string[], next: string | null): KeyPages {
  return nextPages(pages, { type: 'page.came', bucket: pages.bucket, page: { keys, next } });
}

describe('pages of keys', () => {
  test('follow each other; a key that comes twice is there once', () => {
    const first = came(pagesOf('users'), ['ada', 'bob'], 'bob');
    expect(first).toMatchObject({ keys: ['ada', 'bob'], next: 'bob', isAsking: false });
    const all = came(first, ['bob', 'eve'], null);
    expect(all).toMatchObject({ keys: ['ada', 'bob', 'eve'], next: null, isCut: false });
  });

  test('of another bucket come too late', () => {
    const pages = nextPages(pagesOf('users'), { type: 'bucket.opened', bucket: 'carts' });
    const page = { keys: ['ada'], next: null };
    expect(nextPages(pages, { type: 'page.came', bucket: 'users', page })).toBe(pages);
    expect(nextPages(pages, { type: 'page.failed', bucket: 'users', reason: 'no' })).toBe(pages);
  });

  test('that lead nowhere end; those that are empty but lead on do not', () => {
    const first = came(pagesOf('users'), ['ada'], 'ada');
    expect(came(first, [], 'ada').next).toBeNull();
    expect(came(first, [], 'zoe').next).toBe('zoe');
  });

  test('are no more than the page keeps, and it says so', () => {
    const many = Array.from({ length: dashboardLimits.keysKeptMax + 1 }, (_, i) => `k${i}`);
    const cut = came(pagesOf('users'), many, 'k9');
    expect(cut.keys).toHaveLength(dashboardLimits.keysKeptMax);
    expect(cut).toMatchObject({ next: null, isCut: true });
  });

  test('are asked for when the end comes into sight, one at a time, not again after a failure', () => {
    const some = came(pagesOf('users'), ['ada', 'bob'], 'bob');
    expect(wantsMore(some, 0)).toBe(false);
    expect(wantsMore(some, 1)).toBe(true);
    expect(wantsMore(nextPages(some, { type: 'page.asked' }), 1)).toBe(false);
    const failed = nextPages(some, { type: 'page.failed', bucket: 'users', reason: 'no answer' });
    expect(failed.failure).toBe('no answer');
    expect(wantsMore(failed, 1)).toBe(false);
    expect(wantsMore(came(some, [], null), 1)).toBe(false);
    expect(wantsMore(pagesOf('users'), -1)).toBe(true);
  });
});

describe('the rows of a long list that are drawn', () => {
  const list = { count: 1000, rowPx: 20, heightPx: 100 };

  test('are those in sight, and a few beside them', () => {
    expect(windowOf({ ...list, scrollPx: 0 })).toMatchObject({ first: 0, abovePx: 0 });
    const { first, end, abovePx, belowPx } = windowOf({ ...list, scrollPx: 400 });
    expect(first).toBeLessThan(20);
    expect(end).toBeGreaterThanOrEqual(25);
    expect(end - first).toBeLessThan(30);
    expect(abovePx).toBe(first * 20);
    expect(abovePx + (end - first) * 20 + belowPx).toBe(1000 * 20);
  });

  test('end with the list, also when it became shorter than what was scrolled to', () => {
    expect(windowOf({ ...list, scrollPx: 1000 * 20 })).toMatchObject({ end: 1000, belowPx: 0 });
    expect(windowOf({ ...list, count: 3, scrollPx: 5000 })).toMatchObject({ end: 3, belowPx: 0 });
    expect(windowOf({ ...list, count: 0, scrollPx: 50 })).toEqual({
      first: 0,
      end: 0,
      abovePx: 0,
      belowPx: 0,
    });
  });
});
