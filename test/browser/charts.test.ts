/**
 * Statecharts as they run, in a real browser over real nodes: where each instance is, what moves
 * it, what it ends with, and what is saved of a chart.
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { createMachine } from 'xstate';
import { inChromium, startChromium } from './chromium.js';
import { startUp, type Up } from './up.js';
import { openPage, type WatchedPage } from './watched-page.js';

jest.setTimeout(400_000);

/** What must happen does so sooner or later, on a busy machine later. */
const patient = { timeout: 180_000 };

const longLived =
  'peer,gossip,listening,membership,node,collection,release,replica,transfer,tree exchange,process';

inChromium('running charts', (program) => {
  let up: Up;
  let browser: Browser;
  let watched: WatchedPage;
  const open = async (chart: string): Promise<Page> => {
    watched = await openPage(browser, `${up.address}/#/charts/${chart}`, {
      width: 1280,
      scheme: 'light',
    });
    await watched.page.getByRole('group', { name: `Chart of ${chart}.` }).waitFor(patient);
    return watched.page;
  };

  beforeAll(async () => {
    [up, browser] = await Promise.all([startUp(3), startChromium(program)]);
  });
  afterEach(async () => {
    const { mishaps } = watched;
    await watched.close();
    expect(mishaps).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await up?.stop();
  });

  test('each node’s own is lit where it is; a state says what it does, and where it is written', async () => {
    const page = await open('node');
    const instances = page.getByRole('navigation', { name: 'Instances' });
    for (const name of ['n1', 'n2', 'n3'])
      await instances.getByRole('link', { name: new RegExp(`^${name}.*serving`) }).waitFor(patient);
    await page.locator('.chart .state.lit').first().waitFor(patient);
    await page.getByRole('button', { name: /^serving, / }).click();
    const panel = page.getByRole('region', { name: 'State serving' });
    await panel.getByText('● now').waitFor(patient);
    expect(await page.locator('.source .at').innerText()).toMatch(/\bserving: \{/);
    expect(await page.locator('.source p').innerText()).toMatch(/^actors\/node\/.*\.ts:\d+$/);
    const last = page.getByRole('list', { name: 'Last events' });
    expect(await last.getByRole('listitem').count()).toBeGreaterThan(0);
  });

  test('all that live long have instances, without anybody having listed them', async () => {
    const page = await open('node');
    const machines = page.getByRole('navigation', { name: 'Machines' });
    for (const chart of longLived.split(','))
      await machines.getByRole('link', { name: new RegExp(`^${chart}\\s*\\d+$`) }).waitFor(patient);
  });

  test('a round is lit from its beginning to its end, with the way it took', async () => {
    const page = await open('putRound');
    await posted(page, 'put', { bucket: 'carts', key: 'alice', value: 'apple' });
    await page.locator('.state-line').getByText('● done').waitFor(patient);
    await page.locator('.chart .arrow.taken').first().waitFor(patient);
    const events = await page.getByRole('list', { name: 'Last events' }).innerText();
    expect(events).toMatch(/primaries\.served[^]*quorum\.met[^]*began/);
    await page.getByRole('heading', { name: /has ended/ }).waitFor(patient);
  });

  test('the processes have charts too; what a killed one ran ends with it', async () => {
    const page = await open('process');
    const instances = page.getByRole('navigation', { name: 'Instances' });
    for (const name of ['nats-server', 'n1', 'n2', 'n3'])
      await instances
        .getByRole('link', { name: new RegExp(`^up · ${name}.*serving`) })
        .waitFor(patient);
    await instances.getByRole('link', { name: /^up · n3/ }).click();
    await page.locator('.state-line').getByText('● serving').waitFor(patient);
    await posted(page, 'break', { node: 'n3', how: 'kill' });
    await page.locator('.state-line').getByText('● down').waitFor(patient);
    await page.getByRole('link', { name: /^node/ }).click();
    const ended = page.locator('.instances .ended').filter({ hasText: 'n3' });
    await ended.waitFor(patient);
    await posted(page, 'break', { node: 'n3', how: 'restart' });
    await ended.waitFor({ ...patient, state: 'detached' });
    await instances.getByRole('link', { name: /^n3.*serving/ }).waitFor(patient);
  });

  test('what the nodes have noted is a trace file, which is gone through as one of the simulator', async () => {
    const page = await open('putRound');
    await posted(page, 'put', { bucket: 'carts', key: 'bob', value: 'pear' });
    await page.locator('.state-line').getByText('● done').waitFor(patient);
    await page.getByRole('link', { name: 'Replay' }).click();
    const begun = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Save what the nodes have noted lately' }).click();
    const file = await (await begun).path();
    await page.getByLabel('A trace file').setInputFiles(file);
    await page.getByText(/What is shown is a file/).waitFor(patient);
    await page.keyboard.press('End');
    const stage = page.getByRole('group', { name: /Nodes and what is on its way/ });
    for (const name of ['n1', 'n2', 'n3'])
      await stage.getByRole('button', { name: `${name}: serving` }).waitFor(patient);
    await page.getByRole('searchbox').fill('putRound is done');
    await page.keyboard.press('Enter');
    const notes = page.getByRole('group', { name: 'Notes' });
    await notes
      .getByText(/putRound is done/)
      .first()
      .waitFor(patient);
    await page.getByRole('button', { name: 'Back to the cluster' }).click();
  });

  test('a chart is saved as a drawing, and as code that makes the machine again', async () => {
    const page = await open('peer');
    const saved = async (name: string): Promise<string> => {
      const begun = page.waitForEvent('download');
      await page.getByRole('button', { name, exact: true }).click();
      return readFileSync(await (await begun).path(), 'utf8');
    };
    const drawing = await saved('SVG');
    expect(drawing).toMatch(/^<svg [^]*>watched<[^]*<\/svg>$/);
    // The page itself may parse no text.
    const blank = await page.context().newPage();
    const isWhole = await blank.evaluate<boolean>(
      `new DOMParser().parseFromString(${JSON.stringify(drawing)}, 'image/svg+xml')
        .querySelector('parsererror') === null`,
    );
    expect(isWhole).toBe(true);
    const [, config = ''] = /createMachine\((\{[^]*\})\);/.exec(await saved('Stately')) ?? [];
    expect(createMachine(JSON.parse(config) as object).states['watched']).toBeDefined();
  });
});

/** As the page itself does it. */
async function posted(page: Page, what: string, body: object): Promise<void> {
  const status = await page.evaluate<number>(`(async () => {
    const token = document.querySelector('meta[name=quorate-token]').content;
    const headers = { 'Content-Type': 'application/json', 'X-Quorate': token };
    const body = ${JSON.stringify(JSON.stringify(body))};
    const answer = await fetch('/api/${what}', { method: 'POST', headers, body });
    return answer.status;
  })()`);
  expect(status).toBeLessThan(300);
}
