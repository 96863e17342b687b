/** How a process is started with a mutant. */
import { execFile, type ExecFileException } from 'node:child_process';
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

/** Of a process that has ended. */
export interface JestEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** `code 1`, or by which signal. */
  readonly end: string;
}

/** By then a test that takes seconds hangs, on a machine with much else to do as well. */
const testMsMax = 900_000;

/**
 * How many tests of a file fail with a mutant; one more when an error that nobody caught ended the
 * file. An Error when the file was not run to its end: then nothing is known of the mutant.
 */
export async function failuresOf(mutant: Mutant, test: string): Promise<number> {
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
    env: { ...mutantEnv(mutant.name), NODE_OPTIONS: '--experimental-vm-modules' },
    maxBuffer: 2 ** 28,
    timeout: testMsMax,
    killSignal: 'SIGKILL',
  } as const;
  const ended = await new Promise<JestEnd>((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const end = error?.killed === true ? `no end within ${testMsMax / 1000} s` : endOf(error);
      resolve({ stdout, stderr, end });
    });
  });
  return countFailures(mutant, test, ended);
}

function endOf(error: ExecFileException | null): string {
  return error?.signal == null ? `code ${error?.code ?? 0}` : `signal ${error.signal}`;
}

/** Exported for its test. */
export function countFailures(
  { name, crashes }: Mutant,
  test: string,
  { stdout, stderr, end }: JestEnd,
): number {
  const json = stdout.slice(stdout.indexOf('{'));
  if (!json.startsWith('{')) {
    const said = stderr.trim().split('\n').slice(-linesMax).join('\n');
    throw new Error(`${test} with ${name} said nothing of its tests: ${end}\n${said}`.trim());
  }
  const { numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(json) as JestCounts;
  return numFailedTests + (crashes === true ? numRuntimeErrorTestSuites : 0);
}

/** Of what a test said last. */
const linesMax = 12;
