/** `npm run bench`. See `--help`. */
import { Command } from 'commander';
import { addCompare } from './commands/compare.js';
import { addGrowth } from './commands/growth.js';
import { addMoving } from './commands/moving.js';
import { addOverload } from './commands/overload.js';

const program = new Command('bench').description(
  'Measures Quorate: beside its peers, under more load than it can carry, as it grows, and while partitions move.',
);
addCompare(program);
addOverload(program);
addGrowth(program);
addMoving(program);
await program.parseAsync();
