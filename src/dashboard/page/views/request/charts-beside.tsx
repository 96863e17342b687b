/** The charts that decide about a request, where they are at the moment that is looked at. */
import { stateText } from '../../parts/note-text.js';
import { chartsAt, type Glass } from './glass.js';

export interface ChartsBesideProps {
  readonly glass: Glass;
  readonly atUs: number;
}

export function ChartsBeside({ glass, atUs }: ChartsBesideProps) {
  const charts = chartsAt(glass, atUs);
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
    </section>
  );
}
