/** A worker of a search whose seeds say what it does with them. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeedReport } from '../simulation/run-seed.js';

const trace = join(process.env['SEARCH_TEST_FOLDER']!, 'was-here');

process.on('message', (seed: string) => {
  if (seed === 'ends') process.exit(3);
  if (seed === 'hangs') return;
  if (seed === 'hangs-once' && !existsSync(trace)) {
    writeFileSync(trace, '');
    return;
  }
  const report: SeedReport = {
    seed,
    violation: undefined,
    digest: '',
    virtualUs: 0,
    requests: 0,
    sometimes: [],
  };
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));
