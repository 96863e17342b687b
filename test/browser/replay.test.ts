/**
 * A trace file in a real browser: a run of the simulator, and files that are none, or mean harm.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { serveDashboard, type Dashboard } from '../../src/dashboard/server.js';
import { readTraceFile } from '../../src/insight/note-reader.js';
import { RealClock } from '../../src/seams/real-clock.js';
import { RealRandom } from '../../src/seams/real-random.js';
import { parseScenario, runScenario } from '../simulation/scenario/scenario.js';
import type { NoteBook } from '../simulation/trace/note-book.js';
import { watchRun } from '../simulation/trace/watch-run.js';
import { until } from '../support/until.js';
import { inChromium, startChromium } from './chromium.js';
import { looks, openPage, sidewaysScroll, type Look, type WatchedPage } from './watched-page.js';

jest.setTimeout(400_000);

inChromium('a replay', inBrowser);

const wide: Look = { width: 1280, scheme: 'light' };
const story = `# A fallback stands in
cluster nodes=4 n=3 r=2 w=2 mapping=off seed=trace
place b/k
put c1 b/k one w=3 via=p1 => done
kill p3 for=2s
put c1 b/k two w=3 via=p1 => done
wait-until serving
wait-until hints
get c1 b/k r=2 via=p1 => found two
`;
/** While the node is away. */
const brokenUs = 3_500_000;

async function storyText(): Promise<string> {
  let book: NoteBook | undefined;
  await runScenario(
    parseScenario(story),
    {},
    {
      onCluster: (cluster) => {
        book = watchRun(cluster);
        cluster.scheduler.in(brokenUs, undefined, () =>
          cluster.violations.add('safety', 'made-up', 'broken on purpose'),
        );
      },
    },
  );
  return book!.text('a story');
}

const evil = '<img src="https://example.org/x" onerror="document.title=1">';

/** All of it may be said by a file; none of it is anything but text. */
function hostileText(): string {
  const node = { id: evil, name: evil, host: evil, zone: evil };
  const known = { id: 'a'.repeat(16), name: '__proto__', host: '', zone: '' };
  const trace = '0123456789abcdef';
  const state = { [evil]: { constructor: evil }, ['toString']: 'serving' };
  const lines: unknown[] = [
    { quorateTrace: 1, nodes: [node, known, known], startedMs: 0, about: evil },
    { kind: 'fault', node: '', atUs: 5, text: `kill ${evil} for=9s` },
    { kind: 'violated', node: '', atUs: 7, rule: evil, text: evil },
    { kind: 'event', node: evil, atUs: 8, what: 'hint', about: '__proto__', text: evil },
    { kind: 'event', node: '__proto__', atUs: 8, what: 'down', about: evil, text: evil },
    { kind: 'step', node: evil, atUs: 9, trace, what: 'received', text: evil, detail: [evil] },
    { kind: 'step', node: known.id, atUs: 10, trace, what: 'minted', detail: { dot: evil } },
    { kind: 'disk', node: known.id, atUs: 1, what: 'sync', bytes: 1, tookUs: 2 ** 52, trace },
    ...['node', 'putRound', evil, 'constructor'].map((chart) => {
      return { kind: 'chart', node: known.id, atUs: 11, chart, instance: evil, event: evil, state };
    }),
    { kind: 'message', node: evil, atUs: 12, way: 'sent', peer: known.id, verb: evil, bytes: 1 },
    { kind: 'message', node: '', atUs: 13, way: 'received', peer: '', verb: '', bytes: 1, trace },
    { kind: 'step', node: evil, atUs: 2 ** 52, trace, what: 'replied', text: evil },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function inBrowser(executablePath: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-replay-'));
  const file = join(folder, 'story.jsonl');
  let dashboard: Dashboard;
  let browser: Browser;
  const opened: WatchedPage[] = [];
  const open = async (look: Look): Promise<WatchedPage> => {
    const watched = await openPage(browser, `${dashboard.address}/#/replay`, look);
    opened.push(watched);
    await watched.page.getByRole('button', { name: 'Show the moment' }).waitFor();
    return watched;
  };

  beforeAll(async () => {
    writeFileSync(file, await storyText());
    const seams = { clock: new RealClock(), random: new RealRandom() };
    const place = { host: '127.0.0.1', port: 0, mayMove: false };
    dashboard = await serveDashboard({ ...seams, ...place, replayFile: file });
    browser = await startChromium(executablePath);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((watched) => watched.close()));
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(looks)('is seen at its broken promise: $width px, $scheme', async (look) => {
    const { page, mishaps } = await open(look);
    expect(await timeOf(page)).toBeLessThan(1);
    await page.getByRole('button', { name: 'Show the moment' }).click();
    await until(async () => (await timeOf(page)) === brokenUs / 1e6);
    const stage = page.getByRole('group', { name: /Nodes and what is on its way/ });
    expect(await stage.getByRole('button').count()).toBe(4);
    expect(await stage.getByRole('button', { name: /: down$/ }).count()).toBe(1);
    await page.getByRole('group', { name: 'Jump to' }).getByText('made-up').waitFor();
    expect(await sidewaysScroll(page)).toBe(0);
    // There is no cluster to go back to.
    expect(await page.getByRole('button', { name: /Back to the cluster/ }).count()).toBe(0);
    expect(mishaps).toEqual([]);
  });

  test('is gone through with the keyboard: forth and back, by faults, playing, slower', async () => {
    const { page, mishaps } = await open(wide);
    const times: number[] = [];
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'End', 'Shift+ArrowLeft']) {
      times.push(await timeAfter(page, key));
    }
    const [first, second, third, end, fault] = times as [number, number, number, number, number];
    expect(second).toBeGreaterThan(first);
    expect(third).toBe(first);
    expect(fault).toBeLessThan(end);
    expect(fault).toBeGreaterThan(3);
    const speed = page.getByLabel('Speed');
    await page.keyboard.press('-');
    await until(async () => (await speed.inputValue()) === '0.5');
    await page.keyboard.press('+');
    await page.keyboard.press('Home');
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await until(async () => (await timeOf(page)) > 0.2);
    await page.keyboard.press(' ');
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    expect(mishaps).toEqual([]);
  });

  test('shows a node’s charts as they are then, and the last moments as a sequence', async () => {
    const { page, mishaps } = await open(wide);
    await page.getByRole('button', { name: 'Show the moment' }).click();
    const up = page.getByRole('group', { name: /Nodes and what/ }).getByRole('button', {
      name: /serving/,
    });
    await up.first().click();
    const panel = page.locator('.node-panel');
    await panel.getByRole('cell', { name: 'membership', exact: true }).waitFor();
    await panel.locator('.canvas .chart').waitFor();
    await panel.getByRole('button', { name: 'membership', exact: true }).click();
    await page.getByRole('button', { name: 'Sequence' }).click();
    await page.getByRole('combobox', { name: /^The last/ }).selectOption('250000');
    await page.locator('.film-sequence .arrow').first().waitFor();
    expect(mishaps).toEqual([]);
  });

  test('what is on the screen is saved: as a trace file, for Perfetto, as a drawing', async () => {
    const { page } = await open(wide);
    await page.getByRole('button', { name: 'Show the moment' }).click();
    await page.getByRole('combobox', { name: /^The last/ }).selectOption('1000000');
    const saved = async (name: string): Promise<string> => {
      const begun = page.waitForEvent('download');
      await page.getByRole('button', { name }).click();
      return readFileSync(await (await begun).path(), 'utf8');
    };
    const { notes } = readTraceFile(await saved('↓ Trace file'));
    expect(notes.length).toBeGreaterThan(10);
    for (const { atUs } of notes)
      expect([atUs >= brokenUs - 1e6, atUs <= brokenUs]).toEqual([true, true]);
    const { traceEvents } = JSON.parse(await saved('↓ Perfetto')) as { traceEvents: unknown[] };
    expect(traceEvents.length).toBeGreaterThan(10);
    expect(await saved('↓ SVG')).toMatch(/^<svg [^]*<\/svg>\n$/);
  });

  test('a request of it is under the glass, with what each node did', async () => {
    const { page, mishaps } = await open(wide);
    await page.getByRole('link', { name: 'Request' }).click();
    const list = page.getByRole('group', { name: 'Traced requests' });
    // The script ends where the promise breaks.
    expect(await list.getByRole('button').count()).toBe(2);
    await list.getByRole('button').first().click();
    await page.locator('.time-line').getByText('coordinator').waitFor();
    await page.locator('.time-line').getByText('fallback').first().waitFor();
    await page.locator('.charts-beside .canvas .chart').waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    expect(mishaps).toEqual([]);
  });

  test.each([
    ['is none', () => 'PNG\u0000\u0001', /line 1: no JSON/],
    ['is empty', () => '', /without its first line/],
    ['is another’s', () => '{"quorateTrace":9,"nodes":[]}\n', /no trace file of version 1/],
    ['is cut off', () => readFileSync(file, 'utf8').slice(0, 9_990), /the file ends within it/],
    ['has a note that is none', () => `${headOf(file)}{"kind":"rumour"}\n`, /line 2: a note of no/],
    ['is too large', () => ' '.repeat(dashboardLimits.traceFileBytesMax + 1), /the page takes/],
  ])('a file that %s is refused with a sentence', async (_, text, why) => {
    const { page, mishaps } = await open(wide);
    await drop(page, 'other.jsonl', text());
    await page.getByText(/^other\.jsonl can’t be shown: /).waitFor();
    expect(await page.locator('.sayings').innerText()).toMatch(why);
    // What was shown is shown.
    expect(await page.getByRole('button', { name: 'Show the moment' }).count()).toBe(1);
    expect(mishaps).toEqual([]);
  });

  test('a large file is said to be read, and is shown then', async () => {
    const { page, mishaps } = await open(wide);
    const [head = '', ...notes] = readFileSync(file, 'utf8').split(/(?<=\n)/);
    const one = notes.join('');
    const times = Math.ceil(dashboardLimits.traceFileSoonBytes / one.length) + 1;
    await drop(page, 'large.jsonl', head.replace('a story', 'a long story') + one.repeat(times));
    await page.getByText(/^large\.jsonl is being read: it has \d\.\d MB/).waitFor();
    await page.getByText('a long story').waitFor();
    const count = (notes.length * times).toLocaleString('en');
    await page.getByRole('heading', { name: `${count} notes` }).waitFor();
    expect(mishaps).toEqual([]);
  });

  test('a file that means harm is text', async () => {
    const { page, mishaps } = await open(wide);
    await drop(page, evil, hostileText());
    await page.getByText(`✕ ${evil}`).waitFor();
    await page.getByRole('button', { name: 'Show the moment' }).click();
    await page.locator('.node-panel select').selectOption('a'.repeat(16));
    await page.getByRole('button', { name: 'Show the moment' }).focus();
    await page.keyboard.press('End');
    await page.getByRole('cell', { name: 'putRound' }).waitFor();
    for (const name of ['node', 'putRound', 'constructor'])
      await page.locator('.node-panel').getByRole('button', { name, exact: true }).click();
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'Sequence' }).click();
    for (const view of ['Cluster', 'Charts', 'Keys', 'Request']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('main').getByRole('heading', { level: 2 }).first().waitFor();
    }
    await page.getByRole('group', { name: 'Traced requests' }).getByRole('button').click();
    await page.locator('.glass').waitFor();
    await page.getByRole('button', { name: 'Sequence' }).click();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toBe('Request · Quorate');
    expect(mishaps).toEqual([]);
  });
}

/** Seconds, as the controls say them. */
/** It is drawn in one of the next frames. */
async function timeAfter(page: Page, key: string): Promise<number> {
  const before = await timeOf(page);
  await page.keyboard.press(key);
  await until(async () => (await timeOf(page)) !== before);
  return timeOf(page);
}

async function timeOf(page: Page): Promise<number> {
  return Number.parseFloat(await page.locator('.film-controls output').innerText());
}

function headOf(path: string): string {
  return `${readFileSync(path, 'utf8').split('\n')[0]!}\n`;
}

/** As somebody drops it on the page. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  // What is only long is made there.
  const content = text.trim() === '' ? `' '.repeat(${text.length})` : JSON.stringify(text);
  await page.evaluate(`(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([${content}], ${JSON.stringify(name)}));
    dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  })()`);
}
