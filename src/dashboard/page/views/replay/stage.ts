/** Where nodes and clients stand, and where a message is between them. */
import type { Journey } from '../../parts/journeys.js';
import { endOf } from './film.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Stage {
  readonly width: number;
  readonly height: number;
  readonly centre: Point;
  readonly places: ReadonlyMap<string, Point>;
}

export const stageSizes = { width: 640, height: 440, node: 26, client: 15 } as const;

export interface StageNode {
  readonly id: string;
  readonly name: string;
}

/**
 * Nodes in a ring; clients beside it on the left, as they come from outside. A node that came back
 * with another id stands where it stood.
 */
export function stageOf(nodes: readonly StageNode[], clients: readonly string[]): Stage {
  const { width, height } = stageSizes;
  const left = clients.length === 0 ? 0 : 110;
  const centre = { x: left + (width - left) / 2, y: height / 2 };
  const [rx, ry] = [(width - left) / 2 - 70, height / 2 - 62];
  const places = new Map<string, Point>();
  const names = [...new Set(nodes.map(({ name }) => name))];
  for (const { id, name } of nodes) {
    const angle = (2 * Math.PI * names.indexOf(name)) / names.length - Math.PI / 2;
    places.set(id, {
      x: centre.x + rx * Math.cos(angle),
      y: centre.y + ry * Math.sin(angle),
    });
  }
  for (const [index, id] of clients.entries())
    places.set(id, { x: 45, y: (height * (index + 1)) / (clients.length + 1) });
  return { width, height, centre, places };
}

export interface Dot extends Point {
  readonly journey: Journey;
  /** From 0 where it left to 1 where it came. */
  readonly share: number;
}

/**
 * A message that takes 200 µs could not be seen while seconds go by: it is drawn for `leastUs` at
 * the least, from the moment at which it left.
 */
export function dotsAt(
  journeys: readonly Journey[],
  stage: Stage,
  { atUs, leastUs }: { readonly atUs: number; readonly leastUs: number },
): Dot[] {
  return journeys.flatMap((journey): Dot[] => {
    const from = stage.places.get(journey.from);
    const to = stage.places.get(journey.to) ?? (journey.to === '' ? stage.centre : undefined);
    const tookUs = Math.max(leastUs, endOf(journey) - journey.sentUs);
    const share = (atUs - journey.sentUs) / tookUs;
    if (from === undefined || to === undefined || share < 0 || share > 1) return [];
    // Those that are lost stop half-way.
    const way = journey.arrivedUs === undefined ? share / 2 : share;
    const bend = bendOf(from, to, way);
    return [{ journey, share, x: bend.x, y: bend.y }];
  });
}

/** To the right of the straight way, so that those who meet pass each other. */
export function bendOf(from: Point, to: Point, share: number): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const aside = 0.14 * 4 * share * (1 - share) * 0.5;
  return { x: from.x + dx * share - dy * aside, y: from.y + dy * share + dx * aside };
}
