/**
 * One Redis that syncs its append-only file before it answers: what a store without replication can
 * do with one disk.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { freePort } from '../../support/nats-server.js';
import { endOf } from './child.js';
import type { RunningSystem, System } from './system.js';

const program = 'redis-server';

export function redisIsInstalled(): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

export function redis(): System {
  return {
    about: 'one redis-server, appendonly yes, appendfsync always, no replication',
    async start(directory): Promise<RunningSystem> {
      const port = await freePort();
      const options = { port, bind: '127.0.0.1', dir: directory };
      const settings = { ...options, save: '', appendonly: 'yes', appendfsync: 'always' };
      const args = Object.entries(settings).flatMap(([name, value]) => [
        `--${name}`,
        String(value),
      ]);
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const gone = endOf(child);
      const lines = createInterface(child.stdout);
      const ready = (async (): Promise<void> => {
        for await (const line of lines) if (line.includes('Ready to accept connections')) return;
        throw new Error('redis-server ended before it served');
      })();
      await ready;
      child.stdout.resume();
      return {
        servers: [`redis://127.0.0.1:${port}`],
        pids: () => [child.pid!],
        // It says how many were late, not how many there were.
        fsyncs: () => Promise.resolve(undefined),
        async stop() {
          child.kill('SIGTERM');
          await gone;
        },
      };
    },
  };
}
