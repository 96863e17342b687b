import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { mutantArgv, mutantEnv, simulateMain } from '../mutants/with-mutant.js';
import { parseScenario, runScenario } from './scenario.js';

const folder = fileURLToPath(new URL('../../../../test/scenarios/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));

/** Exit code of a scenario that runs in a process of its own, with a mutant. */
async function exitWith(mutant: string, file: string): Promise<unknown> {
  const args = [...mutantArgv(), simulateMain, '--scenario', folder + file];
  try {
    await promisify(execFile)(process.execPath, args, { env: mutantEnv(mutant) });
    return 0;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

describe.each(files)('scenario %s', (file) => {
  const scenario = parseScenario(readFileSync(folder + file, 'utf8'));

  test(scenario.title, async () => {
    expect(await runScenario(scenario)).toBeUndefined();
  });

  for (const control of scenario.controls) {
    test(`fails with ${control}`, async () => {
      const [kind = '', mutant] = control.split(/\s+/);
      if (kind === 'mutant') {
        expect(await exitWith(mutant!, file)).toBe(11);
      } else {
        const [option = '', value = ''] = kind.split('=');
        expect(await runScenario(scenario, { [option]: value })).toBeDefined();
      }
    });
  }
});
