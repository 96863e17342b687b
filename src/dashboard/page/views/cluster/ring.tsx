/** The ring: who answers for which partition, what moves, and within it the nodes. */
import { useMemo } from 'preact/hooks';
import type { ClusterPicture, RingPicture } from '../../../wire.js';
import { nodeMarks } from '../../parts/node-marks.js';
import type { Focus } from './focus.js';
import { RingNodes } from './ring-nodes.tsx';
import { partitionFacts, partitionText, type Arc, type RingDrawing } from './ring-model.js';
import {
  bandPath,
  differingPath,
  movingPath,
  partitionAt,
  partitionPath,
  ringRadius,
} from './ring-paths.js';

export interface RingProps {
  readonly picture: ClusterPicture;
  readonly ring: RingPicture;
  readonly drawing: RingDrawing;
  /** Partitions, and who knows of them that they differ. */
  readonly differing: ReadonlyMap<number, readonly string[]>;
  readonly focus: Focus;
  readonly lit: ReadonlySet<string>;
  readonly point: (focus: Focus | undefined) => void;
  readonly choose: (focus: Focus) => void;
}

const room = 8;
const edge = ringRadius + room;
const box = `${-edge} ${-edge} ${2 * edge} ${2 * edge}`;

export function Ring(props: RingProps) {
  const { picture, ring, drawing, differing, focus, lit, point, choose } = props;
  const partition = focus.kind === 'partition' ? focus.partition : 0;
  const at = (event: MouseEvent): Focus | undefined => {
    const found = partitionUnder(event, drawing.partitions);
    return found === undefined ? undefined : { kind: 'partition', partition: found };
  };
  return (
    <div
      class="ring"
      role="slider"
      tabIndex={0}
      aria-label="Partition of the ring"
      aria-valuemin={0}
      aria-valuemax={drawing.partitions - 1}
      aria-valuenow={partition}
      aria-valuetext={partitionText(partitionFacts(ring, partition), nameOf)}
      onKeyDown={(event) => {
        const next = partitionAfter(event.key, partition, drawing.partitions);
        if (next === undefined) return;
        event.preventDefault();
        choose({ kind: 'partition', partition: next });
      }}
    >
      <svg
        viewBox={box}
        aria-hidden="true"
        onPointerMove={(event) => {
          // What is pointed at within the ring says so itself.
          if (!isNode(event.target)) point(at(event));
        }}
        onPointerLeave={() => point(undefined)}
        onClick={(event) => {
          const found = at(event);
          if (found !== undefined) choose(found);
        }}
      >
        <Bands drawing={drawing} lit={focus.kind === 'partition' ? nobody : lit} />
        <path
          class="differing"
          d={Array.from(differing.keys(), (one) => differingPath(one, drawing.partitions)).join('')}
        />
        {focus.kind === 'partition' && (
          <path class="chosen" d={partitionPath(focus.partition, drawing.partitions)} />
        )}
        <RingNodes picture={picture} drawing={drawing} lit={lit} point={point} choose={choose} />
      </svg>
    </div>
  );
}

const nobody: ReadonlySet<string> = new Set();

function nameOf(id: string): string {
  return nodeMarks.of(id).name;
}

function Bands({
  drawing,
  lit,
}: {
  readonly drawing: RingDrawing;
  readonly lit: ReadonlySet<string>;
}) {
  const { bands, partitions, moving } = drawing;
  const paths = useMemo(
    () =>
      bands.flatMap((arcs, place) =>
        Array.from(pathsByNode(arcs, (arc) => bandPath(arc, partitions, place, bands.length))),
      ),
    [bands, partitions],
  );
  return (
    <>
      {paths.map(([node, path], index) => (
        <path
          key={index}
          class={lit.size > 0 && !lit.has(node) ? 'band dim' : 'band'}
          style={{ color: `var(${nodeMarks.of(node).token})` }}
          d={path}
        />
      ))}
      {(['moves', 'moved'] as const).map((what) => (
        <path
          key={what}
          class={`course ${what}`}
          d={moving
            .filter((arc) => arc.what === what)
            .map((arc) => movingPath(arc, partitions, what === 'moved'))
            .join('')}
        />
      ))}
    </>
  );
}

/** One path for all arcs of a node: a page with few elements is quick to draw. */
function pathsByNode(
  arcs: readonly Arc<string>[],
  pathOf: (arc: Arc<string>) => string,
): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const arc of arcs) paths.set(arc.what, (paths.get(arc.what) ?? '') + pathOf(arc));
  return paths;
}

function isNode(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.ring-node') !== null;
}

function partitionUnder(event: MouseEvent, partitions: number): number | undefined {
  const { currentTarget, clientX, clientY } = event;
  if (!(currentTarget instanceof SVGElement)) return undefined;
  const { left, top, width } = currentTarget.getBoundingClientRect();
  const scale = (2 * edge) / width;
  const x = (clientX - left) * scale - edge;
  const y = (clientY - top) * scale - edge;
  return partitionAt({ x, y }, partitions);
}

/** Undefined: the key says nothing of partitions. */
function partitionAfter(key: string, partition: number, partitions: number): number | undefined {
  const far = Math.max(1, Math.round(partitions / 16));
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowUp: 1,
    ArrowLeft: -1,
    ArrowDown: -1,
    PageUp: far,
    PageDown: -far,
  };
  if (key === 'Home') return 0;
  if (key === 'End') return partitions - 1;
  const step = steps[key];
  return step === undefined ? undefined : (partition + step + partitions) % partitions;
}
