/** `npm run bench`. See `--help`. */
import { Command } from 'commander';
import { addCompare } from './commands/compare.js';
import { addGrowth } from './commands/growth.js';
import { addOverload } from './commands/overload.js';

// As `up` does for the server it starts: the servers of all systems collect garbage equally seldom.
process.env['GOGC'] ??= '400';

const program = new Command('bench').description(
  'Measures Quorate: beside its peers, under more load than it can carry, and as it grows.',
);
addCompare(program);
addOverload(program);
addGrowth(program);
await program.parseAsync();
