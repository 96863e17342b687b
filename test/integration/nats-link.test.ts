import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { connect, type NatsConnection } from 'nats';
import { NatsBus, type NatsBusOptions } from '../../src/bus/nats-bus.js';
import { SlabTransport } from '../../src/bus/nats-transport.js';
import { ScriptedNats, type Turn } from '../support/scripted-nats.js';
import { freePort, startNatsServer, type NatsServer } from '../support/nats-server.js';
import { until } from '../support/until.js';

const opened: NatsBus[] = [];
/** A first dial that takes too long is repeated, as any other. */
const hasty = { pingIntervalMs: 100, connectTimeoutMs: 200, waitForServer: true };

async function open(options: NatsBusOptions): Promise<NatsBus> {
  const bus = await NatsBus.connect({ ...hasty, ...options });
  opened.push(bus);
  return bus;
}

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(async () => {
  await Promise.all(opened.splice(0).map((bus) => bus.close()));
});

/**
 * How many connections of this process were open at most when another one was dialled, itself
 * included.
 */
function watchDials(): { openMax: () => number; end: () => void } {
  const channel = 'net.client.socket';
  const sockets: Socket[] = [];
  let openMax = 0;
  const onDial = (message: unknown): void => {
    sockets.push((message as { readonly socket: Socket }).socket);
    openMax = Math.max(openMax, sockets.filter(({ destroyed }) => !destroyed).length);
  };
  subscribe(channel, onDial);
  return { openMax: () => openMax, end: () => unsubscribe(channel, onDial) };
}

function transportOf(bus: NatsBus): unknown {
  const { connection } = bus as unknown as { connection: { protocol: { transport: unknown } } };
  return connection.protocol.transport;
}

interface Connections {
  readonly num_connections: number;
  readonly connections: readonly { readonly cid: number; readonly subscriptions_list?: string[] }[];
}

describe('a server that stands still', () => {
  const authTimeoutMs = 300;
  let server: NatsServer;
  let monitor: number;

  beforeEach(async () => {
    monitor = await freePort();
    const config = `authorization { user: u, password: p, timeout: ${authTimeoutMs / 1000} }`;
    server = await startNatsServer({ config, args: ['-m', String(monitor)] });
  });
  afterEach(async () => {
    process.kill(server.pid, 'SIGCONT');
    await server.stop();
  });

  async function connections(): Promise<Connections> {
    const answer = await fetch(`http://127.0.0.1:${monitor}/connz?subs=1`);
    return (await answer.json()) as Connections;
  }

  async function standStill(bus: NatsBus): Promise<void> {
    process.kill(server.pid, 'SIGSTOP');
    await until(() => !bus.connected);
    // Several dials are given up meanwhile.
    await rest(8 * hasty.connectTimeoutMs);
    process.kill(server.pid, 'SIGCONT');
    await until(() => bus.connected);
    // By then the server has noticed who did not log in, or never wanted to.
    await rest(4 * authTimeoutMs);
    await until(() => bus.connected);
  }

  test('leaves one connection, however often; what was unsubscribed is gone, what was subscribed is there once', async () => {
    const bus = await open({ servers: server.url, user: 'u', password: 'p' });
    const other = await open({ servers: server.url, user: 'u', password: 'p' });
    const heard: string[] = [];
    bus.subscribe('kept', ({ data }) => heard.push(Buffer.from(data).toString()));
    let dropped = bus.subscribe('dropped.0', () => undefined);
    for (const turn of [1, 2, 3]) {
      await standStill(bus);
      dropped.unsubscribe();
      dropped = bus.subscribe(`dropped.${turn}`, () => undefined);
      await until(() => other.connected);
      await bus.flush();
      const { num_connections: count, connections: all } = await connections();
      expect(count).toBe(2);
      expect(all.flatMap(({ subscriptions_list: list = [] }) => list).toSorted()).toEqual(
        [`dropped.${turn}`, 'kept'].toSorted(),
      );
      other.publish('kept', Buffer.from(`${turn}`));
      await until(() => heard.length === turn);
    }
    await other.flush();
    expect(heard).toEqual(['1', '2', '3']);
  });

  test('a bus that is closed meanwhile has no connection afterwards', async () => {
    const bus = await open({ servers: server.url, user: 'u', password: 'p' });
    process.kill(server.pid, 'SIGSTOP');
    await until(() => !bus.connected);
    await bus.close();
    process.kill(server.pid, 'SIGCONT');
    await rest(4 * authTimeoutMs);
    await until(async () => (await connections()).num_connections === 0);
  });

  test('a bus that is closed before it noticed ends all the same', async () => {
    const bus = await open({ servers: server.url, user: 'u', password: 'p' });
    bus.subscribe('x', () => undefined);
    await bus.flush();
    process.kill(server.pid, 'SIGSTOP');
    await bus.close();
    process.kill(server.pid, 'SIGCONT');
    await rest(4 * authTimeoutMs);
    await until(async () => (await connections()).num_connections === 0);
  });

  test('what was sent to it and not taken is not delivered afterwards', async () => {
    const bus = await open({ servers: server.url, user: 'u', password: 'p' });
    const other = await open({ servers: server.url, user: 'u', password: 'p' });
    const heard: number[] = [];
    other.subscribe('late', ({ data }) => heard.push(Buffer.from(data).readUInt32BE()));
    await other.flush();
    process.kill(server.pid, 'SIGSTOP');
    // Far more than the operating systems of both sides take.
    const payload = Buffer.alloc(1_000_000);
    for (let number = 0; number < 100; number++) {
      payload.writeUInt32BE(number);
      bus.publish('late', payload);
    }
    await until(() => !bus.connected);
    process.kill(server.pid, 'SIGCONT');
    await until(() => bus.connected && other.connected);
    await bus.flush();
    await other.flush();
    expect(heard.length).toBeLessThan(50);
  });
});

describe('an application with connections of its own, by the same package', () => {
  let server: NatsServer;
  const own: NatsConnection[] = [];

  beforeEach(async () => {
    server = await startNatsServer();
  });
  afterEach(async () => {
    await Promise.all(own.splice(0).map((connection) => connection.close()));
    await server.stop();
  });

  async function connectOwn(): Promise<NatsConnection> {
    const options = { servers: server.url, reconnectTimeWait: 10, maxReconnectAttempts: -1 };
    const connection = await connect(options);
    own.push(connection);
    return connection;
  }

  async function restartServer(): Promise<void> {
    const port = Number(new URL(server.url).port);
    await server.stop();
    server = await startNatsServer({ port });
  }

  test('they come back when the server does', async () => {
    const connection = await connectOwn();
    const bus = await open({ servers: server.url, reconnectWaitMs: 10 });
    await restartServer();
    await until(() => bus.connected);
    const isBack = (): Promise<boolean> =>
      connection.flush().then(
        () => true,
        () => false,
      );
    await until(isBack);
    expect(connection.isClosed()).toBe(false);
  });

  test('a bus has its own transport all the same, at once and when it connects again', async () => {
    const [bus] = await Promise.all([
      open({ servers: server.url, reconnectWaitMs: 10 }),
      connectOwn(),
    ]);
    expect(transportOf(bus)).toBeInstanceOf(SlabTransport);
    await connectOwn();
    await restartServer();
    await until(() => bus.connected);
    await bus.flush();
    expect(transportOf(bus)).toBeInstanceOf(SlabTransport);
  });
});

describe('a server that breaks off wherever it likes', () => {
  const turns: readonly Turn[] = [
    'silent',
    'late',
    'closes',
    'noPong',
    'closesAfterInfo',
    'refuses',
    'nonsense',
    'closesAfterPong',
    'serves',
  ];

  let server: ScriptedNats;

  beforeEach(async () => {
    server = await ScriptedNats.start();
  });
  afterEach(() => server.stop());

  test.each([1, 2, 3, 4, 5, 6])(
    'one connection at a time, and one in the end (%i)',
    async (seed) => {
      // Minimal standard generator (Park and Miller 1988).
      let state = seed;
      const draw = (): Turn => {
        state = (state * 48_271) % 0x7fff_ffff;
        return turns[state % turns.length]!;
      };
      const dials = watchDials();
      const script = ['serves', ...Array.from({ length: 12 }, draw)] as Turn[];
      server.script.push(...script);
      const bus = await open({
        servers: server.url,
        connectTimeoutMs: 60,
        pingIntervalMs: 40,
        reconnectWaitMs: 10,
      });
      const heard: string[] = [];
      bus.subscribe('kept', ({ data }) => heard.push(Buffer.from(data).toString()));
      await until(() => {
        if (bus.connected) server.breakOff();
        return server.script.length === 0;
      });
      await until(() => bus.connected && server.serving === 1);
      // What was given up would show by now: it comes about 100 ms late.
      await rest(400);
      await until(() => bus.connected);
      await bus.flush();
      expect(dials.openMax()).toBe(1);
      await until(() => server.open === 1);
      server.say('kept', 'hello');
      await until(() => heard.length > 0);
      await bus.flush();
      expect(heard).toEqual(['hello']);
      await bus.close();
      await until(() => server.open === 0);
      dials.end();
    },
  );
});
