/** A process that runs the seeds it is sent, one after the other. */
import { drawWorld } from './world-options.js';
import { reportOf, runCaught } from './run-seed.js';

process.on('message', (seed: string) => {
  void runCaught(drawWorld(seed)).then((result) => process.send?.(reportOf(seed, result)));
});
process.on('disconnect', () => process.exit(0));
