/**
 * Where the nodes stand on the circle: each at `tokensPerWeight` × weight hashed points of 32 bits.
 * A node's points depend on nothing but its id and weight, so other members come and go without moving them.
 */
import type { NodeId } from './actor.js';

export const tokensPerWeight = 32;
export const weightMax = 64;

const circle = 2 ** 32;

/** Ascending. At least one, so that the smallest weight still has a place. */
export function tokensOf(node: { readonly id: NodeId; readonly weight: number }): number[] {
  const count = Math.max(1, Math.round(node.weight * tokensPerWeight));
  const seed = hashText(0x811c9dc5, node.id);
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

/** FNV-1a over UTF-16 units, to be continued. */
export function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** murmur3's finaliser: FNV alone leaves the tokens of one node in a heap. */
export function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
