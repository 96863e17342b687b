/** A trace file of what is shown: `src/insight/README.md` has its form. */
import type { NodeLabel, Note } from '../../wire.js';

export function traceText(nodes: readonly NodeLabel[], notes: readonly Note[]): string {
  const head = {
    quorateTrace: 1,
    nodes: nodes.map(({ id, name, host, zone }) => ({ id, name, host, zone })),
    startedMs: Math.floor((notes[0]?.atUs ?? 0) / 1000),
  };
  return [head, ...notes].map((line) => `${JSON.stringify(line)}\n`).join('');
}
