import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for what must happen, and throws when it has not. Looks are counted, not time, so a busy
 * machine waits longer.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += 5) {
    if (waitedMs > withinMs) throw new Error(`still not so: ${condition.toString()}`);
    await sleep(5);
  }
}
