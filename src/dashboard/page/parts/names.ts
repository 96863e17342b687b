/** How those that notes speak of are called. */
import { isNodeId } from '../../../../actors/rules/actor.js';
import type { NodeLabel } from '../../wire.js';

export type NameOf = (id: string) => string;

/** Who is no node goes by its own name, as clients do; a node that nobody named by its id's end. */
export function namesOf(nodes: readonly NodeLabel[]): NameOf {
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? (isNodeId(id) ? `…${id.slice(-4)}` : id);
}
