/** A dot as people and tools are shown it. */
import { epochOf, nodeOf, type NodeId } from '../../actors/rules/actor.js';
import type { Dot } from '../../actors/rules/versions.js';

/** A type, not an interface: it is plain data wherever such is wanted. */
export type DotForm = {
  readonly node: NodeId;
  readonly epoch: number;
  readonly counter: number;
};

export function dotForm({ actor, counter }: Dot): DotForm {
  return { node: nodeOf(actor), epoch: epochOf(actor), counter };
}
