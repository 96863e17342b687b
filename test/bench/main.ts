/** `npm run bench`. See `--help`. */
import { Command } from 'commander';
import { addBig } from './commands/big.js';
import { addCompare } from './commands/compare.js';
import { addExpiring } from './commands/expiring.js';
import { addFollowing } from './commands/following.js';
import { addGrowth } from './commands/growth.js';
import { addListing } from './commands/listing.js';
import { addMoving } from './commands/moving.js';
import { addOverload } from './commands/overload.js';
import { addWatched } from './commands/watched.js';

const program = new Command('bench').description(
  'Measures Quorate: beside its peers, under more load than it can carry, as it grows, while partitions move, while somebody watches, while keys expire, and with values that no message holds.',
);
addCompare(program);
addOverload(program);
addGrowth(program);
addMoving(program);
addWatched(program);
addListing(program);
addFollowing(program);
addBig(program);
addExpiring(program);
await program.parseAsync();
