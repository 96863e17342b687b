/**
 * A page of somebody else in the same browser, which knows where the dashboard is: it is told
 * nothing and changes nothing, by whatever way a browser has.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { serveDashboard, type Dashboard } from '../../src/dashboard/server.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import { MemoryNetwork } from '../support/memory-bus.js';
import { freePort } from '../support/nats-server.js';
import { inChromium, startChromium } from './chromium.js';

inChromium('a page of somebody else', (program) => {
  let browser: Browser;
  let dashboard: Dashboard;
  let elsewhere: Server;
  let own = 0;
  let port = 0;
  const broken: string[] = [];

  beforeAll(async () => {
    [own, port] = [await freePort(), await freePort()];
    elsewhere = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><link rel="icon" href="data:,"><title>elsewhere</title>');
    }).listen(own, '127.0.0.1');
    await once(elsewhere, 'listening');
    // As a name server does whose owner means it ill.
    const led = '--host-resolver-rules=MAP evil.example 127.0.0.1';
    browser = await startChromium(program, [led]);
    dashboard = await serveDashboard({
      clock: new RealClock(),
      random: new RealRandom(),
      cluster: {
        bus: new MemoryNetwork().connect(),
        prefix: 'kv',
        servers: '',
        breaking: {
          processes: () => new Map(),
          charts: () => [],
          watch: () => () => undefined,
          break: ({ node }) => Promise.resolve(void broken.push(node)),
        },
      },
      host: '127.0.0.1',
      port,
      mayMove: false,
    });
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
    elsewhere?.close();
  });

  async function openAt(address: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(address);
    return page;
  }

  test.each(['evil.example', 'localhost', '127.0.0.1'])(
    'of %s and another port: nothing is told to it',
    async (name) => {
      const page = await openAt(`http://${name}:${own}/`);
      expect(await page.evaluate(attackOn(`127.0.0.1:${port}`))).toEqual({
        read: 'refused',
        readWithCredentials: 'refused',
        posted: 'refused',
        postedAsText: 'refused',
        postedAsForm: 'refused',
        stream: 'refused',
        socket: 'refused',
        script: 'refused',
        image: 'refused',
      });
      await page.close();
    },
  );

  test('whose name was led to the dashboard: it is no page of ours', async () => {
    const page = await browser.newPage();
    const answer = await page.goto(`http://evil.example:${port}/`);
    expect(answer?.status()).toBe(403);
    expect(await page.innerText('body')).not.toContain('Quorate');
    await page.close();
  });

  test('that sends a form, and whoever fills it, to the dashboard: nothing is done', async () => {
    const page = await openAt(`http://evil.example:${own}/`);
    await page.evaluate(formTo(`http://127.0.0.1:${port}/api/break`));
    await page.getByText('not from here').waitFor();
    await page.close();
  });

  test('and the cluster is as it was', () => {
    expect(broken).toEqual([]);
  });
});

/** What runs in that page. */
function attackOn(place: string): string {
  return `(async () => {
    const at = (path) => 'http://${place}' + path;
    const body = JSON.stringify({ node: 'n1', how: 'kill' });
    const asked = (path, init) =>
      fetch(at(path), init).then(
        ({ type, status }) => (type === 'opaque' ? 'opaque' : 'read ' + status),
        () => 'refused',
      );
    const heard = (target, good) =>
      new Promise((resolve) => {
        target.addEventListener(good, () => resolve('heard'));
        target.addEventListener('error', () => resolve('refused'));
      });
    const loaded = (tag, path) => {
      const element = document.createElement(tag);
      const result = heard(element, 'load');
      element.src = at(path);
      document.body.append(element);
      return result;
    };
    const post = { method: 'POST', body };
    const json = { 'Content-Type': 'application/json', 'X-Quorate': 'guessed' };
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return {
      read: await asked('/', {}),
      readWithCredentials: await asked('/api/traces', { credentials: 'include' }),
      posted: await asked('/api/break', { ...post, headers: json }),
      postedAsText: await asked('/api/break', { ...post, mode: 'no-cors' }),
      postedAsForm: await asked('/api/break', { ...post, mode: 'no-cors', headers: form }),
      stream: await heard(new EventSource(at('/api/stream')), 'open'),
      socket: await heard(new WebSocket('ws://${place}/stately'), 'open'),
      script: await loaded('script', '/api/charts'),
      image: await loaded('img', '/page.js'),
    };
  })()`;
}

function formTo(action: string): string {
  return `(() => {
    const form = document.createElement('form');
    Object.assign(form, { action: '${action}', method: 'post', enctype: 'text/plain' });
    const field = document.createElement('input');
    Object.assign(field, { name: '{"node":"n1","how":"kill","x":"', value: '"}' });
    form.append(field);
    document.body.append(form);
    form.submit();
  })()`;
}
