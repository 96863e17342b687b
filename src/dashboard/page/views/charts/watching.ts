/**
 * What a view of charts shows of the page's notes: it reads on at every frame in which something
 * came, and says when that is to be seen.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { ClusterPicture } from '../../../wire.js';
import { elapsedMs, onFrame } from '../../parts/browser.js';
import type { PageStore } from '../../page-store.js';
import { InstanceBook } from './instances.js';
import { Playback } from './playback.js';

/** Reads the notes of a store into a book; a new one when the store shows another time. */
export class BookKeeper {
  book = new InstanceBook();
  private next = 0;
  private source: unknown;
  private lookedAtMs: number | null = null;
  private toldUs = 0;
  private pictured: ClusterPicture | undefined;

  constructor(private readonly store: PageStore) {}

  /** Changes when there is something else to be seen. */
  get edition(): string {
    const { notes, picture } = this.store;
    return `${notes.next} ${picture?.atMs}`;
  }

  read(): InstanceBook {
    const { store } = this;
    const { lookedAtMs, source, notes } = store;
    const playedUs = source.player?.atUs ?? this.toldUs;
    if (source !== this.source || lookedAtMs !== this.lookedAtMs || playedUs < this.toldUs) {
      this.book = new InstanceBook();
      this.next = notes.first;
      this.pictured = undefined;
    }
    this.source = source;
    this.lookedAtMs = lookedAtMs;
    this.toldUs = playedUs;
    const news = notes.since(this.next);
    this.next = notes.next;
    this.book.take(
      lookedAtMs === null ? news : news.filter(({ atUs }) => atUs <= lookedAtMs * 1000),
    );
    const { picture } = store;
    if (picture !== undefined && picture !== this.pictured) this.book.takePicture(picture);
    this.pictured = picture;
    return this.book;
  }
}

export interface Watched {
  readonly book: InstanceBook;
  readonly playback: Playback;
}

/**
 * Drawn anew when the shown instance takes a step, and a few times a second for the rest: who looks
 * does not read faster.
 */
export function useWatched(store: PageStore, chart: string, key: string | undefined): Watched {
  const keeper = useMemo(() => new BookKeeper(store), [store]);
  const [, setDrawn] = useState(0);
  const book = keeper.read();
  const playback = useMemo(() => new Playback(book, chart, key), [book, chart, key]);
  useEffect(() => {
    let drawnMs = Number.NEGATIVE_INFINITY;
    let drawn = '';
    let cancel = (): void => {};
    const look = (): void => {
      const nowMs = elapsedMs();
      const isOther = keeper.read() !== book;
      const hasStepped = playback.advance(nowMs);
      const isDue = nowMs - drawnMs >= dashboardLimits.chartListsMs;
      if (isOther || hasStepped || (isDue && drawn !== keeper.edition)) {
        drawnMs = nowMs;
        drawn = keeper.edition;
        setDrawn((count) => count + 1);
      }
      cancel = onFrame(look);
    };
    look();
    return () => cancel();
  }, [keeper, book, playback]);
  return { book, playback };
}
