/**
 * Debian's Chromium, if it is there. Where it is not, tests in a browser can't be run, and say so.
 */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

export function chromiumProgram(): string | undefined {
  const told = process.env['CHROMIUM_BIN'];
  return (told === undefined ? places : [told]).find((path) => existsSync(path));
}

export async function startChromium(executablePath: string): Promise<Browser> {
  // Root has no sandbox in a container; nothing but our own page is opened in it.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
