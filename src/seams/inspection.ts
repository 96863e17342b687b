/**
 * A window into a node's statecharts that costs nothing while it is shut. Whoever creates actors
 * takes their options from here: long-lived ones are attached, so that watching can start at any
 * time; short-lived ones (rounds) are seen if they begin while someone watches.
 *
 * Several may watch at once. Each sees plain copies, made when it happened (`inspection-view.ts`),
 * in its own time (`observer-queue.ts`): nobody gets hold of an actor, and none can hurt the node
 * or the others.
 */
import { inject, injectable } from 'tsyringe';
import type { AnyActorRef, InspectionEvent, Subscription } from 'xstate';
import { inspectionLimits } from '../../actors/rules/limits/inspection.js';
import { Clock } from './clock.js';
import { plainInspection } from './inspection-view.js';
import { ObserverQueue, type InspectionObserver } from './observer-queue.js';

export type { InspectionObserver };

export interface ActorOptions {
  readonly clock: Clock;
  readonly inspect?: InspectionObserver;
}

/** A chart, as far as it may be looked at. */
export interface ShownActor {
  readonly id?: string;
  readonly sessionId: string;
  readonly logic?: { readonly config?: { readonly id?: unknown } };
  getSnapshot(): { readonly status: string; readonly value?: unknown; readonly context?: unknown };
}

@injectable()
export class Inspection {
  /**
   * For `createActor(machine, { ...actorOptions, input })` of short-lived actors; the same object
   * until watching starts or stops.
   */
  actorOptions: ActorOptions;
  private readonly unwatched: ActorOptions;
  private readonly watched: ActorOptions;
  private readonly attached = new Map<AnyActorRef, Subscription | undefined>();
  private readonly observers = new Set<ObserverQueue>();
  /** What XState knows of; it tells all of them. */
  private readonly all: InspectionObserver = { next: (event) => this.tell(event) };

  constructor(@inject(Clock) private readonly clock: Clock) {
    this.unwatched = { clock };
    this.watched = { clock, inspect: this.all };
    this.actorOptions = this.unwatched;
  }

  get watching(): boolean {
    return this.observers.size > 0;
  }

  /** Long-lived root actors, created with `{ clock }` alone; call it before `start()`. */
  attach(actor: AnyActorRef): void {
    if (this.watching) introduce(actor, this.all);
    this.attached.set(actor, this.watching ? actor.system.inspect(this.all) : undefined);
  }

  detach(actor: AnyActorRef): void {
    this.attached.get(actor)?.unsubscribe();
    this.attached.delete(actor);
  }

  /** Long-lived charts, as they are now; what is seen of them is the caller's to copy. */
  attachedCharts(): ShownActor[] {
    return [...this.attached.keys()];
  }

  /**
   * Until the subscription ends. `observer.error` is called once, and then nothing more, when it
   * threw or does not keep up. Of rounds that began while others watched it hears from now on.
   * Throws when as many watch as may.
   */
  watch(observer: InspectionObserver): Subscription {
    if (this.observers.size >= inspectionLimits.observersMax)
      throw new Error(`${this.observers.size} observers watch already`);
    const queue = new ObserverQueue(this.clock, observer, () => this.dismiss(queue));
    if (!this.watching) this.open();
    this.observers.add(queue);
    const newcomer: InspectionObserver = { next: (event) => queue.add(plainInspection(event)) };
    for (const actor of this.attached.keys()) introduce(actor, newcomer);
    return { unsubscribe: () => this.dismiss(queue) };
  }

  /** Nobody watches any more. */
  unwatch(): void {
    for (const queue of this.observers) this.dismiss(queue);
  }

  private tell(event: InspectionEvent): void {
    if (!this.watching) return;
    const shown = plainInspection(event);
    for (const queue of this.observers) queue.add(shown);
  }

  private dismiss(queue: ObserverQueue): void {
    queue.end();
    if (this.observers.delete(queue) && !this.watching) this.shut();
  }

  private open(): void {
    this.actorOptions = this.watched;
    for (const actor of this.attached.keys())
      this.attached.set(actor, actor.system.inspect(this.all));
  }

  private shut(): void {
    this.actorOptions = this.unwatched;
    for (const [actor, subscription] of this.attached) {
      subscription?.unsubscribe();
      this.attached.set(actor, undefined);
    }
  }
}

/**
 * XState tells of an actor when it is created; who starts watching later is told now, of its
 * children as well.
 */
function introduce(actor: AnyActorRef, to: InspectionObserver, rootId = actor.sessionId): void {
  to.next?.({ type: '@xstate.actor', rootId, actorRef: actor });
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  for (const child of Object.values(children ?? {})) introduce(child, to, rootId);
}
