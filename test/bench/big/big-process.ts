/** The bench's handle on a process that moves one value. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BigDone, BigJob, FromBig } from './messages.js';

const main = fileURLToPath(new URL('main.js', import.meta.url));

export class BigProcess {
  private constructor(private readonly child: ChildProcess) {}

  static start(): BigProcess {
    const profileTo = process.env['QUORATE_BENCH_PROFILE'];
    const execArgv =
      profileTo === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileTo, 'clients')}`];
    return new BigProcess(fork(main, [], { execArgv }));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves when the process is gone. */
  async run(job: BigJob, onProgress: (bytes: number) => void): Promise<BigDone> {
    const ended = once(this.child, 'exit');
    let last: FromBig | undefined;
    this.child.on('message', (message: FromBig) => {
      last = message;
      if (message.kind === 'progress') onProgress(message.bytes);
    });
    this.child.send(job);
    await ended;
    if (last?.kind === 'done') return last;
    throw new Error(
      last?.kind === 'failed' ? last.message : 'the process that moves a value ended',
    );
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
