/** A process that plays the scenarios it is sent, one after the other. */
import { readFileSync } from 'node:fs';
import { parseScenario, runScenario } from './scenario.js';
import type { Play, Played } from './scenario-process.js';

process.on('message', ({ path, overrides }: Play) => {
  const scenario = parseScenario(readFileSync(path, 'utf8'));
  void runScenario(scenario, overrides).then((problem) =>
    process.send?.({ problem } satisfies Played),
  );
});
process.on('disconnect', () => process.exit(0));
