/** Kills, pauses and cuts off nodes that this `quorate up` started, and only those. */
import { BreakError, type Breaking, type MovedChart } from '../../dashboard/breaking.js';
import type { BreakRequest, ChartInstance, ProcessPicture } from '../../dashboard/wire.js';
import type { LocalCluster } from './local-cluster.js';
import type { NodeOrder } from './node-process.js';
import type { SupervisedProcess } from './supervised-process.js';

export class LocalBreaking implements Breaking {
  /** Whose link was cut, and in which of its lives: the next one has a link again. */
  private readonly cut = new Map<string, number>();

  constructor(
    private readonly cluster: Pick<LocalCluster, 'processes' | 'charts' | 'onMoved'>,
    private readonly say: (line: string) => void,
  ) {}

  charts(): readonly ChartInstance[] {
    return this.cluster.charts();
  }

  watch(moved: (chart: MovedChart) => void): () => void {
    this.cluster.onMoved = moved;
    return () => (this.cluster.onMoved = undefined);
  }

  processes(): ReadonlyMap<string, ProcessPicture> {
    const pictures = [...this.cluster.processes].map(([name, node]) => [
      name,
      this.picture(name, node),
    ]);
    return new Map(pictures as [string, ProcessPicture][]);
  }

  async break({ node: name, how }: BreakRequest): Promise<void> {
    const node = this.cluster.processes.get(name);
    if (node === undefined) throw new BreakError(`No node named ${name} was started here.`);
    const { state } = this.picture(name, node);
    if (how === 'restart') node.startAgain();
    else if (state === 'stopped') throw new BreakError(`${name} does not run.`);
    else if (how === 'kill') node.kill();
    else if (how === 'pause') node.pause();
    else if (how === 'resume') node.resume();
    else this.link(name, node, how);
    this.say(`${name}: ${words[how]}, as the dashboard was told`);
  }

  private link(name: string, node: SupervisedProcess, order: NodeOrder['order']): void {
    if (node.isPaused) throw new BreakError(`${name} stands still: it hears nothing.`);
    node.send({ order } satisfies NodeOrder);
    if (order === 'disconnect') this.cut.set(name, node.starts);
    else this.cut.delete(name);
  }

  private picture(name: string, node: SupervisedProcess): ProcessPicture {
    if (!node.isRunning) return { name, state: 'stopped' };
    if (node.isPaused) return { name, state: 'paused' };
    return { name, state: this.cut.get(name) === node.starts ? 'disconnected' : 'running' };
  }
}

const words: Readonly<Record<BreakRequest['how'], string>> = {
  kill: 'killed',
  pause: 'made to stand still',
  resume: 'goes on',
  disconnect: 'cut off',
  connect: 'connected again',
  restart: 'started again',
};
