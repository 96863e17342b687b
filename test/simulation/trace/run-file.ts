/** A run as a trace file. */
import { writeFile } from 'node:fs/promises';
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
}
