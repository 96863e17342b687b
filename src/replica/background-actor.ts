/**
 * The actor of a chart that works by itself for as long as its node serves: started with the node,
 * stopped with it, and shown to whoever watches meanwhile.
 */
import type { AnyActor } from 'xstate';
import type { Inspection } from '../seams/inspection.js';

export class BackgroundActor<Running extends AnyActor> {
  private actor: Running | undefined;

  constructor(
    private readonly create: () => Running,
    private readonly inspection: Inspection,
  ) {}

  get isRunning(): boolean {
    return this.actor !== undefined;
  }

  /** False: it runs already. */
  start(): boolean {
    if (this.actor !== undefined) return false;
    this.actor = this.create();
    this.inspection.attach(this.actor);
    this.actor.start();
    return true;
  }

  /** False: it did not run. */
  stop(): boolean {
    if (this.actor === undefined) return false;
    this.inspection.detach(this.actor);
    this.actor.stop();
    this.actor = undefined;
    return true;
  }

  /** Nobody hears it while it does not run. */
  send(event: Parameters<Running['send']>[0]): void {
    this.actor?.send(event);
  }
}
