/**
 * Scenarios in a process of their own, one after the other: within jest's sandbox each takes more
 * than twice the time.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Play {
  /** Of the script. */
  readonly path: string;
  readonly overrides: Readonly<Record<string, string>>;
}

export interface Played {
  /** Undefined: as expected. */
  readonly problem?: string | undefined;
}

const worker = fileURLToPath(new URL('scenario-worker.js', import.meta.url));
/** As for seeds: see `search.ts`. */
const fastArgv = ['--always-sparkplug', '--max-semi-space-size=32'];

export class ScenarioProcess {
  private child: ChildProcess | undefined;

  /** What was not as expected, the end of the process included; undefined when all was. */
  async play(path: string, overrides: Play['overrides'] = {}): Promise<string | undefined> {
    const child = (this.child ??= fork(worker, { execArgv: fastArgv, stdio: 'inherit' }));
    child.send({ path, overrides } satisfies Play);
    const ending = new AbortController();
    const { signal } = ending;
    try {
      return await Promise.race([
        once(child, 'message', { signal }).then(([played]) => (played as Played).problem),
        once(child, 'exit', { signal }).then(([code, killedBy]) => {
          this.child = undefined;
          return `the process ended (${killedBy ?? code})`;
        }),
      ]);
    } finally {
      ending.abort();
    }
  }

  stop(): void {
    this.child?.disconnect();
  }
}
