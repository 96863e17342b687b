import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { UnavailableError } from '../../src/errors.js';
import type { Membership } from '../../src/membership/membership.js';
import { RemovalDesk } from '../../src/membership/removal-desk.js';
import type { Bus, BusMessage } from '../../src/seams/bus.js';
import { idOf } from '../support/configurations.js';

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

test('so many removals are under way at once, and no more; one that ended makes room', async () => {
  const heard: ((message: BusMessage) => void)[] = [];
  const said: string[] = [];
  const bus = {
    subscribe: (_: string, hear: (message: BusMessage) => void) => void heard.push(hear),
    publish: (_: string, data: Uint8Array) => void said.push(Buffer.from(data).toString()),
  } as unknown as Bus;
  const open: ((error: Error) => void)[] = [];
  const remove = () => new Promise<never>((_, reject) => open.push(reject));
  const membership = { removing: { remove } } as unknown as Membership;
  new RemovalDesk(bus, { id: idOf(1), prefix: 'kv' }, membership).start();
  const request = (): Promise<void> => {
    heard[0]!({
      data: Buffer.from(idOf(2)),
      reply: '_INBOX.o',
    } as Partial<BusMessage> as BusMessage);
    return turns();
  };
  for (let i = 0; i < chainLimits.proposalsMax; i++) await request();
  expect([open.length, said]).toEqual([chainLimits.proposalsMax, []]);
  await request();
  expect(open).toHaveLength(chainLimits.proposalsMax);
  expect(said.splice(0)).toEqual([expect.stringMatching(/other removals .* ask again/)]);
  open[0]!(new UnavailableError('it lives'));
  await turns();
  await request();
  expect(open).toHaveLength(chainLimits.proposalsMax + 1);
  expect(said).toEqual([expect.stringMatching(/it lives/)]);
});
