/**
 * Installs nats-server with the system's package manager, when that can be done without asking
 * anybody anything.
 */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { commandLimits } from '../../actors/rules/limits/command.js';

const run = promisify(execFile);

interface PackageManager {
  readonly name: string;
  readonly needsRoot: boolean;
  readonly steps: readonly (readonly string[])[];
  /** Failure is fine: what it undoes may not be there. */
  readonly afterwards: readonly (readonly string[])[];
}

const packageManagers: readonly PackageManager[] = [
  {
    name: 'apt-get',
    needsRoot: true,
    steps: [
      ['apt-get', 'update', '-qq'],
      // Someone else may be installing something: wait for the lock instead of failing.
      ['apt-get', 'install', '-y', '-qq', '-o', 'DPkg::Lock::Timeout=120', 'nats-server'],
    ],
    // Debian's package also starts a service on port 4222; the program is all that is wanted.
    afterwards: [['systemctl', 'disable', '--now', 'nats-server']],
  },
  {
    name: 'apk',
    needsRoot: true,
    steps: [['apk', 'add', '--no-cache', 'nats-server']],
    afterwards: [],
  },
  {
    name: 'brew',
    needsRoot: false,
    steps: [['brew', 'install', '--quiet', 'nats-server']],
    afterwards: [],
  },
];

export interface InstallOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Told before anything is changed on the machine, and why an attempt failed. */
  readonly say: (line: string) => void;
  /** Another process may have installed it meanwhile. */
  readonly isInstalled: () => boolean;
}

/** True when nats-server is there afterwards. Never asks, never throws. */
export async function installNatsServer(options: InstallOptions): Promise<boolean> {
  const { say, isInstalled, env } = options;
  const manager = await firstUsable(env);
  if (manager === undefined) return false;
  const prefix = manager.needsRoot && !isRoot() ? ['sudo', '-n'] : [];
  const lastStep = manager.steps.at(-1) ?? [];
  say(`nats-server not found; installing it: ${[...prefix, ...lastStep].join(' ')}`);
  for (let attempt = 1; attempt <= commandLimits.installAttemptsMax; attempt++) {
    const failure = await runSteps(manager.steps, prefix, env);
    if (isInstalled()) {
      if (failure === undefined) await runSteps(manager.afterwards, prefix, env);
      return true;
    }
    if (failure !== undefined) say(`${manager.name}: ${failure}`);
    // Most often the lock of a package manager that runs at the same time.
    if (attempt < commandLimits.installAttemptsMax) await sleep(commandLimits.installRestMs);
  }
  return isInstalled();
}

async function firstUsable(env: NodeJS.ProcessEnv): Promise<PackageManager | undefined> {
  for (const manager of packageManagers) {
    if (!(await succeeds([manager.name, '--version'], env))) continue;
    // Homebrew refuses to run as root.
    if (manager.needsRoot ? isRoot() || (await succeeds(['sudo', '-n', 'true'], env)) : !isRoot()) {
      return manager;
    }
  }
  return undefined;
}

async function succeeds(command: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await runStep(command, env)) === undefined;
}

/** The first failure's last line of output, or undefined. */
async function runSteps(
  steps: readonly (readonly string[])[],
  prefix: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  for (const step of steps) {
    const failure = await runStep([...prefix, ...step], env);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function runStep(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const [program = '', ...args] = command;
  try {
    const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
    const done = run(program, args, { env: quiet, maxBuffer: commandLimits.installOutputBytesMax });
    // A package manager that asks all the same gets no answer, and fails instead of waiting.
    done.child.stdin?.end();
    await done;
    return undefined;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return (stderr?.trim() || message).split('\n').at(-1) ?? message;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
