/** Where a chart is, and how it may have come there. */
import type { ChartNode, ChartTransition, StateValue } from '../../../wire.js';

/** Each state of a chart with the states around it, by id. */
export type ChartIndex = ReadonlyMap<string, Known>;

interface Known {
  readonly node: ChartNode;
  readonly parent: string | undefined;
}

export function indexOf(root: ChartNode): ChartIndex {
  const index = new Map<string, Known>();
  const add = (node: ChartNode, parent: string | undefined): void => {
    index.set(node.id, { node, parent });
    for (const child of node.states) add(child, node.id);
  };
  add(root, undefined);
  return index;
}

/** Ids of the states it is in, the chart itself first. */
export function litStates(root: ChartNode, value: StateValue | null): Set<string> {
  const lit = new Set<string>();
  if (value === null) return lit;
  const light = (node: ChartNode, below: StateValue | undefined): void => {
    lit.add(node.id);
    if (below === undefined) return;
    const keys = typeof below === 'string' ? [below] : Object.keys(below);
    for (const key of keys) {
      const child = node.states.find((state) => state.key === key);
      if (child !== undefined) light(child, typeof below === 'string' ? undefined : below[key]);
    }
  };
  light(root, value);
  return lit;
}

/**
 * Ids of the transitions by which the event led from one to the other. Notes say where a chart is,
 * not which guard held: of several that fit, the first is taken, as XState would try them.
 */
export function takenTransitions(
  index: ChartIndex,
  before: ReadonlySet<string>,
  event: string,
  after: ReadonlySet<string>,
): Set<string> {
  const taken = new Set<string>();
  for (const id of before) {
    const { node } = index.get(id)!;
    if (node.states.some((child) => before.has(child.id))) continue;
    for (const transition of outOf(index, id, event, after)) taken.add(transition.id);
  }
  return taken;
}

/** From a state that has none of its own active: it is asked first, then those around it. */
function outOf(
  index: ChartIndex,
  leaf: string,
  event: string,
  after: ReadonlySet<string>,
): readonly ChartTransition[] {
  for (const id of upwards(index, leaf)) {
    for (const transition of index.get(id)!.node.transitions) {
      if (!isFor(transition, event)) continue;
      const [target] = transition.targets;
      const next =
        target === undefined ? goesOn(index, leaf, after, 0) : settles(index, target, after, 0);
      if (next !== undefined) return [transition, ...next];
    }
  }
  // What is raised by what happens elsewhere in the chart has no note of its own.
  return after.has(leaf) ? [] : (goesOn(index, leaf, after, 0) ?? []);
}

function isFor({ event, trigger }: ChartTransition, happened: string): boolean {
  if (trigger.kind === 'always') return false;
  if (event === happened || event === '*') return true;
  return event.endsWith('.*') && happened.startsWith(event.slice(0, -1));
}

/** More steps than that nothing takes by itself. */
const depth = 6;

/** By which transitions a chart that came there by itself went on to where it is now. */
function settles(
  index: ChartIndex,
  target: string,
  after: ReadonlySet<string>,
  steps: number,
): readonly ChartTransition[] | undefined {
  if (after.has(target)) return [];
  const known = index.get(target);
  if (known === undefined) return undefined;
  const { node, parent } = known;
  if (node.type === 'history' && parent !== undefined && after.has(parent)) return [];
  const { initial } = node;
  const inside = initial === undefined ? undefined : goesOn(index, initial, after, steps);
  return inside ?? goesOn(index, target, after, steps);
}

/** What leads out of a state, or of one around it, without an event from outside. */
function goesOn(
  index: ChartIndex,
  from: string,
  after: ReadonlySet<string>,
  steps: number,
): readonly ChartTransition[] | undefined {
  if (after.has(from)) return [];
  if (steps >= depth) return undefined;
  for (const id of upwards(index, from)) {
    if (after.has(id)) return undefined;
    for (const transition of index.get(id)!.node.transitions) {
      const { trigger, targets } = transition;
      const [target] = targets;
      if ((trigger.kind !== 'always' && trigger.kind !== 'done') || target === undefined) continue;
      const next = settles(index, target, after, steps + 1);
      if (next !== undefined) return [transition, ...next];
    }
  }
  return undefined;
}

function upwards(index: ChartIndex, from: string): string[] {
  const path: string[] = [];
  for (let id: string | undefined = from; id !== undefined; id = index.get(id)?.parent)
    path.push(id);
  return path;
}
