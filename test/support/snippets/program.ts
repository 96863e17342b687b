/** A program that an example starts, with all that it starts itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Past this it is said never to end: far more than any needs on a busy machine. */
const runMsMax = 120_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) signal(child, 'SIGKILL');
});

export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

export class Program {
  /** On standard output and standard error, as it came. */
  said = '';
  /** Its exit code; null after a signal. */
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;
  private isOver = false;

  constructor(command: string, args: readonly string[], surroundings: Surroundings) {
    const child = spawn(command, args, {
      ...surroundings,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => (this.said += text));
    }
    this.ended = this.end();
  }

  /** Whether it said that before it ended. */
  async says(pattern: RegExp): Promise<boolean> {
    const { stdout, stderr } = this.child;
    while (!pattern.test(this.said)) {
      if (this.isOver) return false;
      const heard = [stdout!, stderr!].map((stream) => once(stream, 'data'));
      await Promise.race([...heard, this.ended]);
    }
    return true;
  }

  /** As Ctrl-C does. */
  async interrupt(): Promise<void> {
    signal(this.child, 'SIGINT');
    await this.ended;
  }

  private async end(): Promise<number | null> {
    const timer = setTimeout(() => {
      this.said += `\n(it did not end within ${runMsMax} ms)\n`;
      signal(this.child, 'SIGKILL');
    }, runMsMax);
    try {
      const [code] = (await once(this.child, 'close')) as [number | null];
      return code;
    } catch (error) {
      this.said += String(error);
      return null;
    } finally {
      clearTimeout(timer);
      this.isOver = true;
      signal(this.child, 'SIGKILL');
      running.delete(this.child);
    }
  }
}

/** To its whole group: what it started would outlive it. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // Nobody of it is left.
  }
}
