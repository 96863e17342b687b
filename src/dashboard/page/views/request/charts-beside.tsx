/**
 * The charts that decide about a request, where they are at the moment that is looked at. The last
 * one that moved is drawn, and steps along.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChartDefinition, ChartNote } from '../../../wire.js';
import { useStore } from '../../page.js';
import { stateText } from '../../parts/note-text.js';
import { indexOf, litStates, takenTransitions } from '../charts/lit.js';
import { LiveChart } from '../charts/live-chart.tsx';
import { chartsAt, type Glass } from './glass.js';

export interface ChartsBesideProps {
  readonly glass: Glass;
  readonly atUs: number;
}

export function ChartsBeside({ glass, atUs }: ChartsBesideProps) {
  const definitions = useDefinitions();
  const charts = chartsAt(glass, atUs);
  const shown = charts.toSorted((a, b) => b.atUs - a.atUs)[0];
  const definition = definitions.find(({ id }) => id === shown?.chart);
  return (
    <section class="card stack charts-beside" aria-label="Charts">
      <h3>What decides</h3>
      {charts.length === 0 && <p class="quiet small">No chart has begun yet.</p>}
      {charts.map((note) => (
        <dl key={`${note.node} ${note.instance}`}>
          <dt>
            {note.chart} <span class="quiet small">{note.instance}</span>
          </dt>
          <dd>
            <strong class={note.isFinal === true ? 'final' : ''}>{stateText(note.state)}</strong>{' '}
            <span class="quiet small">after {note.event}</span>
          </dd>
        </dl>
      ))}
      {shown !== undefined && definition !== undefined && (
        <Drawn definition={definition} note={shown} before={noteBefore(glass, shown)} />
      )}
    </section>
  );
}

interface DrawnProps {
  readonly definition: ChartDefinition;
  readonly note: ChartNote;
  readonly before: ChartNote | undefined;
}

function Drawn({ definition, note, before }: DrawnProps) {
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

function noteBefore({ charts }: Glass, note: ChartNote): ChartNote | undefined {
  const notes = charts.get(`${note.node} ${note.instance}`) ?? [];
  return notes[notes.indexOf(note) - 1];
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
