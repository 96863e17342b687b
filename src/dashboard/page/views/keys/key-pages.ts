/** The keys of a bucket as they are fetched, page after page, in their order. */
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { KeysPage } from '../../../wire.js';

export interface KeyPages {
  readonly bucket: string;
  readonly keys: readonly string[];
  /** What the next page begins after; null: all are there, or as many as the page keeps. */
  readonly next: string | null;
  readonly isCut: boolean;
  readonly isAsking: boolean;
  readonly failure: string | undefined;
}

export type PagesEvent =
  | { readonly type: 'bucket.opened'; readonly bucket: string }
  | { readonly type: 'page.asked' }
  | { readonly type: 'page.came'; readonly bucket: string; readonly page: KeysPage }
  | { readonly type: 'page.failed'; readonly bucket: string; readonly reason: string };

export function pagesOf(bucket: string): KeyPages {
  return { bucket, keys: [], next: '', isCut: false, isAsking: false, failure: undefined };
}

export function nextPages(pages: KeyPages, event: PagesEvent): KeyPages {
  switch (event.type) {
    case 'bucket.opened':
      return pagesOf(event.bucket);
    case 'page.asked':
      return { ...pages, isAsking: true, failure: undefined };
    case 'page.came':
      // What was asked of another bucket comes too late.
      return event.bucket === pages.bucket ? withPage(pages, event.page) : pages;
    case 'page.failed':
      break;
  }
  if (event.bucket !== pages.bucket) return pages;
  return { ...pages, isAsking: false, failure: event.reason };
}

function withPage(pages: KeyPages, { keys, next }: KeysPage): KeyPages {
  const known = new Set(pages.keys);
  // One that was put between two pages may come twice.
  const fresh = keys.filter((key) => !known.has(key));
  // A page that leads nowhere would be asked for without end.
  const isStuck = next === pages.next && fresh.length === 0;
  const all = [...pages.keys, ...fresh].slice(0, dashboardLimits.keysKeptMax);
  const isCut = all.length === dashboardLimits.keysKeptMax && next !== null;
  return {
    ...pages,
    keys: all,
    next: isStuck || isCut ? null : next,
    isCut,
    isAsking: false,
    failure: undefined,
  };
}

/** Whether to ask for the next page while the rows up to `last` are shown. */
export function wantsMore(pages: KeyPages, last: number): boolean {
  return (
    pages.next !== null &&
    !pages.isAsking &&
    pages.failure === undefined &&
    last >= pages.keys.length - 1
  );
}
