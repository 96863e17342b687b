/** The bench's handle on one client process. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownRoot } from '../systems/checkouts.js';
import type { Edge, FromLoad, Job, LoadResult, ToLoad } from './messages.js';

/**
 * Of every system's clients: room for young objects, so that what is measured is the system and not
 * their garbage.
 */
const runtimeFlags = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
/** In any checkout. */
const main = relative(ownRoot, fileURLToPath(new URL('main.js', import.meta.url)));

export class LoadProcess {
  private readonly child: ChildProcess;
  private waiting: { onMessage(message: FromLoad): void; fail(error: Error): void } | undefined;

  /** `root`: the built checkout whose client it uses. */
  constructor(root: string) {
    const profileTo = process.env['QUORATE_BENCH_PROFILE'];
    const profile =
      profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileTo, 'clients')}`];
    this.child = fork(join(root, main), [], { execArgv: [...runtimeFlags, ...profile] });
    this.child.on('message', (message: FromLoad) => this.waiting?.onMessage(message));
    this.child.on('exit', () => this.waiting?.fail(new Error('the client process ended')));
  }

  get pid(): number {
    return this.child.pid!;
  }

  async ask(message: Exclude<ToLoad, { kind: 'run' }>): Promise<void> {
    await this.exchange(message, () => undefined);
  }

  async run(job: Job, onEdge: (edge: Edge) => void): Promise<LoadResult> {
    const answer = await this.exchange({ kind: 'run', job }, onEdge);
    if (answer.kind !== 'measured') throw new Error(`a run was answered by ${answer.kind}`);
    return answer.result;
  }

  /** Resolves when it has ended by itself: it may have a CPU profile to write. */
  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    await this.ask({ kind: 'close' });
    this.waiting = undefined;
    await ended;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private exchange(message: ToLoad, onEdge: (edge: Edge) => void): Promise<FromLoad> {
    return new Promise((resolve, reject) => {
      this.waiting = {
        fail: reject,
        onMessage(answer) {
          if (answer.kind === 'edge') onEdge(answer.edge);
          else if (answer.kind === 'failed') reject(new Error(answer.message));
          else resolve(answer);
        },
      };
      this.child.send(message);
    });
  }
}
