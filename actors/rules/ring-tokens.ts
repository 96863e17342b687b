/**
 * Where the nodes stand on the circle: each at `tokensPerWeight` × weight hashed points of 32 bits.
 * A node's points depend on nothing but its id and weight, so other members come and go without
 * moving them.
 */
import type { NodeId } from './actor.js';
import { fnvBasis, hashText, mixed } from './hash.js';

const tokensPerWeight = 32;

const circle = 2 ** 32;

/** Ascending. At least one, so that the smallest weight still has a place. */
export function tokensOf(node: { readonly id: NodeId; readonly weight: number }): number[] {
  const count = Math.max(1, Math.round(node.weight * tokensPerWeight));
  const seed = hashText(fnvBasis, node.id);
  const tokens: number[] = [];
  for (let i = 0; i < count; i++) tokens.push(mixed(hashText(seed, `:${i}`)));
  return tokens.sort((a, b) => a - b);
}

/** Clockwise distance from the start of each partition's arc to the node's next token. */
export function distancesOf(tokens: readonly number[], partitions: number): Float64Array {
  const distances = new Float64Array(partitions);
  let next = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const start = Math.floor((partition * circle) / partitions);
    while (next < tokens.length && tokens[next]! < start) next++;
    const token = next < tokens.length ? tokens[next]! : tokens[0]! + circle;
    distances[partition] = token - start;
  }
  return distances;
}
