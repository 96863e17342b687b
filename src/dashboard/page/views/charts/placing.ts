/**
 * Where everything of a drawing goes. ELK's layered algorithm places boxes, arrows and their
 * texts; all numbers are pixels from the drawing's upper left corner.
 */
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { Arrow, Box, Drawing, Line } from './drawing.js';
import { backwardArrows } from './flow.js';
import { textWidth } from './text-width.js';

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedArrow {
  readonly arrow: Arrow;
  readonly points: readonly Point[];
  /** Of its text; its lines follow each other downwards. */
  readonly label: Place | undefined;
}

export interface Placing {
  readonly width: number;
  readonly height: number;
  /** By the id of the state. */
  readonly places: ReadonlyMap<string, Place>;
  readonly arrows: readonly PlacedArrow[];
  /** From the dot where a state begins into the first of its states. */
  readonly starts: readonly { readonly dot: Point; readonly points: readonly Point[] }[];
}

export const sizes = {
  title: 13,
  text: 11,
  line: 15,
  header: 24,
  padding: 10,
  dot: 10,
  mark: 22,
} as const;

/** Bold text is wider. */
const bold = 1.1;

/** ELK's. */
export type Layout = (graph: ElkNode) => Promise<ElkNode>;

export async function placed(drawing: Drawing, layout: Layout): Promise<Placing> {
  const backward = backwardArrows(drawing);
  const laidOut = await layout(graphOf(drawing, backward));
  return placingOf(laidOut, drawing, backward);
}

const startPrefix = 'start of ';

function graphOf({ root, arrows }: Drawing, backward: ReadonlySet<string>): ElkNode {
  const starts = boxesBelow(root).filter(({ initial }) => initial !== undefined);
  return {
    id: 'drawing',
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.shapeCoords': 'ROOT',
      'elk.json.edgeCoords': 'ROOT',
      'elk.padding': '[top=1,left=1,bottom=1,right=1]',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
      'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
      'elk.layered.cycleBreaking.strategy': 'GREEDY',
      'elk.layered.thoroughness': '7',
      'elk.layered.edgeLabels.sideSelection': 'ALWAYS_DOWN',
      'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'MEDIAN_LAYER',
    },
    children: [nodeOf(root)],
    edges: [
      ...starts.map(({ id, initial }): ElkExtendedEdge => ({
        id: `${startPrefix}${id}`,
        sources: [`${startPrefix}${id}`],
        targets: [initial!],
        layoutOptions: { 'elk.layered.priority.direction': '10' },
      })),
      ...arrows.map((arrow) => edgeOf(arrow, backward.has(arrow.id))),
    ],
  };
}

function nodeOf(box: Box): ElkNode {
  const { width, height } = sizeOf(box);
  if (box.boxes.length === 0) return { id: box.id, width, height };
  return {
    id: box.id,
    layoutOptions: {
      // Regions stand in the order in which they are written.
      ...(box.kind === 'parallel' && { 'elk.separateConnectedComponents': 'false' }),
      'elk.padding': `[top=${height + sizes.padding},left=16,bottom=16,right=16]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},${height})`,
      'elk.spacing.nodeNode': '24',
      'elk.spacing.edgeNode': '14',
      'elk.spacing.edgeEdge': '12',
      'elk.spacing.edgeLabel': '4',
      'elk.layered.spacing.nodeNodeBetweenLayers': '22',
      'elk.layered.spacing.edgeNodeBetweenLayers': '12',
      'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
    },
    children: [
      ...(box.initial === undefined
        ? []
        : [{ id: `${startPrefix}${box.id}`, width: sizes.dot, height: sizes.dot }]),
      ...box.boxes.map(nodeOf),
    ],
  };
}

/** Layers are made by arrows that lead down; one that leads back up is turned round for it. */
function edgeOf({ id, source, target, lines }: Arrow, isBackward: boolean): ElkExtendedEdge {
  return {
    id,
    sources: [isBackward ? target : source],
    targets: [isBackward ? source : target],
    labels: [
      {
        id: `text of ${id}`,
        text: lines.map(lineText).join('\n'),
        width: linesWidth(lines) + 8,
        height: lines.length * sizes.line + 4,
        layoutOptions: { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' },
      },
    ],
  };
}

/** Of a box with others in it: of its header. Beside the title is room for the mark of the lit. */
export function sizeOf({ kind, title, lines, boxes }: Box): { width: number; height: number } {
  if (kind === 'history') return { width: sizes.mark, height: sizes.mark };
  const text = Math.max(textWidth(title, sizes.title) * bold + sizes.dot, linesWidth(lines));
  const below = lines.length === 0 ? 0 : lines.length * sizes.line + 8;
  const ring = kind === 'final' ? 8 : 0;
  return {
    width: Math.ceil(text + 2 * sizes.padding + ring),
    height: sizes.header + below + ring + (boxes.length === 0 ? 4 : 0),
  };
}

function linesWidth(lines: readonly Line[]): number {
  return Math.max(0, ...lines.map((line) => textWidth(lineText(line), sizes.text)));
}

export function lineText({ spans }: Line): string {
  return spans.map(({ text }) => text).join('');
}

export function boxesBelow(box: Box): Box[] {
  return [box, ...box.boxes.flatMap(boxesBelow)];
}

function placingOf(
  graph: ElkNode,
  { root, arrows }: Drawing,
  backward: ReadonlySet<string>,
): Placing {
  const places = new Map(nodesBelow(graph).map((node) => [node.id, placeOf(node)]));
  const edges = new Map(edgesBelow(graph).map((edge) => [edge.id, edge]));
  const headers = new Map(
    boxesBelow(root).flatMap((box) => {
      const place = places.get(box.id);
      return box.boxes.length === 0 || place === undefined
        ? []
        : [[box.id, { top: place.y, bottom: place.y + sizeOf(box).height }] as const];
    }),
  );
  return {
    width: graph.width ?? 0,
    height: graph.height ?? 0,
    places,
    arrows: arrows.map((arrow) => {
      const edge = edges.get(arrow.id)!;
      const [label] = edge.labels ?? [];
      const points = pointsOf(edge);
      if (backward.has(arrow.id)) points.reverse();
      const header = headers.get(arrow.source);
      if (header !== undefined) startBelow(points, header);
      return { arrow, points, label: label && placeOf(label) };
    }),
    starts: boxesBelow(root).flatMap(({ id }) => {
      const place = places.get(`${startPrefix}${id}`);
      const edge = edges.get(`${startPrefix}${id}`);
      if (place === undefined || edge === undefined) return [];
      const half = sizes.dot / 2;
      return [{ dot: { x: place.x + half, y: place.y + half }, points: pointsOf(edge) }];
    }),
  };
}

/** Of those states in which no other one of these lies; undefined: none of them is drawn. */
export function middleOf({ places }: Placing, states: ReadonlySet<string>): Point | undefined {
  const drawn = [...states].flatMap((id) => places.get(id) ?? []);
  const inner = drawn.filter((one) => !drawn.some((other) => other !== one && holds(one, other)));
  if (inner.length === 0) return undefined;
  return {
    x: mean(inner.map(({ x, width }) => x + width / 2)),
    y: mean(inner.map(({ y, height }) => y + height / 2)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function holds(outer: Place, inner: Place): boolean {
  const isAcross = outer.x <= inner.x && inner.x + inner.width <= outer.x + outer.width;
  return isAcross && outer.y <= inner.y && inner.y + inner.height <= outer.y + outer.height;
}

interface Header {
  readonly top: number;
  readonly bottom: number;
}

/** An arrow from a state into itself would begin at its upper edge, and cross its text. */
function startBelow(points: Point[], { top, bottom }: Header): void {
  const [first, second] = points;
  if (first === undefined || second === undefined) return;
  const isInside = Math.abs(first.y - top) < 1 && second.x === first.x && second.y > bottom;
  if (isInside) points[0] = { x: first.x, y: bottom };
}

function nodesBelow(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(nodesBelow)];
}

function edgesBelow(node: ElkNode): ElkExtendedEdge[] {
  return [...(node.edges ?? []), ...(node.children ?? []).flatMap(edgesBelow)];
}

function placeOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Place>): Place {
  return { x, y, width, height };
}

function pointsOf({ sections = [] }: ElkExtendedEdge): Point[] {
  return sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
}
