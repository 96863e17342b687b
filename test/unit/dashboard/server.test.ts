/** Attacks on a real server: by pages of elsewhere, by other names, with bytes that are no HTTP. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { afterEach, describe, expect, test } from '@jest/globals';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { serveDashboard, type Dashboard } from '../../../src/dashboard/server.js';
import { RealClock } from '../../../src/seams/real-clock.js';
import { RealRandom } from '../../../src/seams/real-random.js';
import { MemoryNetwork } from '../../support/memory-bus.js';
import { askHttp, pageTokenIn } from '../../support/http-question.js';
import { until } from '../../support/until.js';

const { bodyBytesMax } = dashboardLimits;
const opened: Dashboard[] = [];

afterEach(async () => {
  for (const dashboard of opened.splice(0)) await dashboard.close();
});

async function open(options: { host?: string; token?: string } = {}) {
  const clock = new RealClock();
  const dashboard = await serveDashboard({
    clock,
    random: new RealRandom(),
    cluster: { bus: new MemoryNetwork().connect(), prefix: 'kv', servers: 'nats://here' },
    host: options.host ?? '127.0.0.1',
    port: 0,
    mayMove: false,
    token: options.token,
  });
  opened.push(dashboard);
  const { port, origin, searchParams } = new URL(dashboard.address);
  return { port: Number(port), origin, token: searchParams.get('token') };
}

/** As the page itself would post it, but for what is changed. */
async function post(
  port: number,
  changes: Readonly<Record<string, string | undefined>> = {},
  path = '/api/sample',
  body = JSON.stringify({ rate: 0, slowMs: 0, failed: false }),
) {
  const { text } = await askHttp({ port, path: '/' });
  const own = {
    Origin: `http://127.0.0.1:${port}`,
    'X-Quorate': pageTokenIn(text),
    'Content-Type': 'application/json',
  };
  const all = Object.entries({ ...own, ...changes }).filter(([, value]) => value !== undefined);
  const headers = Object.fromEntries(all) as Record<string, string>;
  return askHttp({ port, path, method: 'POST', headers, body });
}

describe('what a browser may be made to ask', () => {
  test('the page itself is let in, and posts', async () => {
    const { port } = await open();
    expect((await askHttp({ port, path: '/' })).code).toBe(200);
    expect((await post(port)).code).toBe(200);
  });

  test.each([
    ['by a name that was led here', { Host: 'evil.example' }],
    ['by such a name with the right port', { Host: 'evil.example:7780' }],
    ['by a name that begins as ours', { Host: '127.0.0.1.evil.example' }],
    ['by the name that a network gave this machine', { Host: hostname() }],
    ['of a page from elsewhere', { Origin: 'http://evil.example' }],
    ['of a page of another port here', { Origin: 'http://127.0.0.1:1' }],
    ['of a page without an origin', { Origin: 'null' }],
    ['embedded elsewhere', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }],
    ['embedded beside', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }],
  ])('%s: nothing is told', async (_, headers) => {
    const { port } = await open();
    for (const path of ['/', '/stately', '/api/trace-file', '/api/stream', '/page.js']) {
      const answer = await askHttp({ port, path, headers });
      expect([400, 403]).toContain(answer.code);
      expect(answer.text).not.toContain('token');
    }
  });

  test('the page asks for every chart there is', async () => {
    const { port } = await open();
    const { code, text } = await askHttp({ port, path: '/api/charts' });
    expect(code).toBe(200);
    const ids = (JSON.parse(text) as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['node', 'peer', 'process']));
  });

  test('a link from elsewhere leads to the page, and to nothing behind it', async () => {
    const { port } = await open();
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    expect((await askHttp({ port, path: '/', headers })).code).toBe(200);
    expect((await askHttp({ port, path: '/api/trace-file', headers })).code).toBe(403);
  });

  test.each([
    ['without the word of the page', { 'X-Quorate': undefined }],
    ['with another word', { 'X-Quorate': 'guessed' }],
    ['without an origin', { Origin: undefined }],
    ['of another origin', { Origin: 'http://localhost:1' }],
    ['as a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['as text', { 'Content-Type': 'text/plain' }],
  ])('%s: nothing is done', async (_, changes) => {
    const { port } = await open();
    expect((await post(port, changes)).code).toBe(403);
  });

  test('nothing is done by GET, nor by what is neither', async () => {
    const { port } = await open();
    for (const path of ['sample', 'put', 'delete', 'get', 'break'])
      expect((await askHttp({ port, path: `/api/${path}` })).code).toBe(404);
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])
      expect((await askHttp({ port, path: '/api/put', method })).code).toBeGreaterThanOrEqual(400);
  });

  test('no node is broken where this process started none', async () => {
    const { port } = await open();
    expect((await post(port, {}, '/api/break')).code).toBe(404);
  });

  test('nothing in the document runs or looks by itself, and no other page has it in a frame', async () => {
    const { port } = await open();
    const { headers, text } = await askHttp({ port, path: '/' });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(text).not.toMatch(/<style|style=|<script(?![^>]*\ssrc="\/)|\son\w+=|https?:\/\//);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  test('Stately’s inspector may be in the frame of its own page, and nothing else of elsewhere', async () => {
    const { port } = await open();
    const { headers, text } = await askHttp({ port, path: '/stately' });
    const policy = String(headers['content-security-policy']);
    expect(policy.match(/https?:\S+/g)).toEqual(['https://stately.ai']);
    expect(policy).toContain('frame-src https://stately.ai');
    expect(policy).toContain("default-src 'none'");
    // What stands in the frame may do nothing in the cluster.
    expect(text).not.toContain('quorate-token');
  });
});

describe('elsewhere than on loopback', () => {
  test('nothing is told without the token', async () => {
    const { port, token } = await open({ host: '0.0.0.0' });
    expect(token).toMatch(/^[\w-]{32}$/);
    for (const path of ['/', '/page.js', '/api/stream', '/?token=', '/?token=guessed'])
      expect((await askHttp({ port, path })).code).toBe(401);
  });

  test('whoever comes with it is let in, by a cookie that no script and no other site has', async () => {
    const { port, token } = await open({ host: '0.0.0.0' });
    const answer = await askHttp({ port, path: `/?token=${token}` });
    expect([answer.code, answer.headers['refresh']]).toEqual([200, '0; url=/']);
    expect(answer.text).not.toContain('quorate-token');
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    const Cookie = cookie.split(';')[0]!;
    expect((await askHttp({ port, path: '/', headers: { Cookie } })).code).toBe(200);
    const Authorization = `Bearer ${token}`;
    expect((await askHttp({ port, path: '/', headers: { Authorization } })).code).toBe(200);
  });

  test('whoever is in already and comes with it again is led away from the address that has it', async () => {
    const { port, token } = await open({ host: '0.0.0.0' });
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await askHttp({ port, path: `/?token=${token}`, headers });
    expect(answer.headers['refresh']).toBe('0; url=/');
    expect((await askHttp({ port, path: '/?token=guessed', headers })).code).toBe(401);
  });

  test('the token alone posts nothing', async () => {
    const { port, token } = await open({ host: '0.0.0.0' });
    const changes = { Authorization: `Bearer ${token}`, 'X-Quorate': token ?? '' };
    expect((await post(port, changes)).code).toBe(403);
  });
});

describe('bytes', () => {
  test.each([
    ['that are no HTTP', '\0\x01\x02 not http\r\n\r\n'],
    ['of a head without an end', `GET / HTTP/1.1\r\nHost: ${'x'.repeat(64 * 1024)}`],
    [
      'of a body that is none',
      'POST /api/put HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
    ],
  ])('%s end their connection, and nothing else', async (_, bytes) => {
    const { port } = await open();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    await new Promise((resolve) => socket.resume().once('close', resolve));
    expect((await askHttp({ port, path: '/' })).code).toBe(200);
  });

  test('a connection that breaks off in the middle of an answer ends nothing', async () => {
    const { port } = await open();
    for (let i = 0; i < 20; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
    expect((await askHttp({ port, path: '/' })).code).toBe(200);
  });

  test('who asks again before it is answered is refused, and holds nothing', async () => {
    const { port } = await open();
    const { streamsMax } = dashboardLimits;
    const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    for (let i = 0; i < 2 * streamsMax; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(ask('/api/charts') + ask('/api/stream') + ask('/api/trace-file'));
      let said = '';
      socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
      await until(() => said.split('HTTP/1.1 ').length === 4);
      expect(said.match(/HTTP\/1\.1 \d+/g)?.slice(1)).toEqual(['HTTP/1.1 503', 'HTTP/1.1 503']);
      socket.resetAndDestroy();
    }
    const socket = connect(port, '127.0.0.1');
    socket.write(ask('/api/stream'));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).toContain(' 200 ');
    socket.destroy();
  });

  test('the head of a stream is no stream', async () => {
    const { port } = await open();
    for (let i = 0; i < 2 * dashboardLimits.streamsMax; i++)
      expect((await askHttp({ port, path: '/api/stream', method: 'HEAD' })).code).toBe(200);
  });

  test('what is posted must be what it says', async () => {
    const { port } = await open();
    for (const body of ['', '{', '[]', 'null', '{"bucket":1}', '{"bucket":"b","key":"k"}'])
      expect((await post(port, {}, '/api/put', body)).code).toBe(400);
  });

  test('a number that JSON can say and no node can take is refused here', async () => {
    const { port } = await open();
    for (const slowMs of ['1e999', '-1', '0.5', '60001', '"5"'])
      expect(
        (await post(port, {}, '/api/sample', `{"rate":0,"slowMs":${slowMs},"failed":false}`)).code,
      ).toBe(400);
  });

  test('who posts too much is told so, and may ask again', async () => {
    const { port } = await open();
    const long = JSON.stringify({ bucket: 'b', key: 'k', value: 'x'.repeat(bodyBytesMax) });
    const chunked = { 'Transfer-Encoding': 'chunked' };
    for (let i = 0; i < 20; i++) {
      expect((await post(port, {}, '/api/put', long)).code).toBe(413);
      expect((await post(port, chunked, '/api/put', long)).code).toBe(413);
      expect((await post(port, { Origin: undefined }, '/api/put', long)).code).toBe(403);
      expect((await post(port, {}, '/api/put', '{')).code).toBe(400);
    }
  });

  test('who never stops posting is told so at once, and swells nothing', async () => {
    const { port } = await open();
    const { text } = await askHttp({ port, path: '/' });
    const own = `Host: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\n`;
    const page = `X-Quorate: ${pageTokenIn(text)}\r\nContent-Type: application/json\r\n`;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    let said = '';
    socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
    socket.write(`POST /api/put HTTP/1.1\r\n${own}${page}Transfer-Encoding: chunked\r\n\r\n`);
    const before = process.memoryUsage().rss;
    const piece = `${bodyBytesMax.toString(16)}\r\n${'x'.repeat(bodyBytesMax)}\r\n`;
    for (let i = 0; i < 200; i++) if (!socket.write(piece)) await once(socket, 'drain');
    expect(said).toContain(' 413 ');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * bodyBytesMax);
    socket.destroy();
  });
});

test('where no cluster is shown nothing was noted, and nothing is asked of one', async () => {
  const seams = { clock: new RealClock(), random: new RealRandom() };
  const place = { host: '127.0.0.1', port: 0, mayMove: false };
  const dashboard = await serveDashboard({ ...seams, ...place });
  opened.push(dashboard);
  const port = Number(new URL(dashboard.address).port);
  for (const path of ['/api/timeline', '/api/traces'])
    expect((await askHttp({ port, path })).text).toBe('[]');
  for (const path of ['/api/put', '/api/break', '/api/sample'])
    expect((await post(port, {}, path)).code).toBe(404);
});

test('a port that is taken: the next one, unless it was named', async () => {
  const { port } = await open();
  const seams = { clock: new RealClock(), random: new RealRandom(), host: '127.0.0.1', port };
  const beside = await serveDashboard({ ...seams, mayMove: true });
  opened.push(beside);
  expect(Number(new URL(beside.address).port)).toBeGreaterThan(port);
  await expect(serveDashboard({ ...seams, mayMove: false })).rejects.toThrow('EADDRINUSE');
});
