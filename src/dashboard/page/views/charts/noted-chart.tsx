/** A chart as a note has it: where it is, and by which transition it came there. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChartDefinition, ChartNote } from '../../../wire.js';
import { useStore } from '../../page.js';
import { indexOf, litStates, takenTransitions } from './lit.js';
import { LiveChart } from './live-chart.tsx';

export interface NotedChartProps {
  readonly note: ChartNote;
  /** Of the same instance; undefined: it was the first. */
  readonly before: ChartNote | undefined;
}

/** Nothing where this page knows no such chart: the file is of another version. */
export function NotedChart({ note, before }: NotedChartProps) {
  const definitions = useDefinitions();
  const definition = definitions.find(({ id }) => id === note.chart);
  return definition && <Drawn definition={definition} note={note} before={before} />;
}

function Drawn({
  definition,
  note,
  before,
}: NotedChartProps & { readonly definition: ChartDefinition }) {
  const { root } = definition;
  const index = useMemo(() => indexOf(root), [root]);
  const marks = useMemo(() => {
    const lit = litStates(root, note.state);
    const from = litStates(root, before?.state ?? null);
    const taken = takenTransitions(index, from, note.event, lit);
    return { lit, taken, chosen: undefined };
  }, [root, index, note, before]);
  return <LiveChart chart={definition} marks={marks} moment={note} />;
}

function useDefinitions(): readonly ChartDefinition[] {
  const { source } = useStore();
  const [definitions, setDefinitions] = useState<readonly ChartDefinition[]>([]);
  useEffect(() => {
    let isWanted = true;
    const none = (): readonly ChartDefinition[] => [];
    void source
      .charts()
      .catch(none)
      .then((told) => isWanted && setDefinitions(told));
    return () => {
      isWanted = false;
    };
  }, [source]);
  return definitions;
}
