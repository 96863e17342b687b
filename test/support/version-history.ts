/**
 * A history of one key as a list of integers, so that a failing one can be shrunk: each integer is
 * one thing that happens.
 */
import { type EpochRule, nothingSeen, type Seen, VersionWorld } from './version-world.js';

export interface HistoryOptions {
  readonly rule: EpochRule;
  /**
   * Clients also hand back what the author of a put is given; the naive model then only bounds the
   * outcome.
   */
  readonly authors: boolean;
}

/** Nodes that are primaries; the rest are fallbacks. */
const primaries = [0, 1, 2];
const clients = 2;

/**
 * Throws when a write is lost or comes back; with `authors` off also when the two models ever
 * differ.
 */
export function runHistory(nodes: number, steps: readonly number[], options: HistoryOptions): void {
  const world = new VersionWorld(nodes, options.rule);
  const seen: Seen[] = Array.from({ length: clients }, () => nothingSeen);
  for (const step of steps) {
    happen(world, seen, { step, authors: options.authors });
    if (!options.authors) world.check();
  }
  world.checkOutcome();
}

function happen(
  world: VersionWorld,
  seen: Seen[],
  { step, authors }: { readonly step: number; readonly authors: boolean },
): void {
  let rest = step;
  const next = (bound: number): number => {
    const drawn = rest % bound;
    rest = Math.floor(rest / bound);
    return drawn;
  };
  const kind = next(16);
  const at = next(world.size);
  const other = (at + 1 + next(world.size - 1)) % world.size;
  const client = next(clients);
  switch (kind) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: {
      const context = [undefined, nothingSeen, seen[client]!, seen[client]!][next(4)];
      const write = world.put(at, { seen: context, tombstone: next(4) === 0 });
      for (let to = 0; to < world.size; to++) if (next(3) > 0) world.send(at, to);
      if (next(2) === 0) return;
      world.sync(at);
      world.acknowledge(write);
      if (authors && next(2) === 0) seen[client] = world.authored(at, write, context);
      return;
    }
    case 5:
    case 6:
    case 7:
      return world.deliver(next(Math.max(1, world.messages.length)), { keep: next(4) === 0 });
    case 8:
      return world.lose(next(Math.max(1, world.messages.length)));
    case 9:
      return world.sync(at);
    case 10:
      return world.crash(at);
    case 11:
      return next(2) === 0 ? world.restart(at) : world.send(at, other);
    case 12:
      return world.handOff(at, primaries.slice(next(3)), { synced: next(2) === 0 });
    case 13:
      return settle(world, { only: next(3) === 0 ? [next(3)] : primaries });
    default:
      seen[client] = world.read(
        [at, other].slice(next(2)),
        next(2) === 0 ? seen[client] : nothingSeen,
      );
  }
}

/**
 * What tree exchange does in the end: all primaries hold the same on disk. Then a tombstone may be
 * collected.
 */
function settle(world: VersionWorld, options: { readonly only: readonly number[] }): void {
  while (world.messages.length > 0) world.deliver(0);
  for (let at = primaries.length; at < world.size; at++)
    world.handOff(at, primaries, { synced: true });
  for (const from of primaries) for (const to of primaries) world.send(from, to);
  while (world.messages.length > 0) world.deliver(0);
  for (const at of primaries) world.sync(at);
  world.collect(primaries, options);
}
