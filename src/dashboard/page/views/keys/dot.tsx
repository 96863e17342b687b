/** A dot by the name of its node, its epoch and its counter. */
import { actorParts, dotOf } from './claims.js';

export interface DotProps {
  readonly dot: string;
  readonly nameOf: (id: string) => string;
}

export function Dot({ dot, nameOf }: DotProps) {
  const known = dotOf(dot);
  if (known === undefined) return <code>{dot}</code>;
  return (
    <code title="A dot: it names one write for ever">
      <ActorName actor={known.actor} nameOf={nameOf} /> #{known.counter}
    </code>
  );
}

/** Epochs of one node differ in their last digits; all of them are in the title. */
function shortened(epoch: string): string {
  return epoch.length > 6 ? `…${epoch.slice(-4)}` : epoch;
}

export function ActorName({
  actor,
  nameOf,
}: {
  readonly actor: string;
  readonly nameOf: (id: string) => string;
}) {
  const { node, epoch } = actorParts(actor);
  return (
    <span title={`Node ${node}, epoch ${epoch}`}>
      {nameOf(node)}
      <span class="quiet">·{shortened(epoch)}</span>
    </span>
  );
}
