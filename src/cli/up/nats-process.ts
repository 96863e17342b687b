/** How `up` runs a nats-server of its own. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { Clock } from '../../seams/clock.js';
import { readServerInfo } from '../server-info.js';
import type { ProcessRecipe } from './supervised-process.js';

/**
 * Said by a shell to the system before it starts a nats-server: a sleep may last a millisecond
 * longer. Go's monitor thread means to sleep 20 µs at a time while there is work; as often as that
 * it wakes a core, and takes the server's only processor from it in the middle of a write to a
 * socket. (p50 of a get alone 0.25 → 0.21 ms, at 256 in flight
 * 142 → 156 thousand gets a second.) Linux only; elsewhere nothing happens.
 */
export const calmTimers = '{ echo 1000000 > /proc/self/timerslack_ns; } 2>/dev/null';

/**
 * nats-server knows nothing of its parent, so a shell stands between them: when our end of its
 * standard input closes, which the system does for us even after a `kill -9`, the server is told to
 * stop; when the server ends, so does the shell. An end without a word means that `up` is gone: the
 * nodes, who notice it as well, then have a moment to take their leave.
 */
const script = `
${calmTimers}
exec 3<&0
"$@" 3<&- &
server=$!
(read -r word <&3 || sleep 2; kill -TERM $server) 2>/dev/null &
exec 3<&-
wait $server
`;

export interface NatsProcessOptions {
  readonly program: string;
  readonly configFile: string;
  readonly port: number;
  readonly clock: Clock;
}

/**
 * Go's runtime, told of what it can't see. What lives is tiny and the messages are not: by default
 * it would collect every few frames, half of its CPU time, and give the memory back in between, to
 * be cleared anew. It collects when it has 128 MiB, or, in a server too old for such a limit (Go
 * before 1.19), 40 times what lives. And the nodes share its machine: a seventh of a put's CPU time
 * is the server's, and threads beyond that only wake each other (31 → 24 µs a put on two cores).
 */
const serverRuntime = {
  GOGC: '4000',
  GOMEMLIMIT: '128MiB',
  GOMAXPROCS: String(Math.max(1, Math.floor(availableParallelism() / 4))),
};

export function natsRecipe({
  program,
  configFile,
  port,
  clock,
}: NatsProcessOptions): ProcessRecipe {
  const url = `nats://127.0.0.1:${port}`;
  let served = false;
  return {
    name: 'nats-server',
    spawn() {
      const server = [program, '-c', configFile, '-a', '127.0.0.1', '-p', String(port)];
      // A group of its own: a Ctrl-C in the terminal reaches `up` alone, which stops the nodes
      // first.
      const child = spawn('sh', ['-c', script, 'sh', ...server], {
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
        env: { ...serverRuntime, ...process.env },
      });
      // What waits in the shell for our end to close would outlive a server that died.
      child.once('exit', () => child.stdin.destroy());
      return child;
    },
    // The configuration is meant for loopback, and says so itself.
    shows: (line) => !/\[(?:INF|DBG|TRC)\]|Plaintext passwords/.test(line),
    whenServing(child, serving) {
      const ready = (): void => {
        served = true;
        serving();
      };
      const poll = (): void => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        readServerInfo(url, commandLimits.startedServerInfoMsMax).then(ready, () =>
          clock.setTimeout(poll, commandLimits.startedServerIntervalMs),
        );
      };
      poll();
    },
    whenDone: () => undefined,
    terminate: (child) => void child.stdin?.end('stop\n'),
    kill(child) {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    },
    hopeless: () => !served,
  };
}
