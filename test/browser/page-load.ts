/** What a page costs the browser while it is looked at. */
import type { Page } from 'playwright-core';

export interface PageLoad {
  readonly frames: number;
  readonly elapsedMs: number;
  /** Of the page's own thread: its CPU time, whatever else runs on the machine. */
  readonly busyMs: number;
  /** JavaScript's memory at its highest, garbage included. */
  readonly heapBytesMax: number;
}

interface Metrics {
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

/** For so many looks, half a second apart. */
export async function loadOf(page: Page, looks: number): Promise<PageLoad> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name: string): Promise<number> => {
    const { metrics } = (await session.send('Performance.getMetrics')) as Metrics;
    return metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  };
  await page.evaluate(`(() => {
    window.framesSeen = 0;
    const see = () => { window.framesSeen++; requestAnimationFrame(see); };
    requestAnimationFrame(see);
  })()`);
  const beganMs = performance.now();
  const busyBefore = await metric('TaskDuration');
  let heapBytesMax = 0;
  for (let look = 0; look < looks; look++) {
    await page.waitForTimeout(500);
    heapBytesMax = Math.max(heapBytesMax, await metric('JSHeapUsedSize'));
  }
  const busyMs = 1_000 * ((await metric('TaskDuration')) - busyBefore);
  const elapsedMs = performance.now() - beganMs;
  const frames = await page.evaluate<number>('window.framesSeen');
  await session.detach();
  return { frames, elapsedMs, busyMs, heapBytesMax };
}
