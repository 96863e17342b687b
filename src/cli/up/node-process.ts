/**
 * How `up` runs one node: the `quorate node` command in a process of its own, with a channel that
 * tells when it serves.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../exit-codes.js';
import type { ProcessRecipe } from './supervised-process.js';

const main = fileURLToPath(new URL('../main.js', import.meta.url));

/**
 * What a node sends through the channel: it serves; it has left its cluster, and ends. The
 * channel's end tells the node that `up` is gone.
 */
export interface NodeMessage {
  readonly event: 'serving' | 'left';
  readonly name: string;
  readonly id: string;
  readonly pid: number;
}

/** What a node is told through the channel: that its link to NATS is cut, or whole again. */
export interface NodeOrder {
  readonly order: 'disconnect' | 'connect';
}

/** `env`: what is nobody's business; everybody on the machine can read arguments. */
export function nodeRecipe(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ProcessRecipe {
  return {
    name,
    spawn: () =>
      fork(main, ['node', '--supervised', '--name', name, ...args], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // Its user sees what is wrong, unless told to show more.
        env: { QUORATE_LOG_LEVEL: 'warn', ...process.env, ...env },
      }),
    shows: () => true,
    whenServing: (child, serving) => onMessage(child, 'serving', serving),
    whenDone: (child, done) => onMessage(child, 'left', done),
    terminate: (child) => void child.kill('SIGTERM'),
    kill: (child) => void child.kill('SIGKILL'),
    hopeless: (code) => code === exitCodes.usage || code === exitCodes.removed,
  };
}

function onMessage(child: ChildProcess, event: NodeMessage['event'], then: () => void): void {
  child.on('message', (message: Partial<NodeMessage>) => {
    if (message.event === event) then();
  });
}
