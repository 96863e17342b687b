/**
 * Gives every partition one more node under bounded load, by deferred acceptance (Gale, Shapley
 * 1962): partitions ask nodes in their clockwise order, a full node keeps those nearest to its
 * tokens. The outcome depends on no order of asking, and a node more or less changes little of it.
 * Bounded load on a ring is the idea of Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with
 * Bounded Loads" (2018).
 */
export interface Matching {
  /** Partition → the nodes it may get, nearest first. */
  readonly wishes: readonly (readonly number[])[];
  /** How many partitions each node still takes. */
  readonly room: readonly number[];
  /** How far a node is from a partition, clockwise. */
  distance(node: number, partition: number): number;
}

/** Partition → node. Beyond a node's room only where no rearrangement could respect it. */
export function match(matching: Matching): number[] {
  const { wishes, room } = matching;
  const held: number[][] = room.map(() => []);
  const nodeOf: number[] = wishes.map(() => -1);
  const asked: number[] = wishes.map(() => 0);
  const waiting = [...wishes.keys()];
  const homeless: number[] = [];
  for (let partition = waiting.pop(); partition !== undefined; partition = waiting.pop()) {
    const node = wishes[partition]![asked[partition]!++];
    if (node === undefined) {
      homeless.push(partition);
      continue;
    }
    const holds = held[node]!;
    holds.push(partition);
    nodeOf[partition] = node;
    if (holds.length <= room[node]!) continue;
    const [rejected] = holds.splice(farthest(holds, node, matching), 1);
    nodeOf[rejected!] = -1;
    waiting.push(rejected!);
  }
  homeless.sort((a, b) => a - b);
  for (const partition of homeless) {
    if (rearrange(partition, { matching, held, nodeOf })) continue;
    const node = emptiest(wishes[partition]!, matching, held);
    held[node]!.push(partition);
    nodeOf[partition] = node;
  }
  return nodeOf;
}

function farthest(holds: readonly number[], node: number, matching: Matching): number {
  let worst = 0;
  let distance = -1;
  holds.forEach((partition, i) => {
    const own = matching.distance(node, partition);
    if (own > distance || (own === distance && partition > holds[worst]!)) {
      worst = i;
      distance = own;
    }
  });
  return worst;
}

function emptiest(
  wishes: readonly number[],
  { room }: Matching,
  held: readonly (readonly number[])[],
): number {
  return wishes.reduce((best, node) =>
    held[node]!.length - room[node]! < held[best]!.length - room[best]! ? node : best,
  );
}

interface Assignment {
  readonly matching: Matching;
  readonly held: number[][];
  readonly nodeOf: number[];
}

/**
 * The shortest chain of moves (augmenting path) that ends at a node with room; false when there is
 * none.
 */
function rearrange(homeless: number, { matching, held, nodeOf }: Assignment): boolean {
  const { wishes, room } = matching;
  /** Node → the partition that would move to it. */
  const arrival = new Map<number, number>();
  const queue = [homeless];
  for (const partition of queue) {
    for (const node of wishes[partition]!) {
      if (arrival.has(node)) continue;
      arrival.set(node, partition);
      if (held[node]!.length < room[node]!) {
        move(node);
        return true;
      }
      queue.push(...held[node]!);
    }
  }
  return false;

  function move(end: number): void {
    let node = end;
    for (;;) {
      const partition = arrival.get(node)!;
      const from = nodeOf[partition]!;
      held[node]!.push(partition);
      nodeOf[partition] = node;
      if (from === -1) return;
      held[from]!.splice(held[from]!.indexOf(partition), 1);
      node = from;
    }
  }
}
