/**
 * The page in a real browser, over real nodes: what is looked at is how it is made and what it
 * does, not its pixels.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { chromiumProgram, startChromium } from './chromium.js';
import { tabTo } from './keyboard.js';
import { startUp, type Up } from './up.js';
import { looks, openPage, sidewaysScroll, type Look, type WatchedPage } from './watched-page.js';

jest.setTimeout(400_000);

const program = chromiumProgram();
if (program === undefined) {
  const line = 'skipped: no Chromium is here to look at the page (apt-get install chromium)';
  test(line, () => console.warn(line));
} else {
  describe('the page', () => inBrowser(program));
}

/** With what is there once it is drawn. */
const views = [
  ['Cluster', /n1/],
  ['Charts', /peer/],
  ['Request', /Request/],
  ['Keys', /Look up/],
  ['Story', /kill -9/],
] as const;
const wide: Look = { width: 1280, scheme: 'light' };

function inBrowser(executablePath: string): void {
  let up: Up;
  let browser: Browser;
  const opened: WatchedPage[] = [];
  const open = async (look: Look): Promise<WatchedPage> => {
    const watched = await openPage(browser, up.address, look);
    opened.push(watched);
    await watched.page.getByRole('link', { name: 'Story' }).waitFor();
    return watched;
  };

  beforeAll(async () => {
    [up, browser] = await Promise.all([startUp(3), startChromium(executablePath)]);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((watched) => watched.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await up?.stop();
  });

  test.each(looks)('every view opens: $width px, $scheme', async (look) => {
    const { page, mishaps } = await open(look);
    for (const [view, drawn] of views) {
      await page.getByRole('navigation').getByRole('link', { name: view }).click();
      await page.getByRole('main').getByRole('heading', { level: 2 }).first().waitFor();
      expect(await page.title()).toBe(`${view} · Quorate`);
      expect(await page.locator('nav a[aria-current=page]').innerText()).toBe(view);
      await page.getByRole('main').getByText(drawn).first().waitFor();
      expect({ view, sideways: await sidewaysScroll(page) }).toEqual({ view, sideways: 0 });
    }
    expect(mishaps).toEqual([]);
  });

  test('dark and light are different colours of one structure', async () => {
    const told: { colour: string; names: string[] }[] = [];
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open({ width: 1280, scheme });
      await page.keyboard.press('4');
      await page.getByRole('searchbox').or(page.getByLabel('Bucket')).first().waitFor();
      told.push({
        colour: await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'),
        names: await page.getByRole('button').allInnerTexts(),
      });
    }
    expect(told[0]!.colour).not.toBe(told[1]!.colour);
    expect(told[0]!.names).toEqual(told[1]!.names);
  });

  test('a key is put, read and deleted with the keyboard alone', async () => {
    const { page, mishaps } = await open(wide);
    await page.keyboard.press('4');
    await tabTo(page, /^Bucket/);
    await page.keyboard.type('users');
    await tabTo(page, /^Key/);
    await page.keyboard.type('ada');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'users / ada' }).waitFor();
    await tabTo(page, /^Value/);
    await page.keyboard.type('countess');
    await tabTo(page, /^Put$/);
    await page.keyboard.press('Enter');
    await page.getByText(/It has one value\. n\d, n\d and n\d hold the same\./).waitFor();
    expect(await page.getByRole('row', { name: /countess/ }).innerText()).toMatch(
      /(?:✓ holds it\s*){3}/,
    );
    await tabTo(page, /^Delete$/);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByText(/It is deleted/).waitFor();
    expect(mishaps).toEqual([]);
  });

  test('keys and values are shown as text, whatever stands in them', async () => {
    const { page, mishaps } = await open(wide);
    const evil = '<img src="https://example.org/x" onerror="document.title=1">';
    await page.goto(`${up.address}#/keys/users/${encodeURIComponent(evil)}`);
    await page.getByLabel('Value').fill(evil);
    await page.getByRole('button', { name: 'Put', exact: true }).click();
    await page.getByText(/It has one value/).waitFor();
    expect(await page.getByRole('list', { name: 'Value' }).innerText()).toContain(evil);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('Keys · Quorate');
    expect(mishaps).toEqual([]);
  });

  test('a page of another origin changes nothing, reads nothing, and frames nothing', async () => {
    const { page } = await open(wide);
    await page.keyboard.press('5');
    await page.getByRole('button', { name: 'kill -9 n1' }).first().waitFor();
    const elsewhere = await startElsewhere();
    const context = await browser.newContext();
    try {
      const stranger = await context.newPage();
      await stranger.goto(elsewhere.address);
      const told = await stranger.evaluate<string[]>(attackOn(up.address));
      expect(told).toEqual(['unread', 'unread']);
      expect(stranger.frames().map((frame) => frame.url())).toEqual([
        elsewhere.address,
        'chrome-error://chromewebdata/',
      ]);
      // The next pictures of the cluster show that all of them run.
      await page.reload();
      await page.getByRole('button', { name: 'Pause n1' }).waitFor();
      expect(await page.getByText('process gone').count()).toBe(0);
    } finally {
      await context.close();
      elsewhere.server.close();
    }
  });

  test('the story is gone through with the keyboard alone, in under three minutes', async () => {
    const { page, mishaps } = await open(wide);
    await page.keyboard.press('5');
    const begun = performance.now();
    await chapter(page, /^Put cart/, /hold “apple”, on disk/);
    await chapter(page, /^kill -9 n\d$/, /call it down/);
    await chapter(page, /^Put cart/, /owes it a hint/);
    await chapter(page, /^Start n\d$/, /no hint is left/);
    await chapter(page, /^Put both carts/, /stand side by side/);
    await chapter(page, /^Put the merged cart/, /One cart again/);
    await chapter(page, /^Kill n\d, put/, /found the key by comparing trees/);
    await page.getByText('That was all of it').waitFor();
    expect(performance.now() - begun).toBeLessThan(180_000);
    // While nodes are dead, the others may not answer in time: the server says so.
    expect(mishaps.filter((mishap) => !/status of 503/.test(mishap))).toEqual([]);
  });
}

/** Its button, what is to be seen then, and on to the next one. */
async function chapter(page: Page, button: RegExp, seen: RegExp): Promise<void> {
  const scene = page.locator('.chapters');
  await scene.getByRole('button', { name: button }).waitFor({ timeout: 60_000 });
  await tabTo(page, button);
  await page.keyboard.press('Enter');
  await scene.getByText(seen).waitFor({ timeout: 60_000 });
  const on = scene.getByRole('button', { name: 'Go on' });
  await on.waitFor({ timeout: 60_000 });
  // It has the keyboard by itself.
  expect(await page.evaluate<string>('document.activeElement?.textContent')).toBe('Go on');
  await page.keyboard.press('Enter');
}

async function startElsewhere(): Promise<{ readonly address: string; readonly server: Server }> {
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>elsewhere</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

function attackOn(address: string): string {
  return `(async () => {
    const at = (path) => new URL(path, ${JSON.stringify(address)}).href;
    const told = [];
    const body = JSON.stringify({ node: 'n1', how: 'kill' });
    for (const mode of ['cors', 'no-cors']) {
      try {
        const answer = await fetch(at('/api/break'), { method: 'POST', mode, body });
        told.push(answer.type === 'opaque' ? 'unread' : 'read');
      } catch {
        told.push('unread');
      }
    }
    const frame = document.createElement('iframe');
    frame.src = at('/');
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener('load', resolve));
    return told;
  })()`;
}
