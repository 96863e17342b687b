/** What a machine says, as plain data: all of it is asked of XState's own nodes. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import type { ChartAction, ChartInvoke, ChartNode, ChartTransition, ChartTrigger } from './wire.js';

/** Where a key of the machine's literal stands in its file, by the path to it. */
export type LineOf = (path: readonly string[]) => number | undefined;

/** The state, all that is in it, and the ways out of them. */
export function stateOf(node: AnyStateNode, lineOf: LineOf): ChartNode {
  const { config } = node;
  const { initial } = node;
  const line = lineOf(literalPath(node));
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    ...(node.type === 'history' && { history: node.history === 'deep' ? 'deep' : 'shallow' }),
    ...(node.type === 'compound' && { initial: initial.target[0]!.id }),
    ...(node.description !== undefined && { description: node.description }),
    tags: node.tags,
    // Of the node itself they would have XState's own timers among them.
    entry: actionsOf(config.entry),
    exit: actionsOf(config.exit),
    // XState gives logic that is written in place a name.
    invokes: node.invoke.map(({ id, src }): ChartInvoke => ({ id, src: src as string })),
    transitions: transitionsOf(node, lineOf),
    states: Object.values(node.states).map((child) => stateOf(child, lineOf)),
    ...(line !== undefined && { line }),
  };
}

function transitionsOf(node: AnyStateNode, lineOf: LineOf): ChartTransition[] {
  const lists = [node.always ?? [], ...node.transitions.values()];
  return lists.flatMap((list) =>
    list.map((transition, index) => transitionOf(node, transition, index, lineOf)),
  );
}

function transitionOf(
  node: AnyStateNode,
  transition: AnyTransitionDefinition,
  index: number,
  lineOf: LineOf,
): ChartTransition {
  const { eventType: event, guard, target, reenter, description } = transition;
  const line = lineOf([...literalPath(node), ...placeOf(transition)]);
  return {
    id: `${node.id} ${event === '' ? 'always' : event} ${index}`,
    source: node.id,
    event,
    trigger: triggerOf(node, transition),
    ...(guard !== undefined && { guard: guardName(guard) }),
    otherwise: index > 0,
    actions: actionsOf(transition.actions),
    targets: (target ?? []).map(({ id }) => id),
    reenter,
    ...(description !== undefined && { description }),
    ...(line !== undefined && { line }),
  };
}

const ofActor = /^xstate\.(done\.actor|error\.actor|snapshot)\.(.+)$/;

function triggerOf(node: AnyStateNode, transition: AnyTransitionDefinition): ChartTrigger {
  const { eventType: event } = transition;
  if (event === '') return { kind: 'always' };
  if (event === `xstate.done.state.${node.id}`) return { kind: 'done' };
  if ('delay' in transition) return { kind: 'after', ...delayOf(node.machine, transition.delay) };
  const [, how, actor] = ofActor.exec(event) ?? [];
  if (actor === undefined) return { kind: 'event' };
  return { kind: 'actor', how: how!.split('.')[0] as 'done' | 'error' | 'snapshot', actor };
}

function delayOf(machine: AnyStateMachine, delay: unknown): { ms?: number; delay?: string } {
  if (typeof delay === 'number') return { ms: delay };
  const name = String(delay);
  const ms: unknown = machine.implementations.delays[name];
  return typeof ms === 'number' ? { ms, delay: name } : { delay: name };
}

/** Keys of the literal from the state's own. */
function placeOf(transition: AnyTransitionDefinition): string[] {
  const { eventType: event } = transition;
  if (event === '') return ['always'];
  if ('delay' in transition) return ['after', String(transition.delay)];
  if (event.startsWith('xstate.done.state.')) return ['onDone'];
  return ofActor.test(event) ? ['invoke'] : ['on', event];
}

/** The path to a state's literal from the machine's. */
function literalPath(node: AnyStateNode): string[] {
  return node.path.flatMap((key) => ['states', key]);
}

function actionsOf(actions: unknown): ChartAction[] {
  const list: unknown[] = Array.isArray(actions) ? actions : actions === undefined ? [] : [actions];
  return list.map((action): ChartAction => {
    const name = nameOf(action);
    const params = plainParams((action as { params?: unknown }).params);
    return params === undefined ? { name } : { name, params };
  });
}

function plainParams(params: unknown): ChartAction['params'] {
  if (typeof params !== 'object' || params === null) return undefined;
  const plain = Object.entries(params).filter(
    (entry): entry is [string, boolean | number | string] =>
      ['boolean', 'number', 'string'].includes(typeof entry[1]),
  );
  return plain.length === 0 ? undefined : Object.fromEntries(plain);
}

/** Of an action or a guard: as a machine names it; of a function written in place its own. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const { type, name } = value as { type?: unknown; name?: unknown };
  if (typeof type === 'string') return type;
  return typeof name === 'string' && name !== '' ? name : 'inline';
}

/** Guards that are made of others read as a sentence of them. */
function guardName(guard: unknown): string {
  if (typeof guard !== 'function') return nameOf(guard);
  const { name, guards, stateValue } = guard as {
    name: string;
    guards?: readonly unknown[];
    stateValue?: unknown;
  };
  if (name === 'stateIn') return `in ${stateText(stateValue)}`;
  if (guards === undefined) return nameOf(guard);
  if (name === 'not') return `not ${innerName(guards[0])}`;
  return guards.map(innerName).join(` ${name} `);
}

function innerName(guard: unknown): string {
  const isMade = typeof guard === 'function' && 'guards' in guard;
  return isMade ? `(${guardName(guard)})` : guardName(guard);
}

function stateText(value: unknown): string {
  return typeof value === 'string' ? value.replace(/^#/, '') : JSON.stringify(value);
}
