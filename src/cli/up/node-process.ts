/** How `up` runs one node: the `quorate node` command in a process of its own, with a channel that tells when it serves. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../exit-codes.js';
import type { ProcessRecipe } from './supervised-process.js';

/**
 * Room for young objects: a memtable keeps most of what arrives, and with V8's own 16 MB the collector copies it twice
 * over and over (measured, 1 kB puts: 5.9 → 7.5 k/s); all of it from the start, because reads leave so little alive that
 * V8 would stay at a megabyte (nodes, 35 → 27 µs a get). And baseline code at once: a round runs much code a little, which
 * would stay in the interpreter for long (8.1 → 9.0 k/s, gets 26 → 28); and kept, because what is inlined into fast code
 * counts as unused and would have to be compiled again (30 → 24 µs a get). Fast code after a twelfth of V8's usual wait, for
 * the same reason (after a quarter of it: 108 → 98 µs a put; after a twelfth: a put alone 4.6 → 3.5 ms). Old space may grow
 * to four times what lives in it: after a few quiet seconds V8 expects little and marks the whole memtable every second or
 * so (puts between pauses: 8.0 → 12.8 k/s). And nothing is allocated as old from the start: V8 learns that from the first
 * memtable, which keeps all there is, and from then on a round's dead closures lie where only a full collection finds
 * them, with all they refer to kept alive (a scavenge 20-40 → 6-14 ms; 64 puts in flight: p99 - 22 %, CPU - 7 %).
 */
const runtimeFlags = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--always-sparkplug',
  '--no-flush-bytecode',
  '--interrupt-budget=10000',
  '--heap-growing-percent=300',
  '--no-allocation-site-pretenuring',
];
const main = fileURLToPath(new URL('../main.js', import.meta.url));

/** What a node sends through the channel when it serves. The channel's end tells the node that `up` is gone. */
export interface ServingMessage {
  readonly event: 'serving';
  readonly name: string;
  readonly id: string;
  readonly pid: number;
}

export function nodeRecipe(name: string, args: readonly string[]): ProcessRecipe {
  return {
    name,
    spawn: () =>
      fork(main, ['node', '--supervised', '--name', name, ...args], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        execArgv: [...process.execArgv, ...runtimeFlags],
      }),
    shows: () => true,
    whenServing(child, serving) {
      child.on('message', (message: Partial<ServingMessage>) => {
        if (message.event === 'serving') serving();
      });
    },
    terminate: (child) => void child.kill('SIGTERM'),
    kill: (child) => void child.kill('SIGKILL'),
    hopeless: (code) => code === exitCodes.usage,
  };
}
