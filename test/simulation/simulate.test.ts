import { execFile } from 'node:child_process';
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
