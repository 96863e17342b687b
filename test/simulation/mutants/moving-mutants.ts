/** Who is asked, who counts and who listens while partitions move. */
import type { Mutant } from './mutant.js';

export const movingMutants: readonly Mutant[] = [
  // What operators and nodes that come ask for.
  {
    name: 'plan-of-any-configuration',
    test: 'unit/change-desk',
    file: 'src/membership/planning.js',
    find: 'from.number === number',
    replace: 'true',
  },
  {
    name: 'replaced-without-asking',
    test: 'unit/change-desk',
    file: 'src/membership/planning.js',
    find: 'await consent.to(gone);',
    replace: '',
  },
  {
    name: 'replaces-whoever-is-down-here',
    test: 'unit/rules/driver',
    file: 'actors/rules/arrival.js',
    find: '(gone.includes(old) || !isGone(old))',
    replace: '(gone.includes(old))',
  },
  {
    name: 'cancelled-back-and-forth',
    test: 'unit/change-desk',
    file: 'src/membership/planning.js',
    find: '(from) => leadsTo(from, before))',
    replace: '() => false)',
  },
  {
    name: 'taken-in-unasked',
    test: 'unit/change-desk',
    file: 'actors/rules/arrival.js',
    find: "if (join === 'ask')",
    replace: 'if (false)',
  },
  {
    name: 'first-voter-alone-drives',
    test: 'unit/chain',
    file: 'src/membership/driving.js',
    find: 'before === undefined ||',
    replace: 'before !== 0 ||',
  },

  // Rounds.
  {
    name: 'nobody-stands-in-across',
    test: 'unit/coordinator/stand-ins',
    file: 'actors/coordinator/stand-ins.js',
    find: '...across(round, primaries, named), ...across(round, incoming, named)',
    replace: '',
  },
  {
    name: 'stood-in-for-though-nobody-owes',
    test: 'unit/coordinator/stand-ins',
    file: 'actors/coordinator/stand-ins.js',
    find: 'return owed\n',
    replace: 'return owners\n',
  },
  {
    name: 'who-comes-never-stands-in',
    test: 'unit/rules/placement',
    file: 'actors/rules/placement.js',
    find: 'unionOf(list, nextList)',
    replace: 'unionOf(list, nobody)',
  },
  {
    name: 'other-side-never-asked',
    test: 'unit/coordinator/round-plans',
    file: 'actors/coordinator/round-plans.js',
    find: 'isMoving(placement) ? inOrder(placement) : placement.fallbacks',
    replace: 'placement.fallbacks',
  },
  {
    name: 'readers-alone-listen',
    test: 'unit/api/moving',
    file: 'actors/rules/routing.js',
    find: 'if (isReplica(placement, self))',
    replace: 'if (placement.readers.includes(self))',
  },
  {
    name: 'moved-partitions-share-routes',
    test: 'unit/client/moving',
    file: 'src/wire/ring-message.js',
    find: '${move.groupOf[partition]} ${moved.has(partition)}',
    replace: '${move.groupOf[partition]}',
  },
  {
    name: 'older-ring-taken',
    test: 'unit/client/moving',
    file: 'src/client/route-table.js',
    find: 'epoch < ring.epoch',
    replace: 'epoch < 0',
  },
  {
    name: 'moved-runs-unchecked',
    test: 'unit/wire/ring-message',
    file: 'src/wire/ring-message.js',
    find: 'first < free || ',
    replace: '',
  },
  {
    name: 'watch-ended-by-who-is-behind',
    test: 'unit/cli/moves',
    file: 'src/cli/move-watch.js',
    find: '!isOlder(ring, last)',
    replace: 'true',
  },
];
