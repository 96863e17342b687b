/** The port at which a node is watched, of the real command on a real server. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { telemetryLimits } from '../../actors/rules/limits/telemetry.js';
import { nodeStates } from '../../src/cli/telemetry/readings.js';
import { openWatchedPort } from '../../src/cli/telemetry/watched-port.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { askHttp, type HttpAnswer, type HttpQuestion } from '../support/http-question.js';
import { freePort, startNatsServer, type NatsServer } from '../support/nats-server.js';
import { ProcessCluster } from '../support/process-cluster.js';
import { faultsOf, parsed } from '../support/prometheus-text.js';
import { until } from '../support/until.js';

let server: NatsServer;
let cluster: ProcessCluster;
let port = 0;

beforeAll(async () => {
  server = await startNatsServer();
  port = await freePort();
  cluster = await ProcessCluster.start({
    nodes: 1,
    serverUrl: server.url,
    arguments: ['--n=1', '--r=1', '--w=1', `--metrics=${port}`],
    startMs: 60_000,
  });
});

afterAll(async () => {
  await cluster?.stop();
  await server?.stop();
});

function ask(path: string, question: Partial<HttpQuestion> = {}): Promise<HttpAnswer> {
  return askHttp({ port, path, ...question });
}

function valueOf(scrape: string, series: string): number {
  const line = scrape.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

/** Once what was made before is kept no more. */
async function scraped(series: string, isIt: (value: number) => boolean): Promise<string> {
  let text = '';
  await until(async () => {
    text = (await ask('/metrics')).text;
    return isIt(valueOf(text, series));
  });
  return text;
}

test('a scrape is of the format, and by the rules for names, units and help', async () => {
  const { code, headers, text } = await ask('/metrics');
  expect([code, headers['content-type']]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  expect(faultsOf(text)).toEqual([]);
  expect(parsed(text).length).toBeGreaterThan(60);
  expect(text).toContain('quorate_node_info{');
  expect(text).toMatch(/^quorate_loop_lag_seconds_bucket\{le="0.00025"\} \d+$/m);
});

test('what it says is what the node counts', async () => {
  const before = valueOf((await ask('/metrics')).text, 'quorate_coordinator_puts_total');
  await cluster.client.request('kv.put.shop.cart', 'apples');
  await scraped('quorate_coordinator_puts_total', (puts) => puts === before + 1);
  await scraped('quorate_store_keys', (keys) => keys === 1);
  const text = await scraped('quorate_api_answer_seconds_count', (count) => count > 0);
  expect(valueOf(text, 'quorate_node_state{state="serving"}')).toBe(1);
  const seconds = valueOf(text, 'process_start_time_seconds');
  expect(Math.abs(seconds - Date.now() / 1_000)).toBeLessThan(3_600);
});

test('/health and /ready', async () => {
  const health = await ask('/health');
  expect([health.code, JSON.parse(health.text)]).toEqual([
    200,
    { healthy: true, uptimeSeconds: expect.any(Number) },
  ]);
  const ready = await ask('/ready?verbose');
  expect([ready.code, JSON.parse(ready.text)]).toEqual([200, { ready: true, state: 'serving' }]);
});

test('whatever else is asked is refused, and no connection stays', async () => {
  expect((await ask('/')).code).toBe(404);
  expect((await ask('/metrics/..')).code).toBe(404);
  expect((await ask('/__proto__')).code).toBe(404);
  const posted = await ask('/metrics', { method: 'POST', body: 'x'.repeat(100_000) });
  expect([posted.code, posted.headers.allow]).toEqual([405, 'GET, HEAD']);
  const head = await ask('/ready', { method: 'HEAD' });
  expect([head.code, head.text, head.headers.connection]).toEqual([200, '', 'close']);
});

test('what is no HTTP, or too much of it, costs the connection alone', async () => {
  const long = 'x'.repeat(2 * telemetryLimits.headerBytesMax);
  for (const bytes of [
    '\0\r\n\r\n',
    `GET /${long} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\na: ${long}`,
  ]) {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    socket.write(bytes);
    await closed;
  }
  expect((await ask('/health')).code).toBe(200);
});

test('more connections than it takes are ended, and those it has go on', async () => {
  const sockets = Array.from({ length: 4 * telemetryLimits.connectionsMax }, () => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('error', () => undefined);
    return { socket, closed: once(socket, 'close') };
  });
  await Promise.race(sockets.map(({ closed }) => closed));
  for (const { socket } of sockets) socket.destroy();
  await until(() =>
    ask('/health').then(
      ({ code }) => code === 200,
      () => false,
    ),
  );
});

test('without its server a node lives, and is not ready', async () => {
  await server.stop();
  await until(async () => (await ask('/ready')).code === 503);
  expect(JSON.parse((await ask('/ready')).text)).toMatchObject({
    ready: false,
    reason: 'it has no connection to NATS',
  });
  expect((await ask('/health')).code).toBe(200);
  await scraped('quorate_node_ready', (ready) => ready === 0);
  server = await startNatsServer({ port: server.port });
  await until(async () => (await ask('/ready')).code === 200);
});

test('before its node has read its disk it says that it starts', async () => {
  const early = await openWatchedPort({ host: '127.0.0.1', port: 0 }, new RealClock());
  try {
    const at = { port: early.port };
    expect((await ask('/health', at)).code).toBe(200);
    const { code, text } = await ask('/ready', at);
    expect([code, JSON.parse(text)]).toEqual([
      503,
      { ready: false, state: 'starting', reason: expect.any(String) },
    ]);
    const scrape = (await ask('/metrics', at)).text;
    expect(faultsOf(scrape)).toEqual([]);
    expect(valueOf(scrape, 'quorate_node_state{state="starting"}')).toBe(1);
    expect(scrape.match(/^quorate_node_state\{/gm)).toHaveLength(nodeStates.length);
    await expect(
      openWatchedPort({ host: '127.0.0.1', port: early.port }, new RealClock()),
    ).rejects.toThrow(/^--metrics can't listen at 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  } finally {
    early.close();
  }
});
