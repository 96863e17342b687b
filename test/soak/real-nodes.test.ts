/** What the soak looks at, and what its operator does, with nodes that are real. */
import { afterEach, expect, test } from '@jest/globals';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes, until } from '../support/real-nodes.js';
import { Operator } from './changes/operator.js';
import { holderNamed, ringSeenIn, type RingSeen } from './changes/ring-seen.js';
import { Relays } from './network/relays.js';
import { PlainStore } from './workload/plain-store.js';

const names = ['n1', 'n2', 'n3'];
let server: NatsServer;
let nodes: RealNodes;
let store: PlainStore | undefined;

afterEach(async () => {
  await store?.close();
  await nodes.end();
  await server.stop();
});

async function ringSeen(): Promise<RingSeen | undefined> {
  const ring = await store!.ring();
  return ring === undefined ? undefined : ringSeenIn(ring);
}

test('each node says what it holds itself; a plan of the operator moves partitions, and what does not move is not cancelled', async () => {
  server = await startNatsServer();
  nodes = new RealNodes(server.url, { partitions: 16 });
  await nodes.startAll(names);
  store = await PlainStore.connect([server.url], 3_000, 30_000);

  expect(await store.write('blind', 'k', 'a.1', {})).toMatchObject({
    outcome: 'done',
    wasRetried: true,
  });
  await store.write('delete', 'k', 'a.1', {});
  await store.write('delete', 'k', undefined, {});
  const before = (await ringSeen())!;
  expect(before.isMoving).toBe(false);
  expect(before.holders.map(({ name }) => name).sort()).toEqual(names);
  for (const { id, name } of before.holders) {
    await until(`${name} holds what was put`, 60_000, async () => {
      const { values } = await store!.heldBy(id, 'blind', 'k');
      return values.join() === 'a.1';
    });
    await until(`${name} holds no more what was deleted`, 60_000, async () => {
      const { outcome, values } = await store!.heldBy(id, 'delete', 'k');
      return outcome === 'done' && values.length === 0;
    });
    const nothing = await store.heldBy(id, 'blind', 'nothing');
    expect(nothing).toEqual({ outcome: 'done', values: [] });
  }
  expect(await store.heldBy('00'.repeat(8), 'blind', 'k')).toMatchObject({ outcome: 'unknown' });

  const operator = new Operator({
    network: await Relays.between([], []),
    directory: nodes.directory,
    servers: [server.url],
  });
  const refused = await operator.run('ring', 'cancel', '--json');
  expect(refused).toMatchObject({
    isDone: false,
    text: expect.stringMatching(/nothing is moving/),
  });
  let number = 0;
  await until('the plan is applied', 120_000, async () => {
    const { isDone, text } = await operator.plan('--weight', 'n1=2');
    number = Number(/"number":\s*(\d+)/.exec(text)?.[1] ?? 0);
    return isDone || text.includes('nothing would change');
  });
  expect(number).toBeGreaterThan(1);
  await until('nothing moves any more', 120_000, async () => {
    const ring = await ringSeen();
    return ring !== undefined && !ring.isMoving && ring.epoch > number;
  });
  const { id } = holderNamed(before, 'n1')!;
  expect((await store.heldBy(id, 'blind', 'k')).values).toEqual(['a.1']);
  // Any node answers a plan, also one that has yet to learn that the move is over.
  await until('the same plan is none', 60_000, async () => {
    const again = await operator.plan('--weight', 'n1=2');
    expect(again.isDone).toBe(false);
    return again.text.includes('nothing would change');
  });
});
