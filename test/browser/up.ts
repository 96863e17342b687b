/** `quorate up` as somebody runs it who wants to see: nodes on this machine, and their page. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/nats-server.js';

const main = join(import.meta.dirname, '../../src/cli/main.js');
const readyMsMax = 180_000;

export interface Up {
  /** Of its page. */
  readonly address: string;
  stop(): Promise<void>;
}

/** With as many nodes as it has unless told. */
export async function startUp(nodes?: number): Promise<Up> {
  const directory = mkdtempSync(join(tmpdir(), 'quorate-browser-'));
  const port = await freePort();
  const places = [`--port=${port}`, `--data-dir=${directory}`];
  const args = nodes === undefined ? places : [...places, `--nodes=${nodes}`];
  // A server of the surroundings is somebody else's.
  const { NATS_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [main, 'up', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  let said = '';
  const address = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('it takes too long')), readyMsMax);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\S*/.exec(said)?.[0];
      if (found === undefined || !/\bready\b/.test(said)) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    void ended.then(() => reject(new Error('it has ended')));
  });
  try {
    return { address: await address, stop };
  } catch (error) {
    await stop();
    throw new Error(`no page of quorate up: ${(error as Error).message}\n${said}`, {
      cause: error,
    });
  }
}
