/** Whose word counts for a configuration that is further away than the next one. */
import { expect, test } from '@jest/globals';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { begin, foundingConfiguration } from '../../actors/rules/steps.js';
import { Chain } from '../../src/membership/chain.js';
import type { PeerWatch } from '../../src/membership/peer-watch.js';
import { Vouching } from '../../src/membership/vouching.js';
import type { Table, Tables } from '../../src/seams/table.js';
import { idOf, placesOf, settled, taken } from '../support/configurations.js';
import { ManualClock } from '../support/manual-clock.js';

const partitions = 4;
const founded = foundingConfiguration(placesOf(1, 2, 3, 4), partitions);
const to = { members: placesOf(1, 2, 3), ring: 1, removed: [] } as const;
const later = settled(taken(begin(founded, to)));

const tables: Tables = {
  open: (name) => ({ name, get: () => undefined }) as Partial<Table> as Table,
  commit: (write, done) => {
    write({ put: () => undefined, remove: () => undefined });
    done();
  },
  close: () => Promise.resolve(),
};

function listener() {
  const clock = new ManualClock();
  const self = idOf(1);
  const chain = new Chain({
    tables,
    self,
    partitions,
    mayBeOwn: () => true,
    isFounder: () => true,
  });
  chain.load();
  chain.learn(founded);
  const watch = { reachability: () => 'alive' } as Partial<PeerWatch> as PeerWatch;
  return { clock, chain, vouching: new Vouching({ clock, chain, watch }) };
}

test('two members are enough', () => {
  const { chain, vouching } = listener();
  vouching.hear(idOf(2), later);
  expect(chain.known).toBe(founded);
  vouching.hear(idOf(2), later);
  expect(chain.known).toBe(founded);
  vouching.hear(idOf(3), later);
  expect(chain.known).toBe(later);
});

test('of nodes that are no members any number is not, until it was told for long', () => {
  const { clock, chain, vouching } = listener();
  for (let number = 20; number < 40; number++) vouching.hear(idOf(number), later);
  vouching.hear(idOf(2), later);
  expect(chain.known).toBe(founded);
  clock.advance(chainLimits.vouchedMsMax);
  vouching.hear(idOf(20), later);
  expect(chain.known).toBe(later);
});
