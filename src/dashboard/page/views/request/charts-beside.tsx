/**
 * The charts that decide about a request, where they are at the moment that is looked at. The last
 * one that moved is drawn, and steps along.
 */
import type { ChartNote } from '../../../wire.js';
import { stateText } from '../../parts/note-text.js';
import { NotedChart } from '../charts/noted-chart.tsx';
import { chartsAt, type Glass } from './glass.js';

export interface ChartsBesideProps {
  readonly glass: Glass;
  readonly atUs: number;
}

export function ChartsBeside({ glass, atUs }: ChartsBesideProps) {
  const charts = chartsAt(glass, atUs);
  const shown = charts.toSorted((a, b) => b.atUs - a.atUs)[0];
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
      {shown !== undefined && <NotedChart note={shown} before={noteBefore(glass, shown)} />}
    </section>
  );
}

function noteBefore({ charts }: Glass, note: ChartNote): ChartNote | undefined {
  const notes = charts.get(`${note.node} ${note.instance}`) ?? [];
  return notes[notes.indexOf(note) - 1];
}
