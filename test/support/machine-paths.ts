/**
 * Every state of a machine, reached on a shortest path and walked there by a real actor on a clock
 * that stands still: what the machine does on the way is what its effects recorded.
 */
import type { ActorRefFrom, AnyStateMachine, EventFromLogic, InputFrom, StateValue } from 'xstate';
import { createActor } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { ManualClock } from './manual-clock.js';

const afterPrefix = 'xstate.after.';

export interface WalkedPath<M extends AnyStateMachine> {
  /** Such as `target.reachable, batch.acked`; a timer that ran out is `after …`. */
  readonly title: string;
  readonly events: readonly string[];
  readonly state: StateValue;
  walk(): { actor: ActorRefFrom<M>; clock: ManualClock };
}

/** `chart` and `input` are called for each path, so that effects record one path only. */
export function pathsOf<M extends AnyStateMachine>(
  chart: () => M,
  options: {
    readonly input?: () => InputFrom<M>;
    readonly events: readonly EventFromLogic<M>[];
  },
): WalkedPath<M>[] {
  const machine = chart();
  const paths = getShortestPaths(machine, {
    ...(options.input === undefined ? {} : { input: options.input() }),
    events: [...options.events, ...timersOf(machine)] as never,
    serializeState: (snapshot) =>
      JSON.stringify((snapshot as { value: StateValue }).value) as never,
  });
  return paths.map((path) => {
    const events = path.steps
      .map(({ event }) => event)
      .filter(({ type }) => type !== 'xstate.init');
    return {
      title: events.map(({ type }) => titleOf(type)).join(', ') || '(start)',
      events: events.map(({ type }) => type),
      state: (path.state as unknown as { value: StateValue }).value,
      walk: () => {
        const clock = new ManualClock();
        const actor = createActor(chart(), { clock, input: options.input?.() } as never);
        actor.start();
        for (const event of events) {
          if (event.type.startsWith(afterPrefix)) clock.fireNext();
          else actor.send(event);
        }
        return { actor: actor as unknown as ActorRefFrom<M>, clock };
      },
    };
  });
}

function titleOf(type: string): string {
  return type.startsWith(afterPrefix) ? `after ${type.split('.')[2]}` : type;
}

function timersOf(machine: AnyStateMachine): { type: string }[] {
  return machine.events.filter((type) => type.startsWith(afterPrefix)).map((type) => ({ type }));
}
