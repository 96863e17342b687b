/**
 * What makes a cluster of `quorate up` larger or smaller, once it is meant: new nodes are taken in
 * by themselves, the highest ones are told to leave, and their directories go once they have. All
 * of it goes on with the next start where it was interrupted.
 */
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { Clock, TimerId } from '../../seams/clock.js';
import { changeInOneStep } from '../changes/one-step.js';
import type { ClusterQuestion } from '../cluster-status.js';
import { checkTerminal, confirm } from '../confirm.js';
import { watchMove } from '../move-watch.js';
import { moveLine } from '../ring-text.js';
import type { Course } from './course.js';
import { readStanding } from './data-of-cluster.js';
import type { LocalCluster } from './local-cluster.js';
import { dropPastNode } from './past-node.js';

export interface ResizingOptions {
  readonly course: Course;
  readonly dataDir: string;
  /** Nobody is asked. */
  readonly yes: boolean;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** It is to end: nothing is asked or waited for any more. */
  readonly signal: AbortSignal;
}

export class Resizing {
  constructor(private readonly options: ResizingOptions) {}

  /**
   * Before anything starts: asks whether new nodes are meant, and sees that somebody can be asked
   * whether old ones are. Throws `CommandError`.
   */
  async confirmStart(): Promise<void> {
    const { course, dataDir, yes } = this.options;
    const { grow, shrink, start, n } = course;
    if (yes || grow.length + shrink.length === 0) return;
    const before = start.filter((name) => !grow.includes(name));
    const change = grow.length > 0 ? 'would come' : 'would leave';
    const what = `${dataDir} holds a cluster of ${nodesText(before.length)}, and ${[...grow, ...shrink].join(', ')} ${change}`;
    checkTerminal(`${what}: say --yes if that is meant, or leave --nodes away`);
    if (grow.length === 0) return;
    await confirm({
      shown: `${what}: the others hand over their share to them.${n === undefined ? '' : ` Each key keeps ${n === 1 ? 'one replica' : `${n} replicas`} (N).`}`,
      question: 'Type yes to have the cluster grow: ',
      word: 'yes',
      declined: 'the cluster is as it was',
    });
  }

  /** Directories that an earlier run left behind. */
  async dropPast(): Promise<void> {
    for (const name of this.options.course.past) await this.drop(name);
  }

  /** Tells those that leave; `connected` asks over a connection as a node. */
  async begin(
    connected: (ask: (question: ClusterQuestion) => Promise<unknown>) => Promise<unknown>,
  ): Promise<void> {
    const { course, yes, signal } = this.options;
    const { shrink } = course;
    if (shrink.length === 0) return;
    const confirmation = {
      signal,
      question: `Type yes to have ${shrink.join(', ')} leave: `,
      word: 'yes',
      declined: 'the cluster is as it was',
    };
    const step = { wishes: { leave: shrink }, confirmation: yes ? undefined : confirmation };
    await connected(async (question) => {
      await this.rest(question);
      await changeInOneStep(step, question);
    });
  }

  /** Once they have been told. */
  expectEnd(cluster: LocalCluster): void {
    cluster.expectEnd(this.options.course.shrink);
  }

  /** Resolves when those that come have been taken in, or that takes long. */
  async takenIn(cluster: LocalCluster): Promise<void> {
    const { course, clock, say, signal } = this.options;
    const { come } = course;
    if (come.length === 0) return;
    let timer: TimerId;
    const late = new Promise<'late'>((resolve) => {
      timer = clock.setTimeout(() => resolve('late'), commandLimits.takenInMsMax);
      signal.addEventListener('abort', () => clock.clearTimeout(timer));
    });
    const taken = cluster.serving(come).then(() => 'taken' as const);
    const outcome = await Promise.race([taken, late]);
    clock.clearTimeout(timer);
    const names = come.join(', ');
    if (outcome === 'taken')
      return say(`${names}: taken in; quorate ring --watch shows what moves`);
    say(`${names}: not taken in yet; quorate ring --watch shows whether another move is under way`);
    void taken.then(
      () => say(`${names}: taken in`),
      (error: Error) => say(error.message),
    );
  }

  /** Resolves when all that leave have left, and their directories are gone. */
  async end(cluster: LocalCluster): Promise<void> {
    const { course, say } = this.options;
    const { shrink, leaving, start } = course;
    const going = start.filter((name) => shrink.includes(name) || leaving.includes(name));
    const ends = going.map((name) =>
      // The others are not to be stopped for it.
      this.endOf(name, cluster).catch((error: Error) => say(`${name}: ${error.message}`)),
    );
    await Promise.all(ends);
  }

  /** One move is under way at a time. */
  private async rest(question: ClusterQuestion): Promise<void> {
    let isSaid = false;
    await watchMove(question, {
      moving: (progress, pace) => {
        if (isSaid) return;
        isSaid = true;
        this.options.say(`waiting for the move that is under way: ${moveLine(progress, pace)}`);
      },
      resting: () => undefined,
    });
  }

  private async endOf(name: string, cluster: LocalCluster): Promise<void> {
    const { dataDir, say } = this.options;
    await cluster.ended(name);
    if ((await readStanding(dataDir, name)) === 'left') await this.drop(name);
    else say(`${name} ended before it had left: start again, and it goes on`);
  }

  private async drop(name: string): Promise<void> {
    const { dataDir, say } = this.options;
    const { keys, hints } = await dropPastNode(dataDir, name);
    const directory = `${dataDir}/${name}`;
    if (keys + hints === 0)
      return say(`${name} is no member: ${directory} held nothing, and is gone`);
    say(`${name} is no member, and ${directory} stays: it holds ${keys} keys and ${hints} hints`);
  }
}

function nodesText(count: number): string {
  return `${count} ${count === 1 ? 'node' : 'nodes'}`;
}
