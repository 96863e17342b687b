/**
 * Finds a nats-server, in this order: a running one that was named; the program named by
 * NATS_SERVER_BIN; the program on the PATH or in a usual place; the system's package manager; else
 * an error that lists the ways.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { installNatsServer } from './nats-server-install.js';
import { advisoryWarning, parseServerVersion, type ServerVersion } from './nats-server-version.js';

const run = promisify(execFile);

export type NatsServer = RunningServer | ServerProgram;

/** Not ours: neither started nor stopped by us. */
export interface RunningServer {
  readonly kind: 'running';
  /** One or more URLs, separated by commas, as NATS clients take them. */
  readonly servers: string;
}

export interface ServerProgram {
  readonly kind: 'program';
  readonly path: string;
  /** undefined: it did not say. */
  readonly version: ServerVersion | undefined;
}

export interface FinderOptions {
  /** From `--servers`; goes before NATS_URL. */
  readonly servers?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Where to look besides the PATH. */
  readonly usualPlaces?: readonly string[];
  /** False: never change the machine. */
  readonly install?: boolean;
  /** Hears what is being installed and, once a process, that the version is unsafe. */
  readonly say: (line: string) => void;
}

/** Debian installs into /usr/sbin, which is not on every user's PATH. */
const usualPlacesDefault = [
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/snap/bin',
  join(homedir(), 'go', 'bin'),
  join(homedir(), '.local', 'bin'),
];

const warned = new Set<string>();

/** Why there is no nats-server; the message lists the ways to get one. */
export class NatsServerNotFoundError extends Error {
  override readonly name = 'NatsServerNotFoundError';
}

/** @throws NatsServerNotFoundError */
export async function findNatsServer(options: FinderOptions): Promise<NatsServer> {
  const env = options.env ?? process.env;
  const servers = options.servers ?? env['NATS_URL'];
  if (servers !== undefined && servers !== '') return { kind: 'running', servers };
  return findNatsServerProgram(options);
}

/** As `findNatsServer`, for those who must start one of their own: tests, benchmarks. */
export async function findNatsServerProgram(options: FinderOptions): Promise<ServerProgram> {
  const program = await programOf(await locate(options));
  const warning = advisoryWarning(program.version);
  if (warning !== undefined && !warned.has(warning)) {
    warned.add(warning);
    options.say(warning);
  }
  return program;
}

async function locate(options: FinderOptions): Promise<string> {
  const env = options.env ?? process.env;
  const named = env['NATS_SERVER_BIN'];
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named;
    throw new NatsServerNotFoundError(`NATS_SERVER_BIN=${named} is not an executable file`);
  }
  const places = [
    ...(env['PATH'] ?? '').split(delimiter).filter((place) => place !== ''),
    ...(options.usualPlaces ?? usualPlacesDefault),
  ];
  const look = (): string | undefined =>
    places.map((place) => join(place, 'nats-server')).find(isExecutable);
  let path = look();
  if (path === undefined && options.install !== false) {
    await installNatsServer({ env, say: options.say, isInstalled: () => look() !== undefined });
    path = look();
  }
  if (path !== undefined) return path;
  throw new NatsServerNotFoundError(
    [
      'no nats-server found. Any one of these will do:',
      '  a running server         NATS_URL=nats://host:4222, or --servers nats://host:4222',
      '  a program somewhere      NATS_SERVER_BIN=/path/to/nats-server',
      '  Debian, Ubuntu           sudo apt-get install nats-server',
      '  Alpine                   sudo apk add nats-server',
      '  macOS                    brew install nats-server',
      '  everything else          https://github.com/nats-io/nats-server/releases',
    ].join('\n'),
  );
}

async function programOf(path: string): Promise<ServerProgram> {
  try {
    const { stdout, stderr } = await run(path, ['--version']);
    return { kind: 'program', path, version: parseServerVersion(stdout + stderr) };
  } catch (error) {
    throw new NatsServerNotFoundError(`${path} does not run: ${(error as Error).message}`);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
