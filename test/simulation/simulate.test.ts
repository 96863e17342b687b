import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('main.js', import.meta.url));

/** What the program says, and its exit code. */
async function simulate(...args: string[]): Promise<{ said: string; code: unknown }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
    return { said: stdout, code: 0 };
  } catch (error) {
    const { stdout, code } = error as { stdout: string; code: unknown };
    return { said: stdout, code };
  }
}

test('simulator: seeds from 1 on for 20 s, then fresh ones for 20 s: no violation', async () => {
  for (const args of [
    ['--from', '1', '--minutes', '0.33'],
    ['--minutes', '0.33'],
  ]) {
    const { said, code } = await simulate(...args);
    expect({ said, code }).toEqual({ said, code: 0 });
    expect(said).toMatch(/: 0 failed/);
  }
}, 180_000);

test.each(['SIGINT', 'SIGTERM'] as const)(
  'simulator: %s in the middle of 10000 seeds: the tally is printed at once, and nothing counts as a failure',
  async (signal) => {
    const search = spawn(process.execPath, [main, '--seeds', '10000', '--from', '1']);
    const said = text(search.stdout);
    // Before it says so nothing listens for signals.
    await once(search.stderr, 'data');
    await setTimeout(1000);
    search.kill(signal);
    const [code] = await once(search, 'exit');
    expect({ code, said: await said }).toEqual({
      code: signal === 'SIGINT' ? 130 : 143,
      said: expect.stringMatching(
        new RegExp(`^interrupted by ${signal}\\n\\d+ seeds from 1, .*: 0 failed\\n`),
      ),
    });
  },
  60_000,
);
