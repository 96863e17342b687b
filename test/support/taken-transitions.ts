/** Which transitions of a chart tests have taken, and which there are. */
import type {
  AnyStateMachine,
  AnyStateNode,
  AnyTransitionDefinition,
  InspectionEvent,
} from 'xstate';

export class TakenTransitions {
  private readonly taken = new Set<string>();

  /** For `createActor(machine, { inspect })`. */
  readonly inspect = (event: InspectionEvent): void => {
    if (event.type === '@xstate.microstep')
      for (const transition of event._transitions) this.taken.add(nameOf(transition));
  };

  /** As `state event (n)`: of each, the how manieth of the list that state has for that event. */
  missing(machine: AnyStateMachine): string[] {
    return transitionsOf(machine.root).filter((name) => !this.taken.has(name));
  }
}

function transitionsOf(node: AnyStateNode): string[] {
  const own = [...node.transitions.values(), node.always ?? []].flat().map(nameOf);
  return [...own, ...Object.values(node.states).flatMap(transitionsOf)];
}

function nameOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const list = source.transitions.get(eventType) ?? source.always ?? [];
  return `${source.id} ${eventType === '' ? 'always' : eventType} (${list.indexOf(transition)})`;
}
