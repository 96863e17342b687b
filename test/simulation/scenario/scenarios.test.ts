import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { exitOfScenario, scenarioFolder } from '../mutants/with-mutant.js';
import { ScenarioProcess } from './scenario-process.js';
import { parseScenario } from './scenario.js';

/** What shows that a scenario can fail takes as long as all scenarios: `npm run test:controls`. */
const areControlsDue = process.env['QUORATE_CONTROLS'] === 'all';

const files = readdirSync(scenarioFolder).filter((name) => name.endsWith('.txt'));

const player = new ScenarioProcess();
afterAll(() => player.stop());

describe.each(files)('scenario %s', (file) => {
  const path = scenarioFolder + file;
  const scenario = parseScenario(readFileSync(path, 'utf8'));

  test(scenario.title, async () => {
    expect(await player.play(path)).toBeUndefined();
  });

  for (const control of areControlsDue ? scenario.controls : []) {
    test(`fails with ${control}`, async () => {
      const [kind = '', mutant] = control.split(/\s+/);
      if (kind === 'mutant') {
        expect(await exitOfScenario(mutant!, file)).toBe(11);
      } else {
        const [option = '', value = ''] = kind.split('=');
        expect(await player.play(path, { [option]: value })).toBeDefined();
      }
    });
  }
});
