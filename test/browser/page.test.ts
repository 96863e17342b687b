/**
 * The page in a real browser, over real nodes: what is looked at is how it is made and what it
 * does, not its pixels.
 */
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { ChartDefinition, ChartNode } from '../../src/dashboard/chart-form.js';
import { inChromium, startChromium } from './chromium.js';
import { tabTo } from './keyboard.js';
import { startUp, type Up } from './up.js';
import { looks, openPage, sidewaysScroll, type Look, type WatchedPage } from './watched-page.js';

jest.setTimeout(400_000);

/** With what is there once it is drawn. */
const views = [
  ['Cluster', /n1/],
  ['Charts', /peer/],
  ['Request', /Request/],
  ['Keys', /Look up/],
  ['Story', /kill -9/],
  ['Replay', /Drop a trace file/],
] as const;
const wide: Look = { width: 1280, scheme: 'light' };

inChromium('the page', (program) => {
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
    [up, browser] = await Promise.all([startUp(3), startChromium(program)]);
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

  test('every machine of actors/ is drawn with all its states, and can be seen whole', async () => {
    const { page, mishaps } = await open(wide);
    await page.keyboard.press('2');
    const charts = await chartsAt(up.address);
    expect(charts.map(({ file }) => file).sort()).toEqual(machineFiles());
    for (const { id, root } of charts) {
      await page.goto(`${up.address}#/charts/${id}`);
      await page.getByRole('group', { name: `Chart of ${id}.` }).waitFor();
      const states = await page.evaluate<string[]>(drawnStates);
      expect({ id, states: states.sort() }).toEqual({ id, states: statesBelow(root).sort() });
      await page.getByRole('button', { name: 'All', exact: true }).click();
      const [drawn, canvas] = await Promise.all([
        page.locator('.canvas .chart').boundingBox(),
        page.locator('.canvas').boundingBox(),
      ]);
      expect({ id, isWithin: isWithin(drawn!, canvas!) }).toEqual({ id, isWithin: true });
    }
    expect(mishaps).toEqual([]);
  });

  test('a chart is gone through by keys: machines, states, larger, smaller, aside', async () => {
    const { page, mishaps } = await open(wide);
    await page.goto(`${up.address}#/charts/peer`);
    await tabTo(page, /^peer/);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'gossip', exact: true }).waitFor();
    await page.getByRole('group', { name: 'Chart of gossip.' }).waitFor();
    await tabTo(page, /^Chart of gossip/);
    const camera = (): Promise<string | null> =>
      page.locator('.canvas > svg > g').getAttribute('transform');
    for (const key of ['+', 'ArrowLeft', '-', '0']) {
      const before = await camera();
      await page.keyboard.press(key);
      expect({ key, camera: await camera() }).not.toEqual({ key, camera: before });
    }
    await tabTo(page, /^cutOff, a state/);
    await page.keyboard.press('Enter');
    await page.locator('.canvas .state.chosen').first().waitFor();
    expect(mishaps).toEqual([]);
  });

  test('while no node answers, the page says what that means, and goes on by itself', async () => {
    const { page } = await open(wide);
    await page.route('**/api/key?*', (route) => route.fulfill({ status: 503, body: 'no' }));
    await page.goto(`${up.address}#/keys/users/nobody`);
    await page.getByText(/No node has answered in time: most are down/).waitFor();
    await page.unroute('**/api/key?*');
    await page.getByText('No node holds anything under this key.').waitFor();
    expect(await page.getByText(/No node has answered/).count()).toBe(0);
  });

  test('who is refused to watch asks again', async () => {
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      let asked = 0;
      await page.route('**/api/stream', (route) =>
        ++asked === 1 ? route.fulfill({ status: 503, body: 'full' }) : route.continue(),
      );
      await page.goto(up.address);
      await page.getByText('connection lost').waitFor();
      await page.getByText('live', { exact: true }).waitFor();
    } finally {
      await context.close();
    }
  });

  test('that notes were left out is said while it happens', async () => {
    const { page, mishaps } = await openPage(browser, 'about:blank', wide);
    const greeting = { process: 'busy', canBreak: false, hasReplay: false, hasCluster: true };
    const told = [
      `event: greeting\ndata: ${JSON.stringify(greeting)}`,
      `event: notes\ndata: ${JSON.stringify({ notes: [], dropped: 1_234 })}`,
    ];
    let asked = 0;
    await page.route('**/api/stream', (route) =>
      ++asked === 1
        ? route.fulfill({ contentType: 'text/event-stream', body: `${told.join('\n\n')}\n\n` })
        : route.abort(),
    );
    await page.goto(up.address);
    const said = page.getByText('1,234 notes, rounds and requests were left out so far.');
    await said.waitFor();
    await said.waitFor({ state: 'hidden' });
    await page.context().close();
    expect(mishaps.filter((mishap) => mishap.startsWith('error:'))).toEqual([]);
  });

  test('which requests are traced by themselves is wished on the page, and told to others', async () => {
    const { page, mishaps } = await open(wide);
    await page.keyboard.press('3');
    await page.getByLabel('what failed').check();
    await page.getByLabel('of all requests').selectOption('all');
    await page.goto(`${up.address}#/keys/users/eve`);
    await page.getByLabel('Value').fill('not asked to be traced');
    await page.getByRole('button', { name: 'Put', exact: true }).click();
    await page.getByText(/^Put after/).waitFor();
    const other = await open(wide);
    await other.page.keyboard.press('3');
    await other.page
      .getByRole('button', { name: /put eve/ })
      .first()
      .waitFor();
    expect(await other.page.getByLabel('what failed').isChecked()).toBe(true);
    await other.page.getByLabel('of all requests').selectOption('none');
    expect([...mishaps, ...other.mishaps]).toEqual([]);
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

  test('what two pages put at once stands side by side, until one of them resolves it', async () => {
    const [one, other] = [await open(wide), await open(wide)];
    const both = [one.page, other.page];
    for (const page of both) await page.goto(`${up.address}#/keys/carts/shared`);
    await put(one.page, 'apple');
    for (const page of both) {
      await page.getByRole('button', { name: 'Read', exact: true }).click();
      await page.getByText(/^With the context of what was read/).waitFor();
    }
    await put(one.page, 'apple, milk');
    await put(other.page, 'apple, soap');
    const siblings = one.page.getByRole('list', { name: 'Siblings' });
    await siblings.getByText('soap').waitFor();
    expect(await siblings.locator('mark').allInnerTexts()).toEqual(['milk', 'soap']);
    await one.page.getByRole('button', { name: 'Read', exact: true }).click();
    const read = one.page.getByRole('list', { name: 'Values that were read' });
    await read.getByRole('button', { name: 'Keep this one' }).first().click();
    await other.page.getByText(/It has one value/).waitFor();
    expect([...one.mishaps, ...other.mishaps]).toEqual([]);
  });

  test('a put is put under the glass and gone through with the keyboard alone', async () => {
    const { page, mishaps } = await open(wide);
    await page.keyboard.press('3');
    await tabTo(page, /^put and look$/i);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'put of greetings/hello' }).waitFor();
    await page.getByRole('button', { name: /is done with it$/ }).waitFor();
    const moment = page.locator('.controls output');
    await page.keyboard.press('Home');
    expect(await moment.innerText()).toBe('+0 µs');
    await page.keyboard.press('ArrowRight');
    expect(await moment.innerText()).not.toBe('+0 µs');
    await page.keyboard.press('End');
    await tabTo(page, /^Sequence$/);
    await page.keyboard.press('Enter');
    const drawing = page.getByRole('img', { name: 'Sequence of put of greetings/hello' });
    await drawing.waitFor();
    expect(await page.getByText('never seen to arrive').count()).toBe(0);
    for (const [button, file] of [
      ['SVG', /^[0-9a-f]{16}\.svg$/],
      ['Perfetto', /^[0-9a-f]{16}\.json$/],
      ['Trace file', /^[0-9a-f]{16}\.jsonl$/],
    ] as const) {
      const saved = page.waitForEvent('download');
      await tabTo(page, new RegExp(`^↓ ${button}$`));
      await page.keyboard.press('Enter');
      expect((await saved).suggestedFilename()).toMatch(file);
    }
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
});

/** Of the key that is shown. */
async function put(page: Page, value: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Value' }).fill(value);
  await page.getByRole('button', { name: 'Put', exact: true }).click();
  await page.getByText(/^Put after/).waitFor();
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

async function chartsAt(address: string): Promise<ChartDefinition[]> {
  const response = await fetch(new URL('/api/charts', address));
  return (await response.json()) as ChartDefinition[];
}

/** From the root of the project. */
function machineFiles(): string[] {
  const actors = join(import.meta.dirname, '../../../actors');
  return readdirSync(actors, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.machine.ts'))
    .map((file) => `actors/${file}`)
    .sort();
}

function statesBelow({ id, states }: ChartNode): string[] {
  return [id, ...states.flatMap(statesBelow)];
}

const drawnStates =
  "[...document.querySelectorAll('.canvas .chart [data-state]:has(.box)')].map((e) => e.dataset.state)";

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function isWithin(inner: Area, outer: Area): boolean {
  const isAcross = inner.x >= outer.x && inner.x + inner.width <= outer.x + outer.width;
  return isAcross && inner.y >= outer.y && inner.y + inner.height <= outer.y + outer.height;
}
