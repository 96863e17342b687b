/**
 * What the page knows, within bounds. Whatever comes in, those who show it are told at most once a
 * frame, and not at all while the page is hidden.
 */
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import type { ClusterPicture, Greeting, Note } from '../wire.js';
import { BoundedList } from './bounded-list.js';
import { keptPicture } from './parts/kept-picture.js';
import type { Connection, Source, SourceListener } from './source.js';

export class PageStore implements SourceListener {
  source: Source;
  connection: Connection = 'connecting';
  /** How often the source was opened: what happened while it was not is not among the notes. */
  openings = 0;
  greeting: Greeting | undefined;
  /** By their times; the last one is the latest. */
  readonly pictures = new BoundedList<ClusterPicture>(dashboardLimits.picturesKeptMax);
  /** As they came: those of several nodes may be out of order by some ms. */
  readonly notes = new BoundedList<Note>(dashboardLimits.notesKeptMax);
  /** Notes that were left out on the way here. */
  dropped = 0;
  /** The moment that is looked at; null: the latest. */
  lookedAtMs: number | null = null;
  private readonly listeners = new Set<() => void>();
  private isDue = false;

  constructor(
    source: Source,
    private readonly onFrame: (work: () => void) => void,
  ) {
    this.source = source;
    source.open(this);
  }

  /** The cluster at the moment that is looked at. */
  get picture(): ClusterPicture | undefined {
    const { pictures, lookedAtMs } = this;
    if (lookedAtMs === null) return pictures.last;
    const after = pictures.firstWhere(({ atMs }) => atMs > lookedAtMs);
    return pictures.at(Math.max(pictures.first, after - 1));
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Shows another source, from its beginning. */
  show(source: Source): void {
    this.source.close();
    this.cleared();
    this.greeting = undefined;
    this.source = source;
    source.open(this);
    this.changed();
  }

  lookAt(atMs: number | null): void {
    this.lookedAtMs = atMs;
    this.changed();
  }

  greeted(greeting: Greeting): void {
    this.greeting = greeting;
    this.changed();
  }

  pictured(picture: ClusterPicture): void {
    this.pictures.push([keptPicture(picture, this.pictures.last)]);
    this.changed();
  }

  noted({ notes, dropped }: { readonly notes: readonly Note[]; readonly dropped: number }): void {
    this.notes.push(notes);
    this.dropped += dropped;
    this.changed();
  }

  connected(connection: Connection): void {
    if (connection === 'open' && this.connection !== 'open') this.openings++;
    this.connection = connection;
    this.changed();
  }

  cleared(): void {
    this.pictures.clear();
    this.notes.clear();
    this.dropped = 0;
    this.lookedAtMs = null;
    this.changed();
  }

  private changed(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.onFrame(() => {
      this.isDue = false;
      for (const listener of this.listeners) listener();
    });
  }
}
