/** Each node: how it is, what it does, what it holds. */
import type { ClusterPicture, NodePicture } from '../../../wire.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import { msText, shortNumber } from '../../parts/quantity.js';
import { hashOf } from '../../route.js';
import type { Focus } from './focus.js';
import { nodeState } from './node-state.js';
import type { SeriesBook } from './series-book.js';
import { opinionsOf, sightRows, type Opinion } from './sight-model.js';

export interface NodesCardProps {
  readonly picture: ClusterPicture;
  readonly series: SeriesBook;
  readonly chosen: Focus;
  readonly lit: ReadonlySet<string>;
  readonly point: (focus: Focus | undefined) => void;
  readonly choose: (focus: Focus) => void;
  readonly canBreak: boolean;
}

type Cell = (value: number) => string;

const perSecond: Cell = (value) => `${shortNumber(value)}/s`;

/** Of the measures those that have a column. */
const columns: readonly (readonly [title: string, measure: string, text: Cell])[] = [
  ['puts, gets', 'throughput', perSecond],
  ['p50', 'p50', msText],
  ['p99', 'p99', msText],
  ['errors', 'errors', perSecond],
  ['loop late', 'lag', msText],
  ['keys', 'keys', shortNumber],
  ['hints', 'hints', shortNumber],
];

export function NodesCard(props: NodesCardProps) {
  const { picture } = props;
  const opinions = opinionsOf(sightRows(picture));
  const { nodes } = picture;
  return (
    <section class="card stack" aria-labelledby="cluster-nodes">
      <div class="row">
        <h2 id="cluster-nodes">Nodes</h2>
        {props.canBreak && (
          <a class="small" href={hashOf('story')}>
            Kill one, pause it, cut it off
          </a>
        )}
      </div>
      <div class="scroll">
        <table class="nodes">
          <thead>
            <tr>
              {['node', 'state', 'seen alive by'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
              {columns.map(([title]) => (
                <th key={title} scope="col" class="number">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody onPointerLeave={() => props.point(undefined)}>
            {nodes.map((node, index) => (
              <NodeRow key={node.id} node={node} opinion={opinions[index]!} {...props} />
            ))}
          </tbody>
        </table>
      </div>
      {nodes.flatMap(({ id, status }) =>
        (status?.problems ?? []).map((problem) => (
          <p key={`${id} ${problem}`} class="problem">
            <NodeBadge id={id} /> {problem}
          </p>
        )),
      )}
    </section>
  );
}

function NodeRow({
  node,
  opinion,
  picture,
  series,
  chosen,
  lit,
  point,
  choose,
}: NodesCardProps & { readonly node: NodePicture; readonly opinion: Opinion }) {
  const { id, host, zone, status } = node;
  const { word, sign, tone } = nodeState(node);
  const focus: Focus = { kind: 'node', id };
  const index = series.indexAt(picture.atMs);
  return (
    <tr
      class={lit.size > 0 && !lit.has(id) ? 'dim' : ''}
      onPointerEnter={() => point(focus)}
      title={`${id}, pid ${status?.pid ?? 'unknown'}`}
    >
      <th scope="row">
        <button
          type="button"
          class="plain"
          aria-pressed={chosen.kind === 'node' && chosen.id === id}
          onClick={() => choose(focus)}
        >
          <NodeBadge id={id} />
        </button>
        <span class="quiet small place">{zone === '' ? host : `${host}, ${zone}`}</span>
      </th>
      <td data-title="state" class={`tone-${tone}`}>
        <span aria-hidden="true">{sign}</span> {word}
      </td>
      <td data-title="seen alive by" class={opinion.alive < opinion.said ? 'tone-warn' : ''}>
        {opinion.said === 0 ? '–' : `${opinion.alive} of ${opinion.said}`}
      </td>
      {columns.map(([title, measure, text]) => {
        const value = series.line(id, measure)[index] ?? null;
        const isBad = (measure === 'errors' || measure === 'hints') && (value ?? 0) > 0;
        return (
          <td key={title} data-title={title} class={isBad ? 'number tone-warn' : 'number'}>
            {value === null ? '–' : text(value)}
          </td>
        );
      })}
    </tr>
  );
}
