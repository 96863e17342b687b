/** The quorate command as a process of its own, and the page of a dashboard it serves. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { BreakHow } from '../../src/dashboard/wire.js';
import { askHttp, pageTokenIn, type HttpAnswer } from './http-question.js';

export const main = join(import.meta.dirname, '../../src/cli/main.js');
/** `NATS_URL` of the surroundings must not lead a test to somebody's cluster. */
const { NATS_URL: _, ...surroundings } = process.env;

export interface Ready {
  readonly servers: string;
  readonly dashboard?: string;
}

/** Resolves to the first it says, which is that it serves. */
export async function launch(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ child: ChildProcess; ready: Ready }> {
  const own = { env: { ...surroundings, ...env } };
  const child = spawn(process.execPath, [main, ...args, '--json'], own);
  child.stderr.resume();
  for await (const line of createInterface({ input: child.stdout }))
    return { child, ready: JSON.parse(line) as Ready };
  throw new Error('it ended before it served');
}

export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Until it ends by itself. Elsewhere: a `quorate up` may have left its password here. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const options = { env: { ...surroundings, ...env }, cwd: tmpdir() };
  const child = spawn(process.execPath, [main, ...args], options);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** As the page does. */
export async function postTo(port: number, path: string, body: unknown): Promise<HttpAnswer> {
  const { text } = await askHttp({ port, path: '/' });
  const headers = {
    Origin: `http://127.0.0.1:${port}`,
    'X-Quorate': pageTokenIn(text),
    'Content-Type': 'application/json',
  };
  return askHttp({ port, path, method: 'POST', headers, body: JSON.stringify(body) });
}

/** Returns the code of the answer. */
export async function breakAt(port: number, node: string, how: BreakHow): Promise<number> {
  return (await postTo(port, '/api/break', { node, how })).code;
}

export interface ProcessRow {
  readonly pid: number;
  readonly args: string;
}

/** Whatever runs on this machine. */
export async function processRows(): Promise<ProcessRow[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,args=']);
  return stdout.split('\n').map((line) => {
    const [, pid = '', args = ''] = /^ *(\d+) (.*)$/.exec(line) ?? [];
    return { pid: Number(pid), args };
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
