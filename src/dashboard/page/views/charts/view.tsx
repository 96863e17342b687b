/** Every machine there is, drawn from its definition, with its instances as they run. */
import './charts.css';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ChartDefinition, NodeLabel } from '../../../wire.js';
import { usePage, type ViewProps } from '../../page.js';
import { download } from '../../parts/download.js';
import { InstanceList } from './instance-list.tsx';
import { InstancePanel } from './instance-panel.tsx';
import { hasEnded, keyOf } from './instances.js';
import { indexOf, litStates, takenTransitions } from './lit.js';
import { LiveChart } from './live-chart.tsx';
import { MachineList, wordsOf } from './machine-list.tsx';
import type { Marks } from './marking.js';
import { sampleText, type Playback } from './playback.js';
import { svgText } from './saving.js';
import { SourcePanel } from './source-panel.tsx';
import { StatePanel } from './state-panel.tsx';
import { statelyText } from './stately-text.js';
import { useWatched } from './watching.js';
import { eventWords, stateWords } from './words.js';

export function ChartsView({ path }: ViewProps) {
  const { store } = usePage();
  const [charts, setCharts] = useState<readonly ChartDefinition[]>();
  const [problem, setProblem] = useState<string>();
  const { source } = store;
  useEffect(() => {
    source.charts().then(setCharts, (error: unknown) => setProblem(String(error)));
  }, [source]);
  const chart = charts?.find(({ id }) => id === path[0]) ?? charts?.[0];
  // The page is drawn anew whenever something came; this is when it is to be seen.
  const shown = useMemo(
    () =>
      charts !== undefined &&
      chart !== undefined && <Shown key={chart.id} charts={charts} chart={chart} path={path} />,
    [charts, chart, path],
  );
  return (
    <section class="charts" aria-labelledby="charts-view">
      <h2 id="charts-view" class="only-read">
        Charts
      </h2>
      {problem !== undefined && <p class="notice">{problem}</p>}
      {problem === undefined && charts === undefined && <p class="quiet">Reading the charts…</p>}
      {shown}
    </section>
  );
}

interface ShownProps {
  readonly charts: readonly ChartDefinition[];
  readonly chart: ChartDefinition;
  readonly path: readonly string[];
}

function Shown({ charts, chart, path }: ShownProps) {
  const { store } = usePage();
  const [, node, name] = path;
  const chosen = node === undefined || name === undefined ? undefined : keyOf(node, name);
  const { book, playback } = useWatched(store, chart.id, chosen);
  const [state, setState] = useState<string>();
  const index = useMemo(() => indexOf(chart.root), [chart]);
  const marks = useMarks(chart, playback, state);
  const nodes: readonly NodeLabel[] = store.picture?.nodes ?? [];
  const shownNode = state === undefined ? undefined : index.get(state)?.node;
  const choose = useCallback(
    (id: string) => setState((before) => (before === id ? undefined : id)),
    [],
  );
  const line = shownNode?.line ?? chart.line;
  const source = useMemo(
    () => <SourcePanel file={chart.file} text={chart.source} line={line} />,
    [chart, line],
  );
  return (
    <>
      <div class="left">
        <MachineList
          charts={charts}
          shown={chart.id}
          livingOf={(id) => book.of(id).filter((instance) => !hasEnded(instance)).length}
        />
        <h3>Instances</h3>
        <InstanceList
          chart={chart.id}
          instances={book.of(chart.id)}
          nodes={nodes}
          chosen={chosen}
        />
      </div>
      <div class="middle">
        <Head chart={chart} />
        <LiveChart chart={chart} marks={marks} moment={playback.step} onState={choose} />
        <Now playback={playback} />
      </div>
      <div class="right">
        {shownNode !== undefined && (
          <StatePanel
            node={shownNode}
            index={index}
            isLit={marks.lit.has(shownNode.id)}
            onState={setState}
          />
        )}
        <InstancePanel instance={playback.instance} step={playback.step} nodes={nodes} />
        {source}
      </div>
    </>
  );
}

function useMarks(chart: ChartDefinition, playback: Playback, chosen: string | undefined): Marks {
  const { step, before } = playback;
  const index = useMemo(() => indexOf(chart.root), [chart]);
  return useMemo(() => {
    const lit = litStates(chart.root, step?.state ?? null);
    const was = litStates(chart.root, before);
    const taken = takenTransitions(index, was, step?.event ?? '', lit);
    return { lit, taken, chosen };
  }, [chart, index, step, before, chosen]);
}

function Head({ chart }: { readonly chart: ChartDefinition }) {
  const head = useRef<HTMLDivElement>(null);
  const saveSvg = (): void => {
    const drawing = head.current?.parentElement?.querySelector<SVGGElement>('.canvas .chart');
    if (drawing instanceof SVGGElement)
      download(`${chart.id}.svg`, 'image/svg+xml', svgText(drawing));
  };
  const [summary] = chart.about.replaceAll('`', '').split('\n\n');
  return (
    <div class="head" ref={head}>
      <div>
        <h3>
          {wordsOf(chart.id)}
          {chart.isTable && <span class="quiet small"> runs as a table</span>}
        </h3>
        <p class="quiet small">{summary}</p>
      </div>
      <div class="row">
        <button type="button" onClick={saveSvg}>
          SVG
        </button>
        <button
          type="button"
          title="As code that Stately’s editor imports"
          onClick={() => download(`${chart.id}.ts`, 'text/javascript', statelyText(chart))}
        >
          Stately
        </button>
      </div>
    </div>
  );
}

/** Where it is, in words: the drawing says it by colour and form alone. */
function Now({ playback: { step, sample } }: { readonly playback: Playback }) {
  const sampled = sampleText(sample);
  return (
    <p class="state-line small">
      {step !== undefined && (
        <>
          {step.event !== '' && <span class="mono">{eventWords(step.event)}</span>}
          <span class="now"> ● {stateWords(step.state)}</span>
        </>
      )}
      {sampled !== undefined && <span class="sampled">{sampled}</span>}
    </p>
  );
}
