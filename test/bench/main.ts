/** `npm run bench`. See `--help`. */
import { Command } from 'commander';
import { addCompare } from './commands/compare.js';
import { addGrowth } from './commands/growth.js';
import { addOverload } from './commands/overload.js';

const program = new Command('bench').description(
  'Measures Quorate: beside its peers, under more load than it can carry, and as it grows.',
);
addCompare(program);
addOverload(program);
addGrowth(program);
await program.parseAsync();
