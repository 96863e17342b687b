/** One node of a film at a moment: its charts, and what is known of each. */
import { stateText } from '../../parts/note-text.js';
import { chartsOf, lifeAt } from './film.js';
import type { Shown } from './shown.js';

export interface NodePanelProps extends Shown {
  readonly chosen: string;
  readonly choose: (node: string) => void;
}

export function NodePanel({ film, nodes, atUs, nameOf, chosen, choose }: NodePanelProps) {
  const life = lifeAt(film, chosen, atUs);
  const charts = chosen === '' ? [] : chartsOf(film, chosen, atUs);
  return (
    <section class="card stack node-panel" aria-labelledby="film-node">
      <div class="row">
        <h3 id="film-node">Charts of</h3>
        <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
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
              {charts.map(({ chart, instance, state, event }) => (
                <tr key={`${chart} ${instance}`}>
                  <td>{chart}</td>
                  <td class="quiet">{instanceText(instance, nameOf)}</td>
                  <td>{stateText(state)}</td>
                  <td class="quiet">{event}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function instanceText(instance: string, nameOf: (id: string) => string): string {
  return instance.replace(/[0-9a-f]{16}/g, nameOf);
}
