/** The keys of a bucket, in their order; fetched as far as they are scrolled to. */
import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import { WindowedList } from './windowed-list.tsx';
import { hashOf } from '../../route.js';
import type { LiveCluster } from '../../source.js';
import { nextPages, pagesOf, wantsMore, type KeyPages } from './key-pages.js';

const rowPx = 30;

interface Browsed {
  readonly pages: KeyPages;
  /** Asks for the next page, unless one is asked for already. */
  readonly ask: () => void;
  /** From the first one again. */
  readonly begin: () => void;
  /** Whoever shows the rows up to this one may need the next page. */
  readonly onLast: (last: number) => void;
}

function usePages(cluster: LiveCluster, bucket: string): Browsed {
  const [pages, told] = useReducer(nextPages, bucket, pagesOf);
  const latest = useRef(pages);
  latest.current = pages;
  const ask = useCallback(() => {
    const { next, isAsking } = latest.current;
    if (next === null || isAsking) return;
    latest.current = { ...latest.current, isAsking: true };
    told({ type: 'page.asked' });
    cluster.keys(bucket, next).then(
      (page) => told({ type: 'page.came', bucket, page }),
      (error: Error) => told({ type: 'page.failed', bucket, reason: error.message }),
    );
  }, [cluster, bucket]);
  const onLast = useCallback(
    (last: number) => {
      if (wantsMore(latest.current, last)) ask();
    },
    [ask],
  );
  // A page may hold nothing and yet lead on.
  useEffect(() => {
    if (pages.keys.length === 0) onLast(-1);
  }, [pages, onLast]);
  const begin = useCallback(() => told({ type: 'bucket.opened', bucket }), [bucket]);
  return { pages, ask, begin, onLast };
}

export function Browser({
  cluster,
  bucket,
  current,
}: {
  readonly cluster: LiveCluster;
  readonly bucket: string;
  readonly current: string;
}) {
  const { pages, ask, begin, onLast } = usePages(cluster, bucket);
  return (
    <section class="card browser stack" aria-labelledby="keys-of-bucket">
      <header class="row">
        <h3 id="keys-of-bucket">Keys of {bucket}</h3>
        <button type="button" class="plain small" onClick={begin}>
          Read again
        </button>
      </header>
      <WindowedList
        label={`Keys of ${bucket}`}
        class="key-list"
        count={pages.keys.length}
        rowPx={rowPx}
        onLast={onLast}
        row={(index) => {
          const key = pages.keys[index]!;
          return (
            <a
              href={hashOf('keys', bucket, key)}
              aria-current={key === current ? 'true' : undefined}
            >
              {key}
            </a>
          );
        }}
      />
      <p class="quiet small" role="status">
        {footOf(pages)}
      </p>
      {pages.failure !== undefined && (
        <p>
          <span class="failure">{pages.failure}</span>{' '}
          <button type="button" onClick={ask}>
            Try again
          </button>
        </p>
      )}
    </section>
  );
}

function footOf({ keys, next, isCut, isAsking }: KeyPages): string {
  const count = keys.length.toLocaleString();
  if (isCut) return `The first ${count}. Look a later one up by its name.`;
  if (isAsking) return `${count} so far, reading on …`;
  if (next === null) return keys.length === 1 ? 'One key.' : `${count} keys.`;
  return `${count} so far, more below.`;
}
