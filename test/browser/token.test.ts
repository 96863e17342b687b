/** A page that is served with a token, in a real browser. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { serveDashboard, type Dashboard } from '../../src/dashboard/server.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import { freePort } from '../support/nats-server.js';
import { inChromium, startChromium } from './chromium.js';

inChromium('the token', (program) => {
  let browser: Browser;
  let dashboard: Dashboard;

  beforeAll(async () => {
    const seams = { clock: new RealClock(), random: new RealRandom() };
    const place = { host: '0.0.0.0', port: await freePort(), mayMove: false };
    [dashboard, browser] = await Promise.all([
      serveDashboard({ ...seams, ...place }),
      startChromium(program),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
  });

  test('a link in somebody’s message leads to the page, and leaves no token behind', async () => {
    const { port, search } = new URL(dashboard.address);
    const page = await browser.newPage();
    const mishaps: string[] = [];
    page.on('console', (said) => void (said.type() === 'error' && mishaps.push(said.text())));
    const own = await freePort();
    // Of another site, as a page of messages is.
    const messages = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html><link rel="icon" href="data:,">
        <a href="http://localhost:${port}/${search}">look</a>`);
    });
    messages.listen(own, '127.0.0.1');
    await once(messages, 'listening');
    try {
      await page.goto(`http://127.0.0.1:${own}/`);
      await page.getByRole('link', { name: 'look' }).click();
      await page.getByRole('link', { name: 'Charts' }).waitFor();
      expect(new URL(page.url()).search).toBe('');
      await page.goBack();
      expect(page.url()).toBe(`http://127.0.0.1:${own}/`);
      expect(mishaps).toEqual([]);
    } finally {
      await page.close();
      messages.close();
    }
  });
});
