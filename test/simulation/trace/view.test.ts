/** `--view`: the run is over, and its file is shown until the process is told to stop. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readTraceFile } from '../../../src/insight/note-reader.js';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
const scenario = fileURLToPath(
  new URL('../../../../test/scenarios/fallback-receipt.txt', import.meta.url),
);

test('a scenario is shown on a page of this machine, and gone after Ctrl-C', async () => {
  const child = spawn(process.execPath, [main, '--scenario', scenario, '--view']);
  const ended = once(child, 'close');
  let said = '';
  child.stdout.setEncoding('utf8');
  try {
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.includes('Ctrl-C')) break;
    }
    const [, file = ''] = /notes in (\S+)/.exec(said) ?? [];
    const [, address = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/#\/replay/.exec(said) ?? [];
    expect(said.indexOf('as expected')).toBeGreaterThan(-1);
    const text = await (await fetch(`${address}/api/replay`)).text();
    expect(text).toBe(readFileSync(file, 'utf8'));
    const { head, notes } = readTraceFile(text);
    const title = readFileSync(scenario, 'utf8').split('\n')[0]!.replace(/^# /, '');
    expect(head.about).toBe(`scenario fallback-receipt.txt: ${title}`);
    expect(notes.some(({ kind }) => kind === 'chart')).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(existsSync(file)).toBe(false);
  } finally {
    child.kill('SIGKILL');
  }
});

test('of a search there is no one run to show', async () => {
  const child = spawn(process.execPath, [main, '--seeds', '2', '--view'], { stdio: 'ignore' });
  expect(await once(child, 'close')).toEqual([2, null]);
});
