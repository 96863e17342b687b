/**
 * A history of a chain of choices as a list of integers, so that a failing one can be shrunk: each
 * integer is one thing that happens.
 */
import { ConsensusWorld, type WorldRules } from './consensus-world.js';

export interface HistoryOutcome {
  /** How many were chosen, the first one and the one after trouble was over included. */
  readonly chosen: number;
}

/** Throws when two values are chosen for one number, or nothing can be in the end. */
export function runConsensusHistory(
  size: number,
  steps: readonly number[],
  rules: WorldRules,
): HistoryOutcome {
  let draws = 0;
  const world = new ConsensusWorld(size, rules, () => ((draws++ * 7) % 10) / 10);
  for (const step of steps) happen(world, step);
  world.settle();
  return { chosen: world.chosen.size };
}

function happen(world: ConsensusWorld, step: number): void {
  let rest = step;
  const next = (bound: number): number => {
    const drawn = rest % bound;
    rest = Math.floor(rest / bound);
    return drawn;
  };
  const kind = next(24);
  const node = world.nodes[next(world.nodes.length)]!;
  const { messages } = world;
  const at = messages.length === 0 ? 0 : next(messages.length);
  switch (kind) {
    case 0:
      if (node.proposing.length < 3) world.propose(node, votersFrom(world.nodes.length, next(5)));
      return;
    case 1:
      world.askToEnrol(node);
      return;
    case 2:
      world.crash(node);
      return;
    case 3:
    case 4:
      world.passTime(node, next(3));
      return;
    case 5:
      messages.splice(at, 1);
      return;
    case 6:
      messages[at]?.();
      return;
    case 7:
    case 10: {
      // One disk at most is ever put back.
      const [first] = world.nodes;
      const what = next(3);
      if (what === 0) world.startAgain(first!);
      else if (what === 1) world.putBack(first!, next(3));
      else world.remember(first!);
      return;
    }
    case 8:
    case 9:
      world.store(node);
      return;
    default:
      deliver(world, at, next(4) * 2);
      if (next(4) > 0) storeAll(world);
  }
}

/** One, and then of what is under way the first ones. */
function deliver({ messages }: ConsensusWorld, at: number, more: number): void {
  messages.splice(at, 1)[0]?.();
  for (let i = 0; i < more; i++) messages.shift()?.();
}

function storeAll(world: ConsensusWorld): void {
  for (const node of world.nodes) if (node.waiting.length > 0) world.store(node);
}

/** Three nodes, or five where there are so many. */
function votersFrom(size: number, first: number): number[] {
  const count = size >= 5 && first % 2 === 0 ? 5 : 3;
  return Array.from({ length: count }, (_, i) => (first + i) % size);
}
