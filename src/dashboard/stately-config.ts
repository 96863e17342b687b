/**
 * A chart as the configuration of a machine, which `createMachine` and Stately's tools take.
 * Actions, guards and actors are names there, as they are in the machines of `actors/`.
 */
import type { ChartAction, ChartNode, ChartTransition } from './wire.js';

export type StatelyConfig = Readonly<Record<string, unknown>>;

export function statelyConfig(root: ChartNode): StatelyConfig {
  return { id: root.id, ...configOf(root, root.id) };
}

/** `path`: the id XState gives a state that has not named itself. */
function configOf(state: ChartNode, path: string): StatelyConfig {
  const { id, type, description, tags, entry, exit, invokes, transitions, states } = state;
  const initial = states.find((child) => child.id === state.initial);
  const hasType = type !== 'atomic' && type !== 'compound';
  return {
    ...(id !== path && { id }),
    ...(hasType && { type }),
    ...(state.history === 'deep' && { history: 'deep' }),
    ...(description !== undefined && { description }),
    ...(tags.length > 0 && { tags }),
    ...(initial !== undefined && { initial: initial.key }),
    ...(entry.length > 0 && { entry: entry.map(actionConfig) }),
    ...(exit.length > 0 && { exit: exit.map(actionConfig) }),
    ...(invokes.length > 0 && { invoke: invokes.map((actor) => invokeConfig(actor, transitions)) }),
    ...listed('always', ofKind(transitions, 'always')),
    ...grouped('on', ofKind(transitions, 'event'), ({ event }) => event),
    ...grouped('after', ofKind(transitions, 'after'), delayKey),
    ...listed('onDone', ofKind(transitions, 'done')),
    ...(states.length > 0 && {
      states: Object.fromEntries(
        states.map((child) => [child.key, configOf(child, `${path}.${child.key}`)]),
      ),
    }),
  };
}

function ofKind(
  transitions: readonly ChartTransition[],
  kind: ChartTransition['trigger']['kind'],
): ChartTransition[] {
  return transitions.filter(({ trigger }) => trigger.kind === kind);
}

function listed(name: string, transitions: readonly ChartTransition[]): StatelyConfig {
  return transitions.length === 0 ? {} : { [name]: transitions.map(transitionConfig) };
}

function grouped(
  name: string,
  transitions: readonly ChartTransition[],
  keyOf: (transition: ChartTransition) => string,
): StatelyConfig {
  if (transitions.length === 0) return {};
  const byKey = new Map<string, StatelyConfig[]>();
  for (const transition of transitions) {
    const key = keyOf(transition);
    byKey.set(key, [...(byKey.get(key) ?? []), transitionConfig(transition)]);
  }
  return { [name]: Object.fromEntries(byKey) };
}

function delayKey({ trigger }: ChartTransition): string {
  if (trigger.kind !== 'after') return '';
  return trigger.delay ?? String(trigger.ms);
}

const ofHow = { done: 'onDone', error: 'onError', snapshot: 'onSnapshot' } as const;

function invokeConfig(
  { id, src }: ChartNode['invokes'][number],
  transitions: readonly ChartTransition[],
): StatelyConfig {
  const lists: Record<string, StatelyConfig[]> = {};
  for (const transition of transitions) {
    const { trigger } = transition;
    if (trigger.kind !== 'actor' || trigger.actor !== id) continue;
    (lists[ofHow[trigger.how]] ??= []).push(transitionConfig(transition));
  }
  return { id, src, ...lists };
}

function transitionConfig(transition: ChartTransition): StatelyConfig {
  const { targets, guard, actions, reenter, description } = transition;
  const [first] = targets;
  return {
    ...(first !== undefined && {
      target: targets.length === 1 ? `#${first}` : targets.map((id) => `#${id}`),
    }),
    ...(guard !== undefined && { guard }),
    ...(actions.length > 0 && { actions: actions.map(actionConfig) }),
    ...(reenter && { reenter }),
    ...(description !== undefined && { description }),
  };
}

function actionConfig({ name, params }: ChartAction): unknown {
  return params === undefined ? name : { type: name, params };
}
