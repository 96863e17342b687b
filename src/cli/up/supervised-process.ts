/**
 * One child process under the statechart of `process.machine.ts`: starts it, prefixes its lines,
 * passes signals on.
 */
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createActor, type ActorRefFrom } from 'xstate';
import { processChart, processMachine } from '../../../actors/supervisor/process.machine.js';
import type { MovedChart } from '../../dashboard/breaking.js';
import type { ChartInstance } from '../../dashboard/wire.js';
import { chartSketchOf } from '../../seams/chart-sketch.js';
import type { Clock } from '../../seams/clock.js';
import { plain } from '../../seams/inspection-view.js';
import { pauseProcess } from './process-pause.js';

export interface ProcessRecipe {
  readonly name: string;
  spawn(): ChildProcess;
  /** Whether a line of its output is worth the user's attention. */
  shows(line: string): boolean;
  /** Calls back once the process serves; never, if it ends before. */
  whenServing(child: ChildProcess, serving: () => void): void;
  /** Calls back when it has done what it is for, and ends by itself. */
  whenDone(child: ChildProcess, done: () => void): void;
  terminate(child: ChildProcess): void;
  kill(child: ChildProcess): void;
  /** True when starting it again can't help. */
  hopeless(code: number | null): boolean;
}

export interface SupervisionOptions {
  readonly recipe: ProcessRecipe;
  readonly restarts: boolean;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** It is to end by itself, once it has: nothing is said then. */
  readonly isEndExpected: () => boolean;
  readonly onServing: () => void;
  /** It died and is not started again. */
  readonly onGivenUp: () => void;
  /** Its chart has. */
  readonly onMoved: (chart: MovedChart) => void;
}

export class SupervisedProcess {
  readonly stopped: Promise<void>;
  private readonly actor: ActorRefFrom<typeof processMachine>;
  private child: ChildProcess | undefined;
  private lastExit = '';
  private served = false;
  /** Nothing is left for it to do: it has ended as it should. */
  private hasFinished = false;
  /** Ends its pause; undefined: it is in none. */
  private continues: (() => void) | undefined;
  private launches = 0;

  constructor(private readonly options: SupervisionOptions) {
    const { clock, restarts, recipe } = options;
    const effects = {
      launch: () => this.launch(),
      terminate: () => {
        // What stands still hears nothing.
        this.resume();
        if (this.child !== undefined) recipe.terminate(this.child);
      },
      kill: () => this.child && recipe.kill(this.child),
      reportDeath: (restartInMs: number | undefined) => this.reportDeath(restartInMs),
    };
    this.actor = createActor(processChart(effects), {
      clock,
      id: recipe.name,
      input: { restarts },
      inspect: (told) => {
        const sketch = chartSketchOf(told);
        if (sketch?.kind === 'chart') this.options.onMoved(sketch);
      },
    });
    this.stopped = new Promise((resolve) => {
      this.actor.subscribe({ complete: resolve });
    });
  }

  start(): void {
    this.actor.start();
  }

  stop(): void {
    this.actor.send({ type: 'stop.requested' });
  }

  force(): void {
    this.stop();
    this.actor.send({ type: 'stop.forced' });
  }

  /** Without a word to it; it stays away until `startAgain`. */
  kill(): void {
    this.actor.send({ type: 'kill.requested' });
  }

  /** What serves is stopped for it. */
  startAgain(): void {
    this.actor.send({ type: 'start.requested' });
  }

  /** It stands still, and hears nothing. */
  pause(): void {
    if (this.isRunning && this.continues === undefined)
      this.continues = pauseProcess(this.child!.pid!);
  }

  resume(): void {
    this.continues?.();
    this.continues = undefined;
  }

  /** On its channel; what is not there hears nothing. */
  send(message: object): void {
    if (this.isRunning && this.child?.connected === true) this.child.send(message, () => undefined);
  }

  get isPaused(): boolean {
    return this.continues !== undefined;
  }

  get isRunning(): boolean {
    const { child } = this;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get chart(): ChartInstance {
    const { value: state, context } = this.actor.getSnapshot();
    const instance = this.options.recipe.name;
    return { chart: processMachine.id, instance, state, context: plain({ ...context }) };
  }

  /** How often it was started. */
  get starts(): number {
    return this.launches;
  }

  private launch(): void {
    this.launches++;
    const { recipe, say, onServing } = this.options;
    const child = recipe.spawn();
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) this.prefixLines(stream);
    }
    let [exited, isDone] = [false, false];
    const exit = (how: string, code: number | null): void => {
      if (exited) return;
      exited = true;
      this.resume();
      this.lastExit = how;
      const { isEndExpected } = this.options;
      this.hasFinished = code === 0 && (isDone || isEndExpected());
      const hopeless = this.hasFinished || recipe.hopeless(code);
      this.actor.send({ type: 'process.exited', hopeless });
    };
    // `error` without `exit`: it could not even be started.
    child.once('error', (error) => exit(error.message, null));
    child.once('exit', (code, signal) => exit(signal ?? `exit code ${code}`, code));
    recipe.whenDone(child, () => (isDone = true));
    recipe.whenServing(child, () => {
      if (exited) return;
      this.actor.send({ type: 'process.serving' });
      if (this.served) say(`${recipe.name} serves again`);
      this.served = true;
      onServing();
    });
  }

  private reportDeath(restartInMs: number | undefined): void {
    const { recipe, say, isEndExpected, onGivenUp } = this.options;
    if (restartInMs === undefined && (this.hasFinished || isEndExpected())) return onGivenUp();
    const next = restartInMs === undefined ? '' : `; starting it again${delayText(restartInMs)}`;
    say(`${recipe.name} died (${this.lastExit})${next}`);
    if (restartInMs === undefined) onGivenUp();
  }

  private prefixLines(stream: Readable): void {
    const { recipe, say } = this.options;
    createInterface({ input: stream }).on('line', (line) => {
      // Whose line it is need not be said twice.
      if (recipe.shows(line)) say(`${recipe.name}: ${line.replace(/^quorate: /, '')}`);
    });
  }
}

function delayText(delayMs: number): string {
  return delayMs === 0 ? '' : ` in ${delayMs} ms`;
}
