/** The cluster: its ring, its nodes, what is measured of them and what happened to them. */
import './cluster.css';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { ClusterPicture } from '../../../wire.js';
import { useStore, type ViewProps } from '../../page.js';
import { hashOf, routeOf } from '../../route.js';
import type { Source } from '../../source.js';
import { EventBook } from './event-book.js';
import { focusAt, isSame, litNodes, nothing, pathOf, within, type Focus } from './focus.js';
import { MeasuresCard } from './measures-card.tsx';
import { NodesCard } from './nodes-card.tsx';
import { RingCard } from './ring-card.tsx';
import { partitionFacts, type PartitionFacts } from './ring-model.js';
import { SeriesBook } from './series-book.js';
import { SightCard } from './sight-card.tsx';
import { TimeLine } from './time-line.tsx';

export function ClusterView({ path }: ViewProps) {
  const store = useStore();
  const { source, picture } = store;
  const books = useBooks(source, store.openings);
  books.events.read(store.notes);
  books.series.read(store.pictures);
  return (
    <section class="cluster" aria-label="Cluster">
      {picture === undefined ? (
        <p class="quiet">Waiting for the first picture of the cluster.</p>
      ) : (
        <Shown
          picture={picture}
          path={path}
          nowMs={store.pictures.last?.atMs ?? picture.atMs}
          lookedAtMs={store.lookedAtMs}
          events={books.events.events}
          series={books.series}
          seenFromMs={store.pictures.at(store.pictures.first)?.atMs ?? picture.atMs}
          lookAt={(atMs) => {
            store.lookAt(atMs);
            scrollTo(0, 0);
          }}
          canBreak={store.greeting?.canBreak === true}
        />
      )}
    </section>
  );
}

interface Books {
  readonly events: EventBook;
  readonly series: SeriesBook;
}

/**
 * Of another source others. What happened while the page was not told of it, before it was opened,
 * cut off or hidden, is asked for.
 */
function useBooks(source: Source, openings: number): Books {
  const [, setTaken] = useState(0);
  const books = useMemo(() => ({ events: new EventBook(), series: new SeriesBook() }), [source]);
  const { gaps } = books.events;
  useEffect(() => {
    const take = async (): Promise<void> => {
      books.events.take(await source.timeline());
      setTaken((before) => before + 1);
    };
    // What happens from now on is shown all the same.
    if (openings > 0) take().catch(() => undefined);
  }, [source, books, openings, gaps]);
  return books;
}

interface ShownProps {
  readonly picture: ClusterPicture;
  readonly path: readonly string[];
  readonly nowMs: number;
  readonly lookedAtMs: number | null;
  readonly events: EventBook['events'];
  readonly series: SeriesBook;
  readonly seenFromMs: number;
  readonly lookAt: (atMs: number) => void;
  readonly canBreak: boolean;
}

function Shown({ picture, path, nowMs, lookedAtMs, events, series, lookAt, ...props }: ShownProps) {
  const [chosen, setChosen] = useChosen(path);
  const [pointed, setPointed] = useState<Focus>();
  const point = useCallback((focus: Focus | undefined) => {
    // The same one again and again while a pointer moves over it.
    setPointed((before) =>
      before !== undefined && focus !== undefined && isSame(before, focus) ? before : focus,
    );
  }, []);
  const choose = useCallback(
    (focus: Focus) => setChosen((before) => (isSame(before, focus) ? nothing : focus)),
    [],
  );
  const focus = within(pointed ?? chosen, picture.ring?.groupOf.length ?? 0);
  const lit = useLit(focus, picture);
  const litLong = useLit(chosen, picture);
  const nodes = useNodeIds(picture);
  const event = chosen.kind === 'event' ? chosen.event : undefined;
  const markedMs = event?.atMs ?? lookedAtMs;
  const newest = series.times.at(-1);
  // Notes come many times a second, pictures once: what stays as it is is not drawn again.
  const ring = useMemo(
    () => <RingCard picture={picture} focus={focus} lit={lit} point={point} choose={choose} />,
    [picture, pointed, chosen, lit],
  );
  const sight = useMemo(() => <SightCard picture={picture} lit={lit} />, [picture, lit]);
  const table = useMemo(() => {
    const shared = { picture, series, lit, point, choose };
    return <NodesCard {...shared} chosen={chosen} canBreak={props.canBreak} />;
  }, [picture, newest, chosen, lit, props.canBreak]);
  const measures = useMemo(
    () => <MeasuresCard nodes={nodes} series={series} lit={litLong} markedMs={markedMs} />,
    [nodes, series, newest, litLong, markedMs],
  );
  const timeLine = useMemo(
    () => (
      <TimeLine
        nodes={nodes}
        events={events}
        nowMs={nowMs}
        chosen={event}
        choose={(picked) => setChosen({ kind: 'event', event: picked })}
        lookAt={lookAt}
        seenFromMs={props.seenFromMs}
      />
    ),
    [nodes, events, nowMs, event],
  );
  return (
    <div
      class="cluster-grid"
      onKeyDown={({ key }) => {
        if (key === 'Escape') setChosen(nothing);
      }}
    >
      {ring}
      <div class="stack">
        {table}
        {sight}
      </div>
      {timeLine}
      {/* In a file nobody says what it counted. */}
      {picture.nodes.some(({ status }) => status !== null) && measures}
    </div>
  );
}

/** What the address says, and who looks chooses: the address follows, so that it can be sent. */
function useChosen(
  path: readonly string[],
): [Focus, (next: Focus | ((before: Focus) => Focus)) => void] {
  const [chosen, setChosen] = useState<Focus>(() => focusAt(path));
  const said = path.join('/');
  useEffect(() => setChosen(focusAt(path)), [said]);
  useEffect(() => {
    // Who has just chosen another view is about to see it.
    if (routeOf(location.hash).view === 'cluster')
      history.replaceState(null, '', hashOf('cluster', ...pathOf(chosen)));
  }, [chosen]);
  return [chosen, setChosen];
}

/** The same set for as long as they are the same nodes. */
function useLit(focus: Focus, picture: ClusterPicture): ReadonlySet<string> {
  const lit = litNodes(focus, factsIn(picture));
  const named = [...lit].join();
  return useMemo(() => lit, [named]);
}

function factsIn({ ring }: ClusterPicture): (partition: number) => PartitionFacts | undefined {
  return (partition) =>
    ring === null || partition >= ring.groupOf.length ? undefined : partitionFacts(ring, partition);
}

/** The same list for as long as they are the same nodes. */
function useNodeIds({ nodes }: ClusterPicture): readonly string[] {
  const ids = nodes.map(({ id }) => id);
  const named = ids.join();
  return useMemo(() => ids, [named]);
}
