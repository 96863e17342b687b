/**
 * Debian's Chromium, if it is there. Where it is not, tests in a browser can't be run, and say so.
 */
import { existsSync } from 'node:fs';
import { describe, test } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** What is tested in it; where it is missing, a line that says so. */
export function inChromium(what: string, tests: (program: string) => void): void {
  const program = chromiumProgram();
  if (program !== undefined) return describe(what, () => tests(program));
  const line = 'skipped: no Chromium is here to look at the page (apt-get install chromium)';
  test(line, () => console.warn(line));
}

function chromiumProgram(): string | undefined {
  const told = process.env['CHROMIUM_BIN'];
  return (told === undefined ? places : [told]).find((path) => existsSync(path));
}

export async function startChromium(
  executablePath: string,
  more: readonly string[] = [],
): Promise<Browser> {
  // Root has no sandbox in a container; nothing but our own page is opened in it.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', ...more];
  return chromium.launch({ executablePath, args });
}
