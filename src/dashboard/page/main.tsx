/** The page: puts source, store, frame and views together. */
import './style/tokens.css';
import './style/base.css';
import './style/frame.css';
import { render, type ComponentType } from 'preact';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { after, onFrame } from './parts/browser.js';
import { nodeMarks } from './parts/node-marks.js';
import { refusalText, sourceOfFile, useDroppedFiles } from './dropped-file.js';
import { Frame, type Tab } from './frame.tsx';
import { askedReplay, LiveSource } from './live-source.js';
import { PageContext, usePage, useStore, type Page, type ViewProps } from './page.js';
import { PageStore } from './page-store.js';
import { bytesText } from './parts/quantity.js';
import { hashOf, routeOf, type ViewName } from './route.js';
import type { Source } from './source.js';
import { ChartsView } from './views/charts/view.tsx';
import { ClusterView } from './views/cluster/view.tsx';
import { KeysView } from './views/keys/view.tsx';
import { ReplayView } from './views/replay/view.tsx';
import { RequestView } from './views/request/view.tsx';
import { StoryView } from './views/story/view.tsx';

const views: Readonly<Record<ViewName, ComponentType<ViewProps>>> = {
  cluster: ClusterView,
  charts: ChartsView,
  request: RequestView,
  keys: KeysView,
  story: StoryView,
  replay: ReplayView,
};

const allTabs: readonly Tab[] = [
  { view: 'cluster', title: 'Cluster' },
  { view: 'charts', title: 'Charts' },
  { view: 'request', title: 'Request' },
  { view: 'keys', title: 'Keys' },
  { view: 'story', title: 'Story' },
  { view: 'replay', title: 'Replay' },
];

const token = document.querySelector<HTMLMetaElement>('meta[name=quorate-token]')?.content ?? '';
const live = new LiveSource(token);
const store = new PageStore(live, (work) => void onFrame(work));

function Whole() {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  const [sayings, setSayings] = useState<readonly string[]>([]);
  useEffect(() => {
    const turn = (): void => setRoute(routeOf(location.hash));
    addEventListener('hashchange', turn);
    return () => removeEventListener('hashchange', turn);
  }, []);
  const say = useCallback((text: string) => {
    setSayings((before) => [...before, text].slice(-dashboardLimits.sayingsMax));
    after(dashboardLimits.sayingMs, () => setSayings((before) => before.slice(1)));
  }, []);
  const show = useCallback((source: Source) => {
    store.show(source);
    location.hash = hashOf(source.kind === 'file' ? 'replay' : 'cluster');
  }, []);
  const take = useCallback(
    (file: File) => {
      if (file.size > dashboardLimits.traceFileSoonBytes)
        say(`${file.name} is being read: it has ${bytesText(file.size)}.`);
      sourceOfFile(file).then(show, (error: unknown) => say(refusalText(file.name, error)));
    },
    [show, say],
  );
  const page = useMemo((): Page => ({ store, say, show, take }), [say, show, take]);
  useDroppedFiles(take);
  return (
    <PageContext.Provider value={page}>
      <Shown route={route} sayings={sayings} />
    </PageContext.Provider>
  );
}

function Shown({
  route,
  sayings,
}: {
  readonly route: ReturnType<typeof routeOf>;
  readonly sayings: readonly string[];
}) {
  const page = usePage();
  const { source, greeting, pictures } = useStore();
  // A node looks the same in all views.
  nodeMarks.meet(pictures.last?.nodes ?? []);
  const canBreak = greeting?.canBreak === true;
  const hasReplay = greeting?.hasReplay === true;
  const tabs = useMemo(
    () => allTabs.filter(({ view }) => view !== 'story' || canBreak),
    [canBreak],
  );
  const hasCluster = useHasCluster(greeting);
  useReplay(hasReplay);
  const View = views[route.view];
  const isFile = source !== live;
  return (
    <Frame
      tabs={tabs}
      route={route}
      sayings={sayings}
      backToCluster={isFile && hasCluster ? () => page.show(live) : undefined}
    >
      <View path={route.path} />
    </Frame>
  );
}

/** As the server said: a file that is shown has none. */
function useHasCluster(greeting: PageStore['greeting']): boolean {
  const told = useRef(true);
  if (greeting !== undefined && greeting.process !== '') told.current = greeting.hasCluster;
  return told.current;
}

/** Once: who goes back from it to the cluster wants to see that. */
function useReplay(hasReplay: boolean): void {
  const page = usePage();
  const isAsked = useRef(false);
  useEffect(() => {
    if (!hasReplay || isAsked.current) return;
    isAsked.current = true;
    askedReplay().then(
      (file) => page.take(file),
      (error: unknown) => page.say(refusalText('The file', error)),
    );
  }, [hasReplay, page]);
}

const place = document.querySelector('#page');
if (place !== null) render(<Whole />, place);
