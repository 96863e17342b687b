/** A run as a trace file, kept or shown: the dashboard's page shows it as it shows real nodes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { listenForStop } from '../../../src/cli/stop-signals.js';
import { RealClock } from '../../../src/seams/real-clock.js';
import { RealRandom } from '../../../src/seams/real-random.js';
import type { SimCluster } from '../cluster/sim-cluster.js';
import type { NoteBook } from './note-book.js';
import { watchRun } from './watch-run.js';

export class RunFile {
  private book: NoteBook | undefined;

  constructor(readonly path: string) {}

  /** For what runs a seed or a scenario: notes are taken from here on. */
  readonly onCluster = (cluster: SimCluster): void => {
    this.book = watchRun(cluster);
  };

  /** `about`: what the file shows. Says on stdout what it wrote. */
  async write(about: string): Promise<void> {
    const { book, path } = this;
    if (book === undefined) return;
    await writeFile(path, book.text(about));
    process.stdout.write(`${book.count} notes in ${path}\n`);
  }

  /** On this machine alone, until the process is told to stop. */
  async show(): Promise<void> {
    // Who only searches seeds needs no server.
    const { serveDashboard } = await import('../../../src/dashboard/server.js');
    const clock = new RealClock();
    const dashboard = await serveDashboard({
      clock,
      random: new RealRandom(),
      host: '127.0.0.1',
      port: dashboardLimits.portDefault,
      mayMove: true,
      replayFile: this.path,
    });
    process.stdout.write(`see it at ${dashboard.address}/#/replay, until Ctrl-C\n`);
    await new Promise<void>((stopped) => {
      listenForStop({ clock, supervised: false, onStop: stopped, onForce: stopped });
    });
    await dashboard.close();
  }
}

/** Runs `work` with a file that is gone after it. */
export async function withPassingFile<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-run-'));
  try {
    return await work(join(folder, 'run.jsonl'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
