/**
 * A real nats-server (or three) for tests and the benchmark: a child process on ports of its own,
 * gone when stopped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServerProgram } from '../../src/cli/nats-server-finder.js';
import { calmTimers } from '../../src/cli/up/nats-process.js';

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it logged so far. */
  log(): string;
  /** SIGKILL unless told; resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface NatsServerOptions {
  /** Text of the configuration file; none: a plain server. */
  readonly config?: string;
  /** A free one unless told; told to start again where a stopped one was. */
  readonly port?: number;
  readonly args?: readonly string[];
  /** Its executable; the one `quorate up` would find unless told. */
  readonly program?: string | undefined;
  /** Unless this process's own says otherwise. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Versions a test is to hold for: the one that is found, and the newest where an environment
 * variable names it.
 */
export function natsServerVersions(): readonly (readonly [
  name: string,
  program: string | undefined,
])[] {
  const newest = process.env['NATS_SERVER_NEWEST_BIN'];
  if (newest !== undefined)
    return [
      ['the nats-server found', undefined],
      ['the nats-server in NATS_SERVER_NEWEST_BIN', newest],
    ];
  console.warn('NATS_SERVER_NEWEST_BIN names no nats-server: tested with the one found alone');
  return [['the nats-server found', undefined]];
}

const readyMsMax = 20_000;
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const port = options.port ?? (await freePort());
  const directory = mkdtempSync(join(tmpdir(), 'quorate-nats-'));
  const args = ['-a', '127.0.0.1', '-p', String(port), ...(options.args ?? [])];
  if (options.config !== undefined) {
    const file = join(directory, 'nats.conf');
    writeFileSync(file, options.config);
    args.push('-c', file);
  }
  const path = options.program ?? (await findNatsServerProgram({ say: () => undefined })).path;
  const child = spawn('sh', ['-c', `${calmTimers}\nexec "$@"`, 'sh', path, ...args], {
    cwd: directory,
    env: { ...options.env, ...process.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  let log = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => (log += text));
  const gone = new Promise<void>((resolve) => {
    const ended = (error?: Error): void => {
      if (error !== undefined) log += String(error);
      running.delete(child);
      rmSync(directory, { recursive: true, force: true });
      resolve();
    };
    child.once('error', ended);
    child.once('exit', () => ended());
  });
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  try {
    await logged({ log: () => log, text: 'Server is ready', gone });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `nats://127.0.0.1:${port}`, port, pid: child.pid ?? 0, log: () => log, stop };
}

export interface NatsCluster {
  readonly servers: readonly NatsServer[];
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

/**
 * Three servers with routes between all of them. `jetStreamDirectory`: JetStream too, with its
 * files below that directory; resolves when its cluster has a leader.
 */
export async function startNatsCluster(
  options: Pick<NatsServerOptions, 'config' | 'env'> & {
    readonly jetStreamDirectory?: string;
    /** More of its part of the configuration. */
    readonly jetStreamSettings?: string;
  } = {},
): Promise<NatsCluster> {
  const routePorts = [await freePort(), await freePort(), await freePort()];
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const servers = await Promise.all(
    routePorts.map((routePort, i) => {
      const store = options.jetStreamDirectory;
      const jetStream =
        store === undefined
          ? ''
          : `jetstream { store_dir: "${join(store, `n${i}`)}"\n${options.jetStreamSettings ?? ''} }\n`;
      const config = `server_name: n${i}\n${jetStream}cluster { name: test, listen: "127.0.0.1:${routePort}", routes: [${routes}] }\n${options.config ?? ''}`;
      return startNatsServer({ ...options, config });
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const log = (): string => servers.map((server) => server.log()).join('');
  try {
    for (const server of servers)
      await logged({ log: () => server.log(), text: 'Route connection created' });
    if (options.jetStreamDirectory !== undefined)
      await logged({ log, text: 'JetStream cluster new metadata leader' });
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, urls: servers.map((server) => server.url), stop };
}

async function logged(wait: {
  log: () => string;
  text: string;
  gone?: Promise<void>;
}): Promise<void> {
  let ended = false;
  void wait.gone?.then(() => {
    ended = true;
    return ended;
  });
  for (let waitedMs = 0; !wait.log().includes(wait.text); waitedMs += 20) {
    if (ended || waitedMs > readyMsMax)
      throw new Error(`nats-server never said "${wait.text}":\n${wait.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Below the ports systems give to outgoing connections (32 768 and up on Linux, 49 152 elsewhere):
 * between the question and the use, one of those could be taken by any connection of any test, and
 * an attempt to connect to one that nobody listens on can reach itself.
 */
const freePorts = { from: 10_240, to: 32_000 };

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(freePorts.from, freePorts.to);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${freePorts.from} to ${freePorts.to}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
