/**
 * Nodes are killed from the page, as somebody does who sees it for the first time: by its buttons
 * alone, and by the story. What is to be seen comes from real nodes.
 */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { inChromium, startChromium } from './chromium.js';
import { tabTo } from './keyboard.js';
import { startUp, type Up } from './up.js';
import { openPage, type WatchedPage } from './watched-page.js';

jest.setTimeout(600_000);

/** What must happen does so sooner or later, on a busy machine later. */
const patient = { timeout: 180_000 };

inChromium('nodes killed from the page', (program) => {
  let up: Up;
  let browser: Browser;
  let watched: WatchedPage;

  beforeAll(async () => {
    [up, browser] = await Promise.all([startUp(), startChromium(program)]);
  });
  afterEach(async () => watched?.close());
  afterAll(async () => {
    await browser?.close();
    await up?.stop();
  });
  const open = async (): Promise<Page> => {
    watched = await openPage(browser, up.address, { width: 1280, scheme: 'light' });
    await watched.page.getByRole('link', { name: 'Story' }).waitFor(patient);
    return watched.page;
  };
  /** While nodes are dead, the others may not answer in time: the server says so. */
  const otherMishaps = (): string[] =>
    watched.mishaps.filter((mishap) => !/status of 503/.test(mishap));

  test('a key put while one of its nodes is dead goes to a fallback, and the hint flows back', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Kill one, pause it, cut it off' }).click();
    await page.goto(`${up.address}#/keys/greetings/hello`);
    const owners = page.getByText(/are its primaries: n\d, n\d and n\d/);
    await owners.waitFor(patient);
    const dead = /(n\d)\.$/.exec(await owners.innerText())![1]!;
    await page.getByRole('link', { name: 'Story' }).click();
    await page.getByRole('button', { name: `kill -9 ${dead}`, exact: true }).click();
    await page.getByText('process gone, called down').waitFor(patient);
    await page.goto(`${up.address}#/keys/greetings/hello`);
    await page.getByRole('textbox', { name: 'Value' }).fill('while it is dead');
    await page.getByRole('button', { name: 'Put', exact: true }).click();
    const fallback = page.getByRole('columnheader', { name: /fallback 1/ });
    await fallback.getByText(`owes ${dead} a hint`).waitFor(patient);
    await page
      .getByRole('columnheader', { name: new RegExp(`${dead} primary 3\\s+is down`) })
      .waitFor(patient);
    await page.getByRole('link', { name: 'Cluster' }).click();
    await page.getByText('1 hint waits').waitFor(patient);
    await seeAsItWas(page);
    await page.getByRole('link', { name: 'Story' }).click();
    await page.getByRole('button', { name: `Start ${dead}`, exact: true }).click();
    await page.goto(`${up.address}#/keys/greetings/hello`);
    await page.getByText(/n\d, n\d and n\d hold the same/).waitFor(patient);
    await page.getByRole('link', { name: 'Cluster' }).click();
    await page.getByText(`nothing is owed to ${dead} any more`).first().waitFor(patient);
    expect(otherMishaps()).toEqual([]);
  });

  test('the story is gone through with the keyboard alone', async () => {
    const page = await open();
    await page.getByRole('navigation').getByRole('link', { name: 'Cluster' }).focus();
    await page.keyboard.press('5');
    await chapter(page, /^Put cart/, /hold “apple”, on disk/);
    await chapter(page, /^kill -9 n\d$/, /call it down/);
    await chapter(page, /^Put cart/, /n\d owes it a hint/);
    await chapter(page, /^Start n\d$/, /no hint is left/);
    await chapter(page, /^Put both carts/, /stand side by side/);
    await chapter(page, /^Put the merged cart/, /One cart again/);
    await chapter(page, /^Kill n\d, put/, /found the key by comparing trees/);
    await page.getByText('That was all of it').waitFor(patient);
    expect(otherMishaps()).toEqual([]);
  });
});

/** By keys: to the first event, of before the page was opened, and to the last. */
async function seeAsItWas(page: Page): Promise<void> {
  const later = page.getByRole('button', { name: 'See the cluster as it was' });
  await tabTo(page, /^Events, the newest first/);
  await page.keyboard.press('End');
  await page.getByText('How the cluster was then, this page has not seen.').waitFor();
  await page.keyboard.press('Home');
  await later.waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('What is shown is').waitFor();
  await page.getByRole('button', { name: 'Back to now' }).click();
  await later.waitFor();
  expect(await page.getByText('What is shown is').count()).toBe(0);
}

/** Its button, what is to be seen then, and on to the next one. */
async function chapter(page: Page, button: RegExp, seen: RegExp): Promise<void> {
  const scene = page.locator('.chapters');
  await scene.getByRole('button', { name: button }).waitFor(patient);
  await tabTo(page, button);
  await page.keyboard.press('Enter');
  await scene.getByText(seen).waitFor(patient);
  const on = scene.getByRole('button', { name: 'Go on' });
  await on.waitFor(patient);
  // It has the keyboard by itself.
  expect(await page.evaluate<string>('document.activeElement?.textContent')).toBe('Go on');
  await page.keyboard.press('Enter');
}
