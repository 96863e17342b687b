import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { busLimits } from '../../actors/rules/limits/bus.js';
import { BusPeers } from '../../src/bus/bus-peers.js';
import { NatsBus, type NatsBusOptions } from '../../src/bus/nats-bus.js';
import type { PeerAnswer } from '../../src/bus/peers.js';
import type { BusMessage, ServiceDescription } from '../../src/seams/bus.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import { asRequest } from '../../src/wire/protocol/bodies.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes } from '../support/real-nodes.js';
import { tlsCertificate } from '../support/tls-certificate.js';
import { Metrics } from '../../src/seams/metrics.js';
import { until } from '../support/until.js';

let server: NatsServer;
const opened: NatsBus[] = [];

async function open(options: Partial<NatsBusOptions> = {}): Promise<NatsBus> {
  const bus = await NatsBus.connect({ servers: server.url, ...options });
  opened.push(bus);
  return bus;
}

function peersOn(bus: NatsBus, id: string): BusPeers {
  return new BusPeers(bus, new RealClock(), new RealRandom(), { id, prefix: 'kv' }, new Metrics());
}

function received(bus: NatsBus, subject: string, options?: { queue: string }) {
  const messages: { text: string; subject: string; reply: string; noResponders: boolean }[] = [];
  bus.subscribe(
    subject,
    ({ data, subject, reply, noResponders }: BusMessage) =>
      messages.push({ text: Buffer.from(data).toString(), subject, reply, noResponders }),
    options,
  );
  return messages;
}

beforeEach(async () => {
  server = await startNatsServer();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close()));
  await server.stop();
});

describe('NatsBus', () => {
  test('publish with reply and headers; names of headers in any case', async () => {
    const [alice, bob] = [await open(), await open()];
    const seen: (string | undefined)[] = [];
    bob.subscribe('put.>', (message) => {
      seen.push(message.subject, message.reply, message.header('KV-w'), message.header('Kv-R'));
      seen.push(message.header('Kv-Empty'));
    });
    await bob.flush();
    const headers = { 'Kv-W': '2 of drei: ³', 'Kv-Empty': '' };
    alice.publish('put.a.b', Buffer.from('x'), { reply: 'nobody.waits', headers });
    await until(() => seen.length > 0);
    expect(seen).toEqual(['put.a.b', 'nobody.waits', '2 of drei: ³', undefined, '']);
    const broken = { 'Kv-W': '1\r\nKv-R: 1' };
    expect(() => alice.publish('put.a.b', Buffer.alloc(0), { headers: broken })).toThrow(/break/);
  });

  test('a server that goes on in another protocol: the bus connects again, and messages arrive as before', async () => {
    const links: Socket[] = [];
    const fake = createServer((link) => {
      links.push(link);
      link.write(`INFO {"version":"2.9.10","headers":true,"max_payload":1048576}\r\n`);
      link.on('error', () => undefined);
      link.on('data', (bytes) => {
        for (const _ of bytes.toString().matchAll(/^PING/gm)) link.write('PONG\r\n');
      });
    });
    fake.listen(0, '127.0.0.1');
    await once(fake, 'listening');
    const { port } = fake.address() as AddressInfo;
    const bus = await open({ servers: `nats://127.0.0.1:${port}` });
    const messages = received(bus, 'greetings');
    for (const connection of [0, 1]) {
      await until(() => links.length > connection && bus.connected);
      // A link that has published reads by itself.
      if (connection === 0) bus.publish('anything', Buffer.from('at all'));
      await bus.flush();
      links[connection]!.write('MSG greetings 1 5\r\nhello\r\n');
      await until(() => messages.length > connection);
      if (connection === 0) links[connection]!.write('HTTP/1.1 400 Bad Request\r\n');
    }
    await bus.close();
    fake.close();
    expect(messages.map(({ text }) => text)).toEqual(['hello', 'hello']);
  });

  test('a queue group gets each message once, everybody else each', async () => {
    const buses = [await open(), await open(), await open()];
    const [one, two] = buses.slice(1).map((bus) => received(bus, 'q', { queue: 'group' }));
    const all = received(buses[0]!, 'q');
    for (const bus of buses) await bus.flush();
    for (let i = 0; i < 50; i++) buses[0]!.publish('q', Buffer.from(String(i)));
    await until(() => one!.length + two!.length === 50 && all.length === 50);
    expect(one!.length).toBeGreaterThan(0);
    expect(two!.length).toBeGreaterThan(0);
  });

  test('nobody subscribes: "no responders" on the reply subject', async () => {
    const bus = await open();
    const messages = received(bus, 'mine.*');
    bus.publish('nobody.there', Buffer.alloc(0), { reply: 'mine.7' });
    await until(() => messages.length > 0);
    expect(messages).toEqual([{ text: '', subject: 'mine.7', reply: '', noResponders: true }]);
  });

  test('a server that restarts: subscriptions are back, what was published meanwhile is not', async () => {
    const bus = await open();
    const messages = received(bus, 'x');
    const statuses: string[] = [];
    bus.onStatus((status) => statuses.push(`${status} ${bus.connected}`));
    await server.stop();
    await until(() => statuses.length === 1);
    bus.publish('x', Buffer.from('lost'));
    server = await startNatsServer({ port: server.port });
    await until(() => statuses.length === 2);
    await bus.flush();
    bus.publish('x', Buffer.from('found'));
    await until(() => messages.length > 0);
    expect(messages.map(({ text }) => text)).toEqual(['found']);
    await bus.close();
    expect(statuses).toEqual(['disconnected false', 'connected true', 'closed false']);
  });

  test('to unsubscribe twice, without a server, or after the end does no harm, nor to subscribe or publish then', async () => {
    const failures: unknown[] = [];
    const failed = (error: unknown): number => failures.push(error);
    process.on('unhandledRejection', failed);
    const bus = await open();
    const messages = received(bus, 'before');
    const subscriptions = ['a', 'b', 'c'].map((subject) => bus.subscribe(subject, () => undefined));
    subscriptions[0]!.unsubscribe();
    subscriptions[0]!.unsubscribe();
    bus.publish('before', Buffer.alloc(0));
    await until(() => messages.length === 1);
    await server.stop();
    await until(() => !bus.connected);
    subscriptions[1]!.unsubscribe();
    await bus.close();
    for (const subscription of subscriptions) subscription.unsubscribe();
    bus.subscribe('late', () => undefined).unsubscribe();
    bus.publish('late', Buffer.alloc(0));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', failed);
    expect(failures).toEqual([]);
  });

  test('a handler that throws is reported, and the connection goes on', async () => {
    const errors: string[] = [];
    const bus = await open({ onError: (error) => errors.push(error.message) });
    bus.subscribe('bad', () => {
      throw new Error('handler failed');
    });
    const messages = received(bus, 'good');
    bus.publish('bad', Buffer.alloc(0));
    bus.publish('good', Buffer.alloc(0));
    await until(() => messages.length === 1);
    expect(errors).toEqual(['handler failed']);
  });

  test('user and password from the address, from the options; neither', async () => {
    await server.stop();
    const config = 'authorization { users: [{ user: "no de", password: "p@ss" }] }';
    server = await startNatsServer({ config });
    const host = `127.0.0.1:${server.port}`;
    const ways = [
      { servers: `nats://no%20de:p%40ss@${host}` },
      { servers: [host], user: 'no de', password: 'p@ss' },
    ];
    for (const way of ways) expect((await open(way)).connected).toBe(true);
    await expect(open({ servers: host })).rejects.toThrow(/authorization/i);
  });

  test('TLS, by the address and because the server asks for it; messages larger than its records', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-tls-'));
    const [certificate, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    writeFileSync(certificate, tlsCertificate.certificate);
    writeFileSync(key, tlsCertificate.key);
    await server.stop();
    const config = `tls { cert_file: "${certificate}", key_file: "${key}" }`;
    server = await startNatsServer({ config });
    // Which authorities to trust is read when a process starts.
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate, NODE_OPTIONS: '' };
    const program = fileURLToPath(new URL('../support/tls-echo.js', import.meta.url));
    for (const scheme of ['tls', 'nats']) {
      const address = `${scheme}://localhost:${server.port}`;
      const { stdout } = await promisify(execFile)(process.execPath, [program, address], { env });
      expect(stdout).toBe(String(20 * 100_000));
    }
    rmSync(directory, { recursive: true });
  });

  test('a socket that always has more to read: turns end, so that nothing else waits for it', async () => {
    const [alice, bob] = [await open(), await open()];
    const messages = 4_000;
    const payload = Buffer.alloc(2_000);
    /** Bytes of those that are over. */
    const turns: number[] = [];
    let bytes = 0;
    let left = messages;
    bob.subscribe('more', ({ data }) => {
      if (bytes === 0)
        setImmediate(() => {
          turns.push(bytes);
          bytes = 0;
        });
      bytes += data.length;
      left--;
      // Long enough for the server to have sent on by then.
      const untilMs = performance.now() + 0.1;
      while (performance.now() < untilMs);
    });
    await bob.flush();
    for (let i = 0; i < messages; i++) alice.publish('more', payload);
    await until(() => left === 0 && bytes === 0);
    const readBytesMax = 256 * 1024;
    expect(Math.max(...turns)).toBeGreaterThan(0);
    expect(Math.max(...turns)).toBeLessThanOrEqual(busLimits.turnBytesMax + readBytesMax);
  });

  test('a subject this user may not subscribe to is reported', async () => {
    await server.stop();
    const config =
      'authorization { users: [{ user: "u", password: "p", permissions: { subscribe: "a.>" } }] }';
    server = await startNatsServer({ config });
    const errors: string[] = [];
    const onError = (error: Error): number => errors.push(error.message);
    const bus = await open({ user: 'u', password: 'p', onError });
    received(bus, 'b');
    await until(() => errors.length > 0);
    expect(errors[0]).toMatch(/permissions violation.*"b"/i);
  });

  test('headers count as payload: what is past the bound of the server is refused here, and the connection stays', async () => {
    await server.stop();
    server = await startNatsServer({ config: 'max_payload: 1000' });
    const bus = await open();
    const messages = received(bus, 'x');
    const statuses: string[] = [];
    bus.onStatus((status) => statuses.push(status));
    const headers = { A: 'b'.repeat(500) };
    expect(() => bus.publish('x', Buffer.alloc(500), { headers })).toThrow(/server takes 1000/);
    expect(() => bus.publish('x', Buffer.alloc(1001))).toThrow(/server takes 1000/);
    bus.publish('x', Buffer.from('fits'), { headers });
    await until(() => messages.length === 1);
    expect(statuses).toEqual([]);
  });

  test('a server that takes less than is needed is none: the next one is taken, or the text says what to set', async () => {
    const small = await startNatsServer({ config: 'max_payload: 64KB' });
    const least = { payloadBytesMin: 1_000_000 };
    const waiting = { ...least, waitForServer: true };
    for (const options of [least, waiting])
      await expect(open({ servers: small.url, ...options })).rejects.toThrow(
        'the NATS server takes messages of 65536 bytes; set its max_payload to 1000000 or more',
      );
    const bus = await open({ servers: [small.url, server.url], ...least });
    expect(bus.payloadBytesMax).toBe(1024 * 1024);
    const { port } = server;
    await server.stop();
    await until(() => !bus.connected);
    server = await startNatsServer({ port, config: 'max_payload: 64KB' });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(bus.connected).toBe(false);
    await server.stop();
    server = await startNatsServer({ port });
    await until(() => bus.connected);
    await small.stop();
  });

  test('a node does not start on it', async () => {
    await server.stop();
    server = await startNatsServer({ config: 'max_payload: 64KB' });
    const nodes = new RealNodes(server.url);
    await expect(nodes.start('n1')).rejects.toThrow(/set its max_payload to \d+ or more/);
    await nodes.end();
  });

  test('$SRV.PING, INFO and STATS answer for all, by name and by id', async () => {
    const bus = await open();
    const endpoint = {
      name: 'put',
      subject: 'kv.put.>',
      queue: 'quorate',
      requests: 4,
      errors: 1,
      processingMsTotal: 2,
      lastError: '503 no quorum',
    };
    const service: ServiceDescription = {
      name: 'quorate',
      id: 'abc',
      version: '0.1.0',
      description: 'key-value store',
      startedAtMs: 0,
      metadata: { node: 'n1' },
      endpoints: () => [endpoint],
    };
    bus.registerService(service);
    const asker = await open();
    const replies = received(asker, 'answers.*');
    for (const whom of ['', '.quorate', '.quorate.abc', '.quorate.other', '.else'])
      asker.publish(`$SRV.PING${whom}`, Buffer.alloc(0), { reply: `answers.${whom.length}` });
    asker.publish('$SRV.INFO', Buffer.alloc(0), { reply: 'answers.info' });
    asker.publish('$SRV.STATS', Buffer.alloc(0), { reply: 'answers.stats' });
    await until(() => replies.length === 7);
    const bodies = replies.map(({ text }) =>
      text === '' ? undefined : (JSON.parse(text) as object),
    );
    const ping = { type: 'io.nats.micro.v1.ping_response', name: 'quorate', id: 'abc' };
    expect(bodies.filter((body) => body === undefined)).toHaveLength(2);
    expect(bodies.filter((body) => body !== undefined)).toEqual([
      ...[0, 1, 2].map((): unknown => expect.objectContaining(ping)),
      expect.objectContaining({
        type: 'io.nats.micro.v1.info_response',
        endpoints: [{ name: 'put', subject: 'kv.put.>', queue_group: 'quorate', metadata: {} }],
      }),
      expect.objectContaining({
        type: 'io.nats.micro.v1.stats_response',
        started: '1970-01-01T00:00:00.000Z',
        endpoints: [
          expect.objectContaining({
            num_requests: 4,
            num_errors: 1,
            processing_time: 2_000_000,
            average_processing_time: 500_000,
          }),
        ],
      }),
    ]);
  });
});

describe('peers on a real server', () => {
  test('1000 calls are answered; a killed process is "no responders" at once', async () => {
    const alice = peersOn(await open(), 'a'.repeat(16));
    const child = spawn(process.execPath, ['--input-type=module', '-e', echoNode(server.url)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const answers: PeerAnswer[] = [];
    for (let i = 0; i < 1000; i++)
      alice.call('b'.repeat(16), 'read', asRequest([i]), (answer) => answers.push(answer));
    await until(() => answers.length === 1000);
    expect(answers).toEqual(Array.from({ length: 1000 }, (_, i) => ({ kind: 'ok', body: [i] })));
    child.kill('SIGKILL');
    await once(child, 'exit');
    // The server needs a moment to notice; it is not the time of the detector.
    const startedMs = performance.now();
    let last: PeerAnswer | undefined;
    while (last?.kind !== 'noResponders' && performance.now() - startedMs < 5_000) {
      last = undefined;
      const id = alice.call('b'.repeat(16), 'read', asRequest([]), (answer) => (last = answer));
      await until(() => last !== undefined, 500).catch(() => alice.giveUp(id));
    }
    expect(last).toEqual({ kind: 'noResponders' });
  });
});

/** A node that answers every read with what it was asked, in a process of its own. */
function echoNode(url: string): string {
  const src = new URL('../../src/', import.meta.url).href;
  return `
    await import(${JSON.stringify(import.meta.resolve('reflect-metadata'))});
    const { BusPeers } = await import('${src}bus/bus-peers.js');
    const { NatsBus } = await import('${src}bus/nats-bus.js');
    const { Metrics } = await import('${src}seams/metrics.js');
    const { RealClock } = await import('${src}seams/real-clock.js');
    const { RealRandom } = await import('${src}seams/real-random.js');
    const bus = await NatsBus.connect({ servers: '${url}' });
    const address = { id: '${'b'.repeat(16)}', prefix: 'kv' };
    const peers = new BusPeers(bus, new RealClock(), new RealRandom(), address, new Metrics());
    peers.handle('read', (call) => call.ok(call.body));
    await bus.flush();
    console.log('ready');
  `;
}
