/** Within the ring: the nodes, the hints that wait between them, partitions that change hands. */
import { clusterViewLimits } from '../../../../../actors/rules/limits/cluster-view.js';
import type { ClusterPicture } from '../../../wire.js';
import { formPaths } from '../../parts/node-forms.js';
import { nodeMarks } from '../../parts/node-marks.js';
import { shortNumber } from '../../parts/quantity.js';
import type { Focus } from './focus.js';
import { nodeState } from './node-state.js';
import type { RingDrawing } from './ring-model.js';
import { linkMiddle, linkPath, nodePoint, type Point } from './ring-paths.js';
import { hintFlows } from './sight-model.js';

export interface RingNodesProps {
  readonly picture: ClusterPicture;
  readonly drawing: RingDrawing;
  readonly lit: ReadonlySet<string>;
  readonly point: (focus: Focus | undefined) => void;
  readonly choose: (focus: Focus) => void;
}

interface Link {
  readonly kind: 'hints' | 'move';
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export function RingNodes({ picture, drawing, lit, point, choose }: RingNodesProps) {
  const { nodes } = picture;
  const isCrowded = nodes.length > 16;
  const places = new Map(nodes.map(({ id }, index) => [id, nodePoint(index, nodes.length)]));
  return (
    <g class={isCrowded ? 'ring-nodes crowded' : 'ring-nodes'}>
      <defs>
        {(['hints', 'move'] as const).map((kind) => (
          <marker
            key={kind}
            id={`arrow-${kind}`}
            class={kind}
            viewBox="0 0 8 8"
            refX="15"
            refY="4"
            markerWidth="6"
            markerHeight="6"
            orient="auto-start-reverse"
          >
            <path d="M0,0L8,4L0,8Z" />
          </marker>
        ))}
      </defs>
      {linksOf(picture, drawing).map((link) => (
        <LinkBetween key={`${link.kind} ${link.from} ${link.to}`} link={link} places={places} />
      ))}
      {nodes.map((node) => {
        const place = places.get(node.id)!;
        const { sign, tone } = nodeState(node);
        const { name, token, form } = nodeMarks.of(node.id);
        const dim = lit.size > 0 && !lit.has(node.id);
        return (
          <g
            key={node.id}
            class={`ring-node ${tone}${dim ? ' dim' : ''}`}
            transform={`translate(${place.x.toFixed(1)},${place.y.toFixed(1)})`}
            onPointerEnter={() => point({ kind: 'node', id: node.id })}
            onClick={() => choose({ kind: 'node', id: node.id })}
          >
            <circle r="15" class="halo" />
            <path
              class="form"
              style={{ color: `var(${token})` }}
              transform="translate(-10,-10) scale(1.25)"
              d={formPaths[form]}
            />
            <text class="name" {...nameAt(place, isCrowded)}>
              {name}
              {tone !== 'good' && <tspan class="sign"> {sign}</tspan>}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** Below it, or outwards where they stand side by side. */
function nameAt({ x, y }: Point, isCrowded: boolean): Point {
  return isCrowded ? { x: 0.23 * x, y: 0.23 * y + 3 } : { x: 0, y: 26 };
}

function linksOf(picture: ClusterPicture, drawing: RingDrawing): Link[] {
  const hints = hintFlows(picture).map(({ from, to, count }): Link => ({
    kind: 'hints',
    from,
    to,
    text: shortNumber(count),
  }));
  const moves = drawing.handovers.map(({ from, to, done, total }): Link => ({
    kind: 'move',
    from,
    to,
    text: `${done}/${total}`,
  }));
  return [...hints, ...moves].slice(0, clusterViewLimits.flowsMax);
}

function LinkBetween({
  link,
  places,
}: {
  readonly link: Link;
  readonly places: ReadonlyMap<string, Point>;
}) {
  const [from, to] = [places.get(link.from), places.get(link.to)];
  if (from === undefined || to === undefined) return null;
  const middle = linkMiddle(from, to);
  return (
    <g class={`link ${link.kind}`}>
      <path d={linkPath(from, to)} marker-end={`url(#arrow-${link.kind})`} />
      <text x={middle.x} y={middle.y + 4}>
        {link.text}
      </text>
    </g>
  );
}
