/** One node of a film at a moment: its charts, and one of them drawn as it is then. */
import { useState } from 'preact/hooks';
import { stateText } from '../../parts/note-text.js';
import { NotedChart } from '../charts/noted-chart.tsx';
import { chartsOf, lifeAt, type ChartAt } from './film.js';
import type { Shown } from './shown.js';

export interface NodePanelProps extends Shown {
  readonly chosen: string;
  readonly choose: (node: string) => void;
}

/** Rounds come and go by the dozen; who looks at one has stopped. */
const rowsShown = 60;

export function NodePanel({ film, nodes, atUs, nameOf, chosen, choose }: NodePanelProps) {
  const [drawn, draw] = useState('node');
  const life = lifeAt(film, chosen, atUs);
  const charts = chosen === '' ? [] : chartsOf(film, chosen, atUs);
  const shown = chartDrawn(charts, drawn);
  return (
    <section class="card stack node-panel" aria-labelledby="film-node">
      <div class="row">
        <h3 id="film-node">Charts of</h3>
        <select
          aria-labelledby="film-node"
          value={chosen}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="">which node?</option>
          {nodes.map(({ id, name }) => (
            <option key={id} value={id}>
              {name} {id.slice(-4)}
            </option>
          ))}
        </select>
        {life !== undefined && <strong>{life.state}</strong>}
      </div>
      {charts.length > 0 && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>Chart</th>
                <th>Instance</th>
                <th>State</th>
                <th>After</th>
              </tr>
            </thead>
            <tbody>
              {charts.slice(-rowsShown).map((one) => {
                const { chart, instance, state, event } = one.note;
                return (
                  <tr key={nameIn(one)}>
                    <td>
                      <button
                        type="button"
                        class="plain"
                        aria-pressed={one === shown ? 'true' : 'false'}
                        onClick={() => draw(nameIn(one))}
                      >
                        {chart}
                      </button>
                    </td>
                    <td class="quiet">{instanceText(instance, nameOf)}</td>
                    <td>{stateText(state)}</td>
                    <td class="quiet">{event}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {charts.length > rowsShown && (
            <p class="quiet small">and {charts.length - rowsShown} that began before these</p>
          )}
        </div>
      )}
      {shown !== undefined && <NotedChart note={shown.note} before={shown.before} />}
    </section>
  );
}

/** The one that was chosen; once it is over, the latest of its kind. */
function chartDrawn(charts: readonly ChartAt[], drawn: string): ChartAt | undefined {
  const [kind] = drawn.split(' ');
  return (
    charts.find((one) => nameIn(one) === drawn) ??
    charts.findLast(({ note }) => note.chart === kind)
  );
}

function nameIn({ note }: ChartAt): string {
  return `${note.chart} ${note.instance}`;
}

function instanceText(instance: string, nameOf: (id: string) => string): string {
  return instance.replace(/[0-9a-f]{16}/g, nameOf);
}
