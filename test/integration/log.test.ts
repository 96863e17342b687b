/** The log of real nodes: what the others say of one that is killed and comes back. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly node: string;
  readonly pid: number;
  readonly event: string;
  readonly msg: string;
  readonly peer?: string;
  readonly hints?: number;
  readonly delivered?: number;
}

let server: NatsServer;
let cluster: ProcessCluster;

beforeEach(async () => {
  server = await startNatsServer();
});

afterEach(async () => {
  await cluster?.stop();
  await server?.stop();
});

/** All lines of standard error are JSON, or this throws. */
function linesOf(i: number): Line[] {
  return cluster.errorLines(i).map((line) => JSON.parse(line) as Line);
}

function eventsOf(i: number, peer?: string): string[] {
  return linesOf(i)
    .filter((line) => line.peer === peer)
    .map(({ event }) => event);
}

/** Once all of `wanted` were said. */
async function told(i: number, peer: string, wanted: readonly string[]): Promise<void> {
  await cluster.until(`n${i + 1} says of ${peer}: ${wanted.join()}`, 60_000, async () => {
    const of = new Set(eventsOf(i, peer));
    return wanted.every((event) => of.has(event));
  });
}

test('kill -9 of one of three: the others say that it is down and owed hints, then that it is back and was paid; each line is JSON', async () => {
  cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url, startMs: 60_000 });
  await cluster.kill(2);
  for (let i = 0; i < 40; i++) await cluster.client.request(`kv.put.shop.cart-${i}`, 'apples');
  for (const i of [0, 1]) await told(i, 'n3', ['peer.suspect', 'peer.down']);
  await cluster.until('somebody owes hints', 60_000, async () =>
    [0, 1].some((i) => eventsOf(i, 'n3').includes('hints.owed')),
  );
  cluster.launch(2);
  for (const i of [0, 1]) await told(i, 'n3', ['peer.back']);
  const owing = [0, 1].filter((i) => eventsOf(i, 'n3').includes('hints.owed'));
  for (const i of owing) {
    await told(i, 'n3', ['hints.paid']);
    const of = linesOf(i).filter(({ peer }) => peer === 'n3');
    expect(of.find(({ event }) => event === 'hints.owed')!.hints).toBeGreaterThan(0);
    expect(of.find(({ event }) => event === 'hints.paid')!.delivered).toBeGreaterThan(0);
    const order = of.map(({ event }) => event);
    expect(order.indexOf('peer.suspect')).toBeLessThan(order.indexOf('peer.down'));
    expect(order.indexOf('hints.owed')).toBeLessThan(order.lastIndexOf('hints.paid'));
  }

  await cluster.kill(0, 'SIGTERM');
  const all = linesOf(0);
  expect(all[0]).toMatchObject({ level: 'info', event: 'node.started', node: 'n1' });
  const events = all.map(({ event }) => event);
  for (const event of ['store.recovered', 'nats.connected', 'members.changed', 'node.serving'])
    expect(events).toContain(event);
  expect(events.slice(-2)).toEqual(['node.stopping', 'node.stopped']);
  for (const { time, node, pid, msg } of all) {
    expect(Number.isNaN(Date.parse(time))).toBe(false);
    expect([node, pid > 0, msg.length > 0]).toEqual(['n1', true, true]);
  }
});

test('at level warn a node says that its server is gone, once, and nothing else', async () => {
  cluster = await ProcessCluster.start({
    nodes: 1,
    serverUrl: server.url,
    arguments: ['--n=1', '--r=1', '--w=1', '--log-level=warn'],
    startMs: 60_000,
  });
  expect(linesOf(0)).toEqual([]);
  const { port } = server;
  await server.stop();
  await cluster.until('it says so', 60_000, async () => linesOf(0).length > 0);
  expect(linesOf(0)).toEqual([
    expect.objectContaining({ level: 'warn', event: 'nats.disconnected', node: 'n1' }),
  ]);
  server = await startNatsServer({ port });
  await cluster.serving(1, 60_000);
  expect(linesOf(0)).toHaveLength(1);
});
