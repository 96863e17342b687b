/**
 * A node that stands still while its connection lives: nats-server goes on giving it a share of the
 * requests. The others have to notice, and to serve that share as well.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { natsConf } from '../../src/bus/nats-conf.js';
import { connect } from '../../src/index.js';
import { natsServerVersions, startNatsServer, type NatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';
import { ProcessCluster } from '../support/process-cluster.js';

let server: NatsServer | undefined;
let cluster: ProcessCluster | undefined;
const clients: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await cluster?.stop();
  await server?.stop();
  [cluster, server] = [undefined, undefined];
});

async function start(program: string | undefined): Promise<[ProcessCluster, NatsServer]> {
  const config = natsConf();
  server = await startNatsServer({ config, program });
  cluster = await ProcessCluster.start({ nodes: 3, serverUrl: server.url });
  return [cluster, server];
}

const timeoutMs = 500;
/** What a hung node may cost a plain client that asks one thing after the other. */
const lostMsMax = 10_000;
/** With a third of the requests lost so many in a row would be luck without equal. */
const servedInARow = 60;

/** More tokens than the mapping has: its subject is not that of a partition. */
function unmapped(i: number): string {
  return `shop.a.b.c.d.e.f.g.h.${i}`;
}

/** Asks until so many in a row are answered, and says what was lost until then. */
async function askUntilServed(ask: (i: number) => Promise<unknown>): Promise<number> {
  let inARow = 0;
  let lostMs = 0;
  for (let i = 0; inARow < servedInARow && lostMs <= lostMsMax; i++) {
    const beganMs = performance.now();
    try {
      await ask(i);
      inARow++;
    } catch {
      inARow = 0;
      lostMs += performance.now() - beganMs;
    }
  }
  return lostMs;
}

describe.each(natsServerVersions())('one of three nodes hangs, %s', (_, program) => {
  test('plain requests: of each kind 10 s at most are lost, then all are served; nothing acknowledged is lost when it goes on', async () => {
    const [nodes, { url }] = await start(program);
    const client = await PlainClient.connect(url);
    clients.push(client);
    const acknowledged = new Map<string, string>();
    let puts = 0;
    const options = { timeoutMs: timeoutMs + 100, 'Kv-Timeout': timeoutMs };
    const put = async (place: string): Promise<void> => {
      const value = `${place} ${++puts}`;
      const { code } = await client.put(place, value, options);
      if (code !== 200) throw new Error(String(code));
      acknowledged.set(place, value);
    };
    const get = async (place: string): Promise<void> => {
      const { code } = await client.get(place, options);
      if (code !== 200 && code !== 404) throw new Error(String(code));
    };
    for (let i = 0; i < 20; i++) await put(`shop.before-${i}`);
    nodes.signal(0, 'SIGSTOP');
    const lostMs = await Promise.all([
      askUntilServed((i) => put(`shop.put-${i}`)),
      askUntilServed((i) => get(`shop.get-${i}`)),
      // What the hung node reads of these when it goes on has been replaced long ago.
      askUntilServed((i) => put(`shop.again-${i % 5}`)),
      askUntilServed((i) => put(unmapped(-1 - (i % 5)))),
      askUntilServed((i) => put(unmapped(i))),
      askUntilServed((i) => get(unmapped(i))),
      askUntilServed(() => client.request('kv.ring', '', options)),
    ]);
    expect(lostMs.filter((lost) => lost > lostMsMax)).toEqual([]);
    nodes.signal(0, 'SIGCONT');
    await nodes.until('it answers again', 20_000, async () => {
      const rows = await nodes.status(100);
      return rows.filter((row) => row.status === 'serving').length === 3;
    });
    for (const [place, value] of acknowledged) {
      const { text } = await client.get(place, { 'Kv-R': 2, 'Kv-Quorum': 'strict' });
      expect({ place, text }).toEqual({ place, text: value });
    }
  }, 90_000);

  test('the TypeScript client: of 20 puts at once that come with the standstill none times out', async () => {
    const [nodes, { url }] = await start(program);
    const client = await connect({ servers: url });
    clients.push(client);
    const bucket = client.bucket('shop');
    await bucket.put('before', 'it hangs');
    nodes.signal(0, 'SIGSTOP');
    const puts = Array.from({ length: 20 }, (_, i) => bucket.put(`key-${i}`, `value ${i}`));
    const outcomes = await Promise.allSettled(puts);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  }, 60_000);
});
