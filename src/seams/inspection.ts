/**
 * A window into a node's statecharts that costs nothing while it is shut. Whoever creates actors takes their options from here:
 * long-lived ones are attached, so that watching can start at any time; short-lived ones (rounds) are seen if they begin while someone watches.
 */
import { inject, injectable } from 'tsyringe';
import type { AnyActorRef, InspectionEvent, Observer, Subscription } from 'xstate';
import { Clock } from './clock.js';

export type InspectionObserver = Observer<InspectionEvent>;

export interface ActorSurroundings {
  readonly clock: Clock;
  readonly inspect?: InspectionObserver;
}

@injectable()
export class Inspection {
  /** For `createActor(machine, { ...surroundings, input })` of short-lived actors; the same object until watching starts or stops. */
  surroundings: ActorSurroundings;
  private readonly unwatched: ActorSurroundings;
  private readonly attached = new Map<AnyActorRef, Subscription | undefined>();
  private observer: InspectionObserver | undefined;

  constructor(@inject(Clock) clock: Clock) {
    this.unwatched = { clock };
    this.surroundings = this.unwatched;
  }

  get watching(): boolean {
    return this.observer !== undefined;
  }

  /** Long-lived root actors, created with `{ clock }` alone; call it before `start()`. */
  attach(actor: AnyActorRef): void {
    this.attached.set(actor, this.observer && subscribe(actor, this.observer));
  }

  detach(actor: AnyActorRef): void {
    this.attached.get(actor)?.unsubscribe();
    this.attached.delete(actor);
  }

  watch(observer: InspectionObserver): void {
    this.unwatch();
    this.observer = observer;
    this.surroundings = { ...this.unwatched, inspect: observer };
    for (const actor of this.attached.keys()) this.attached.set(actor, subscribe(actor, observer));
  }

  unwatch(): void {
    if (this.observer === undefined) return;
    this.observer = undefined;
    this.surroundings = this.unwatched;
    for (const [actor, subscription] of this.attached) {
      subscription?.unsubscribe();
      this.attached.set(actor, undefined);
    }
  }
}

/** XState tells of an actor when it is created; who starts watching later is told now, of its children as well. */
function subscribe(actor: AnyActorRef, observer: InspectionObserver): Subscription {
  introduce(actor, { observer, rootId: actor.sessionId });
  return actor.system.inspect(observer);
}

function introduce(
  actor: AnyActorRef,
  to: { readonly observer: InspectionObserver; readonly rootId: string },
): void {
  to.observer.next?.({ type: '@xstate.actor', rootId: to.rootId, actorRef: actor });
  const { children } = actor.getSnapshot() as { children?: Record<string, AnyActorRef> };
  for (const child of Object.values(children ?? {})) introduce(child, to);
}
