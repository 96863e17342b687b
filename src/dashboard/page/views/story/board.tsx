/** The nodes as the story sees them, each with what can be done to it. */
import type {
  BreakHow,
  ClusterPicture,
  KeyPicture,
  NodePicture,
  ProcessPicture,
} from '../../../wire.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import type { RunningStory } from './use-story.js';
import { nameIn, nodeFact, type StoryFacts } from './facts.js';

interface Deed {
  readonly how: BreakHow;
  readonly says: string;
  readonly title: string;
}

const kill: Deed = { how: 'kill', says: 'kill -9', title: 'End the process at once' };
const deedsWhile: Readonly<Record<ProcessPicture['state'], readonly Deed[]>> = {
  running: [
    kill,
    { how: 'pause', says: 'Pause', title: 'The process stands still; its connection does not' },
    { how: 'disconnect', says: 'Disconnect', title: 'It runs, and nobody hears it' },
    { how: 'restart', says: 'Restart', title: 'Stop it properly and start it again' },
  ],
  paused: [{ how: 'resume', says: 'Resume', title: 'Let it go on' }, kill],
  disconnected: [{ how: 'connect', says: 'Connect', title: 'Let it be heard again' }, kill],
  stopped: [{ how: 'restart', says: 'Start', title: 'Start the process again' }],
};

export function Board({
  picture,
  story,
  onBreak,
}: {
  readonly picture: ClusterPicture;
  readonly story: RunningStory;
  /** By the name of its process: a node that was not started here has none. */
  readonly onBreak: (process: string, how: BreakHow) => void;
}) {
  const nodes = picture.nodes.filter(({ isRemoved }) => !isRemoved);
  const { facts } = story.snapshot.context;
  return (
    <ul class="board" aria-label="Nodes">
      {nodes.map((node) => (
        <li key={node.id} class={`board-node card ${stateOf(node)}`}>
          <header class="row">
            <strong>
              <NodeBadge id={node.id} />
            </strong>
            <State node={node} facts={facts} />
          </header>
          <p class="quiet small">{roleOf(node.id, story.key)}</p>
          {facts !== undefined && <Held facts={facts} id={node.id} />}
          <Deeds node={node} onBreak={onBreak} />
        </li>
      ))}
    </ul>
  );
}

function Deeds({
  node: { name, process },
  onBreak,
}: {
  readonly node: NodePicture;
  readonly onBreak: (process: string, how: BreakHow) => void;
}) {
  if (process === undefined) return <p class="quiet small">not started here</p>;
  return (
    <div class="row">
      {deedsWhile[process.state].map(({ how, says, title }) => (
        <button
          key={how}
          type="button"
          title={title}
          aria-label={`${says} ${name}`}
          onClick={() => onBreak(process.name, how)}
        >
          {says}
        </button>
      ))}
    </div>
  );
}

function stateOf({ process, status }: NodePicture): string {
  return process?.state ?? (status === null ? 'stopped' : 'running');
}

function State({
  node,
  facts,
}: {
  readonly node: NodePicture;
  readonly facts: StoryFacts | undefined;
}) {
  const isDown = facts !== undefined && nodeFact(facts, node.id)?.isDown === true;
  const state = stateOf(node);
  const says = state === 'stopped' ? 'process gone' : state;
  return (
    <span class="board-state small">
      {says}
      {isDown ? ', called down' : node.reach === 'suspect' ? ', suspect' : ''}
    </span>
  );
}

function Held({ facts, id }: { readonly facts: StoryFacts; readonly id: string }) {
  const values = nodeFact(facts, id)?.values;
  const owes = facts.hints.filter(({ holder }) => holder === id);
  return (
    <ul class="board-held" aria-label="What it holds">
      {values === undefined && <li class="quiet">does not answer</li>}
      {values?.length === 0 && <li class="quiet">no cart</li>}
      {values?.map((value) => (
        <li key={value} class="board-value">
          {value}
        </li>
      ))}
      {owes.map(({ target, count }) => (
        <li key={target} class="board-hint">
          owes {nameIn(facts, target)} {count === 1 ? 'a hint' : `${count} hints`}
        </li>
      ))}
    </ul>
  );
}

function roleOf(id: string, key: KeyPicture | undefined): string {
  if (key === undefined) return '';
  const primary = key.primaries.indexOf(id);
  if (primary >= 0) return `primary ${primary + 1} of the cart`;
  const fallback = key.fallbacks.indexOf(id);
  return fallback >= 0 ? `fallback ${fallback + 1} of the cart` : 'holds other keys';
}
