/** From what the page is told of the cluster and the key to what the story goes by. */
import type { ClusterPicture, KeyCopy, KeyPicture, NodePicture } from '../../../wire.js';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { HintFact, NodeFact, StoryFacts } from './facts.js';

export function factsOf(picture: ClusterPicture, key: KeyPicture): StoryFacts {
  const nodes = picture.nodes.filter(({ isRemoved }) => !isRemoved);
  const living = nodes.filter(lives);
  return {
    nodes: nodes.map((node): NodeFact => {
      const copy = key.copies.find((one) => one.node === node.id);
      return {
        id: node.id,
        name: node.name,
        isDown: isCalledDown(node, living),
        values: lives(node) ? valuesOf(copy) : undefined,
      };
    }),
    primaries: key.primaries,
    hints: living.flatMap(hintsOf),
  };
}

/** It answered lately, and nobody stopped it since. */
function lives({ status, silentMs, process }: NodePicture): boolean {
  const isStopped = process !== undefined && process.state !== 'running';
  return status !== null && silentMs < dashboardLimits.silenceMsMax && !isStopped;
}

/** By everybody else who lives: one alone may be wrong. */
function isCalledDown(node: NodePicture, living: readonly NodePicture[]): boolean {
  if (lives(node)) return false;
  const others = living.filter(({ id }) => id !== node.id);
  return others.length > 0 && others.every(({ view }) => view?.reach[node.id] === 'down');
}

function hintsOf({ id, view }: NodePicture): HintFact[] {
  return Object.entries(view?.hints ?? {})
    .filter(([, count]) => count > 0)
    .map(([target, count]) => ({ holder: id, target, count }));
}

function valuesOf(copy: KeyCopy | undefined): readonly string[] | undefined {
  if (copy === undefined || copy.error !== undefined) return undefined;
  return copy.siblings.filter(({ isTombstone }) => !isTombstone).map(({ value = '' }) => value);
}
