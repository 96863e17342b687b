/**
 * One node of a simulated cluster: a disk and a clock that stay, and the processes that come and
 * go.
 */
import type { Scheduler } from '../core/scheduler.js';
import { SimProcess } from '../core/scheduler.js';
import type { SimRandom } from '../core/sim-random.js';
import type { Trace } from '../core/trace.js';
import { SimBus } from '../seams/sim-bus.js';
import { type ClockFaults, SimClock } from '../seams/sim-clock.js';
import type { SimDisk } from '../seams/sim-disk.js';
import { SimLogDirectory } from '../seams/sim-log-directory.js';
import type { SimNats } from '../seams/sim-nats.js';
import { SimTables } from '../seams/sim-tables.js';
import type { NodeId } from '../../../actors/rules/actor.js';
import { entryOf } from '../../../src/cli/log/journal-text.js';
import type { NodeSeams, QuorateNode } from '../../../src/node/compose-node.js';

export interface NodeWorld {
  readonly scheduler: Scheduler;
  readonly random: SimRandom;
  readonly trace: Trace;
  readonly nats: SimNats;
  compose(seams: NodeSeams): QuorateNode;
  /** Before it starts. */
  onComposed(node: SimNode, product: QuorateNode): void;
  /** It has read its disk, and knows its id. */
  onRead(node: SimNode): void;
  /** A process ended by itself; `error` unless it was told to stop. */
  onExit(node: SimNode, error: Error | undefined): void;
}

export class SimNode {
  process: SimProcess | undefined;
  node: QuorateNode | undefined;
  /** Serving since it started last. */
  ready = false;
  /** It has read its disk since it started last: what it holds can be looked at. */
  hasRead = false;
  /** Its machine is gone for good: nobody starts it any more. */
  isScrapped = false;
  /**
   * Who it was before its directory was wiped. From then on it is another node, which has no place
   * in the ring unless it is given one.
   */
  wipedId: NodeId | undefined;
  /** The cluster was founded before it came. */
  isLate = false;
  /** Declared gone for good: the others take nothing from it, and it ends once it hears of that. */
  isRemoved = false;
  /** Where its machine stands. */
  host = '';
  zone = '';
  /** What it is told at its start of whose stead it comes in. */
  replaces = '';
  /** When its power failed. */
  readonly crashesUs: number[] = [];
  lastId: NodeId = '';
  /** When its last process started. */
  startedUs = 0;
  private lives = 0;

  constructor(
    readonly name: string,
    readonly disk: SimDisk,
    readonly clockFaults: ClockFaults,
    private readonly world: NodeWorld,
  ) {}

  get alive(): boolean {
    return this.process !== undefined;
  }

  /** Its id; undefined while it has not read its disk. */
  get idOnceRead(): NodeId | undefined {
    return this.node?.id === '' ? undefined : this.node?.id;
  }

  start(): void {
    if (this.process !== undefined || this.isScrapped) return;
    const { scheduler, random, trace, nats } = this.world;
    const process = new SimProcess(this.name);
    const life = ++this.lives;
    const host = { scheduler, process, trace };
    this.process = process;
    this.startedUs = scheduler.nowUs;
    this.ready = false;
    this.hasRead = false;
    trace.add(scheduler.nowUs, this.name, `process ${life} starts`);
    scheduler.in(0, process, () => {
      const node = this.world.compose({
        clock: new SimClock(scheduler, process, this.clockFaults),
        random: random.fork(`${this.name}/${life}`),
        bus: new SimBus(nats, this.name, process),
        logDirectory: new SimLogDirectory(this.disk, host),
        tables: new SimTables(this.disk, host),
        journal: { tell: (event) => this.note(`tells: ${entryOf(event).text}`) },
      });
      this.node = node;
      this.world.onComposed(this, node);
      this.follow(node, process);
    });
  }

  private follow(node: QuorateNode, process: SimProcess): void {
    void settled(node.recovered).then((error) => {
      if (error === undefined && this.process === process) this.read(node.id);
      return undefined;
    });
    void settled(node.start()).then((error) => {
      if (error === undefined && this.process === process) this.serves();
      return undefined;
    });
    void settled(node.stopped).then((error) => {
      this.exited(process, error);
      return undefined;
    });
  }

  private read(id: NodeId): void {
    this.hasRead = true;
    this.lastId = id;
    this.world.onRead(this);
  }

  private serves(): void {
    this.ready = true;
    this.note('serves');
  }

  /** Asks it to stop; it ends when it has. */
  stop(): void {
    const { node } = this;
    this.ready = false;
    if (node !== undefined) void node.stop().catch(() => undefined);
  }

  /** `kill -9`: the process is gone, what it wrote is not. */
  kill(): void {
    if (this.end()) this.disk.kill();
  }

  /**
   * A power cut: everything it had under way is gone, and what was not synced may be. `lingerUs`:
   * how long NATS still believes in its connection.
   */
  crash(lingerUs = 0): void {
    this.world.nats.lingerUs = lingerUs;
    const ended = this.end();
    this.world.nats.lingerUs = 0;
    if (!ended) return;
    this.crashesUs.push(this.world.scheduler.nowUs);
    this.note(`crashed; ${this.disk.crash()}`);
  }

  /** Stopped or not: the directory is empty when it starts again. */
  wipe(): void {
    this.crash();
    this.disk.wipe();
    this.wipedId = this.lastId;
    this.note('directory wiped');
  }

  /** The machine is no more, and with it its disk. */
  scrap(): void {
    this.crash();
    this.isScrapped = true;
    this.note('scrapped');
  }

  private end(): boolean {
    const { process } = this;
    if (process === undefined) return false;
    this.process = undefined;
    this.node = undefined;
    this.ready = false;
    this.hasRead = false;
    process.die();
    this.note('process ends');
    return true;
  }

  private note(what: string): void {
    this.world.trace.add(this.world.scheduler.nowUs, this.name, what);
  }

  pause(): void {
    if (this.process !== undefined) this.process.paused = true;
  }

  resume(): void {
    if (this.process !== undefined) this.world.scheduler.resume(this.process);
  }

  private exited(process: SimProcess, error: Error | undefined): void {
    if (this.process !== process) return;
    this.note(error ? `failed: ${error.message}` : 'stopped');
    this.kill();
    this.world.onExit(this, error);
  }
}

/** The error it was rejected with; undefined when it was resolved. */
async function settled(promise: Promise<void>): Promise<Error | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
