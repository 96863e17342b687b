/** The instances of one machine: who they are, where they are, and which of them is shown. */
import type { NodeLabel } from '../../../wire.js';
import { hashOf } from '../../route.js';
import { hasEnded, type Instance } from './instances.js';
import { moveFocus } from './machine-list.tsx';
import { stateWords } from './words.js';

export interface InstanceListProps {
  readonly chart: string;
  /** The latest first. */
  readonly instances: readonly Instance[];
  readonly nodes: readonly NodeLabel[];
  /** Undefined: whichever begins. */
  readonly chosen: string | undefined;
}

/** Others are reached when some of these have ended. */
const listed = 40;

export function InstanceList({ chart, instances, nodes, chosen }: InstanceListProps) {
  const living = instances.filter((instance) => !hasEnded(instance));
  const ended = instances.filter(hasEnded);
  const shown = [...living, ...ended].slice(0, listed);
  return (
    <div class="instances" role="navigation" aria-label="Instances" onKeyDown={moveFocus}>
      <ul>
        <li>
          <a
            href={hashOf('charts', chart)}
            aria-current={chosen === undefined ? 'true' : undefined}
          >
            <span>Whichever begins</span>
          </a>
        </li>
        {shown.map((instance) => (
          <li key={instance.key} class={hasEnded(instance) ? 'ended' : undefined}>
            <a
              href={hashOf('charts', chart, instance.node, instance.name)}
              aria-current={instance.key === chosen ? 'true' : undefined}
            >
              <span class="name">{instanceTitle(instance, nodes)}</span>
              <span class="small quiet">{stateWords(instance.steps.last?.state ?? null)}</span>
            </a>
          </li>
        ))}
      </ul>
      {instances.length > listed && (
        <p class="small quiet">and {instances.length - listed} others</p>
      )}
    </div>
  );
}

/** What XState calls who was given no name: nothing to a reader. */
const nameless = /^x:\d+$/;

/** Its node and its name, in which ids of nodes are told by their names. */
export function instanceTitle({ node, name }: Instance, nodes: readonly NodeLabel[]): string {
  const own = nodes.find(({ id }) => id === node)?.name ?? node;
  if (nameless.test(name) && own !== '') return own;
  let title = name;
  for (const { id, name: word } of nodes) if (id !== '') title = title.replaceAll(id, word);
  return own === '' ? title : `${own} · ${title}`;
}
