/** Quorate as a user starts it: `quorate up`, three nodes on one nats-server, each node a process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/nats-server.js';
import { descendantsOf } from '../measure/processes.js';
import type { Plan } from '../plan.js';
import type { RunningSystem, System } from './system.js';

const cli = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const readyMsMax = 60_000;

export function quorate({ w, r, durability }: Plan): System {
  return {
    name: 'quorate',
    about: `3 node processes, one nats-server, N=3 W=${w} R=${r}, durability ${durability}`,
    w,
    r,
    durability,
    async start(directory): Promise<RunningSystem> {
      const port = await freePort();
      const args = ['up', '--json', '--no-restart', '--nodes', '3', '--port', String(port)];
      args.push('--data-dir', directory, '--n', '3', '--w', String(w), '--r', String(r));
      args.push('--durability', durability);
      // A nats-server of its own, whatever the environment names.
      const { NATS_URL: _, QUORATE_BENCH_PROFILE: profileTo, ...env } = process.env;
      // `up` hands its own flags on to the nodes it forks.
      const flags =
        profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileTo, 'nodes')}`];
      const child = spawn(process.execPath, [...flags, cli, ...args], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const gone = once(child, 'exit');
      const stop = async (): Promise<void> => {
        child.kill('SIGTERM');
        await gone;
      };
      process.once('exit', () => child.kill('SIGKILL'));
      const [first] = (await Promise.race([
        once(createInterface(child.stdout), 'line'),
        gone.then(() => {
          throw new Error('`quorate up` ended before it served');
        }),
        late(readyMsMax),
      ])) as [string];
      const { servers } = JSON.parse(first) as { servers: string };
      return {
        target: { driver: 'quorate', servers: [servers], w, r },
        pids: () => descendantsOf(child.pid!),
        stop,
      };
    },
  };
}

function late(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`\`quorate up\` did not serve in ${ms} ms`)), ms).unref();
  });
}
