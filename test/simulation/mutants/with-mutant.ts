/** How a process is started with a mutant. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mutant } from './mutant.js';

export function mutantArgv(): string[] {
  return ['--import', new URL('register.js', import.meta.url).href];
}

export function mutantEnv(name: string): NodeJS.ProcessEnv {
  return { ...process.env, QUORATE_MUTANT: name };
}

export const simulateMain = fileURLToPath(new URL('../main.js', import.meta.url));

export const scenarioFolder = fileURLToPath(
  new URL('../../../../test/scenarios/', import.meta.url),
);

/** Exit code of a scenario that runs in a process of its own, with a mutant. */
export async function exitOfScenario(mutant: string, file: string): Promise<unknown> {
  // It ends before compiled code has paid for itself.
  const forShort = ['--no-opt', '--max-semi-space-size=32'];
  const args = [...forShort, ...mutantArgv(), simulateMain, '--scenario', scenarioFolder + file];
  try {
    await promisify(execFile)(process.execPath, args, { env: mutantEnv(mutant) });
    return 0;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

interface JestCounts {
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

/**
 * How many tests of a file fail with a mutant; one more when an error that nobody caught ended the
 * file.
 */
export async function failuresOf({ name, crashes }: Mutant, test: string): Promise<number> {
  const transform = { '\\.js$': fileURLToPath(new URL('jest-transform.js', import.meta.url)) };
  // What a test that fails leaves open must not hold up the next mutant.
  const args = [`${root}node_modules/jest/bin/jest.js`, '--json', '--runInBand', '--forceExit'];
  args.push(
    '--transform',
    JSON.stringify(transform),
    '--runTestsByPath',
    `dist/test/${test}.test.js`,
  );
  const options = {
    cwd: root,
    env: { ...mutantEnv(name), NODE_OPTIONS: '--experimental-vm-modules' },
    maxBuffer: 2 ** 28,
  };
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, options, (_error, stdout) => resolve(stdout));
  });
  const { numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(output) as JestCounts;
  return numFailedTests + (crashes === true ? numRuntimeErrorTestSuites : 0);
}
