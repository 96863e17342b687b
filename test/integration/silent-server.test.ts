/**
 * A node that is started while nats-server stands still: it accepts connections, because the kernel
 * does, and says nothing.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';

const main = join(import.meta.dirname, '../../src/cli/main.js');

let server: NatsServer;
let node: ChildProcess | undefined;
let directory: string;

beforeEach(async () => {
  server = await startNatsServer();
  directory = mkdtempSync(join(tmpdir(), 'quorate-'));
});

afterEach(async () => {
  if (node !== undefined && node.exitCode === null && node.signalCode === null) {
    const gone = once(node, 'exit');
    node.kill('SIGKILL');
    await gone;
  }
  process.kill(server.pid, 'SIGCONT');
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Resolves when it is said; rejects with what was when the process ends before. */
function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (pattern.test(text)) resolve();
      });
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)));
  });
}

test('it waits and says so, and serves once nats-server goes on', async () => {
  process.kill(server.pid, 'SIGSTOP');
  const where = ['--servers', server.url, '--data-dir', join(directory, 'n1')];
  const alone = ['--founders', '1', '--n', '1', '--r', '1', '--w', '1'];
  node = spawn(process.execPath, [main, 'node', '--name', 'n1', ...where, ...alone]);
  const serves = said(node, /n1 serves/);
  serves.catch(() => undefined);
  await said(node, /does not answer; waiting for it/);
  process.kill(server.pid, 'SIGCONT');
  await expect(serves).resolves.toBeUndefined();
}, 60_000);
