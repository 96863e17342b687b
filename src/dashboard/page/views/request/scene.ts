/** A request as it is saved for Chrome and Perfetto: who takes part is called by its role too. */
import type { Scene } from '../../parts/perfetto.js';
import type { Glass } from './glass.js';

export function sceneOf({ lanes, moments, charts, journeys, toUs }: Glass): Scene {
  const who = lanes.filter(({ role }) => role !== 'disk' && role !== 'network');
  return {
    who: who.map(({ id, title, role }) => ({ id, title: `${title} (${role})` })),
    moments,
    charts: charts.values(),
    journeys,
    toUs,
  };
}
