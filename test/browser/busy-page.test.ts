/**
 * Ten thousand notes a second, as much as the server passes on: the page stays quick and small, and
 * says what it does not show. How many frames a second there are depends on what else the machine
 * does, so what is bounded is the CPU time they take.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { idOf } from '../support/cluster-pictures.js';
import { startBusyCluster, type BusyCluster } from './busy-cluster.js';
import { inChromium, startChromium } from './chromium.js';
import { loadOf } from './page-load.js';
import { openPage } from './watched-page.js';

jest.setTimeout(400_000);

const notesPerSecond = (dashboardLimits.notesPerPeriodMax * 1_000) / dashboardLimits.notesPeriodMs;
/** Of sixty a second. */
const frameMs = 1_000 / 60;
const bytesMax = 200e6;

inChromium('a page that is told ten thousand notes a second', (program) => {
  let cluster: BusyCluster;
  let browser: Browser;

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([
      startBusyCluster(notesPerSecond),
      startChromium(program),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await cluster?.close();
  });

  describe.each([
    ['#/charts/putRound', /\d began within a second: one is shown/],
    [`#/charts/peer/${idOf('n5')}/peer-${idOf('n1')}`, /steps within a second: \d of them shown/],
    ['#/cluster', /hint \d/],
  ])('%s', (hash, drawn) => {
    test('a frame takes less of the CPU than there is time for it, and memory stays bounded', async () => {
      const look = { width: 1280, scheme: 'light' } as const;
      const watched = await openPage(browser, `${cluster.address}${hash}`, look);
      const { page, mishaps } = watched;
      await page.getByText(drawn).first().waitFor();
      const before = cluster.told();
      const { frames, busyMs, heapBytesMax } = await loadOf(page, 20);
      expect(cluster.told()).toBeGreaterThan(before);
      expect(busyMs / frames).toBeLessThan(frameMs);
      expect(heapBytesMax).toBeLessThan(bytesMax);
      expect(mishaps).toEqual([]);
      await watched.close();
    });
  });
});
