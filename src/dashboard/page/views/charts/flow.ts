/**
 * Which way a chart runs. It is drawn downwards from where it begins, and arrows that lead back up
 * must be known before: left to itself, the layout turns round others, and a chart begins anywhere.
 */
import type { Arrow, Box, Drawing } from './drawing.js';

/** Ids of the arrows that lead back to where the chart has been. */
export function backwardArrows({ root, arrows }: Drawing): Set<string> {
  const paths = new Map<string, readonly Box[]>();
  notePaths(root, [], paths);
  const byParent = new Map<string, Lifted[]>();
  for (const arrow of arrows) {
    const lifted = liftedOf(arrow, paths);
    if (lifted === undefined) continue;
    const known = byParent.get(lifted.parent.id);
    if (known === undefined) byParent.set(lifted.parent.id, [lifted]);
    else known.push(lifted);
  }
  return new Set([...byParent.values()].flatMap(backwardAmong));
}

/** An arrow between two boxes, wherever they are, as one between two in the same box. */
interface Lifted {
  readonly id: string;
  readonly parent: Box;
  readonly from: string;
  readonly to: string;
}

function notePaths(box: Box, above: readonly Box[], paths: Map<string, readonly Box[]>): void {
  const path = [...above, box];
  paths.set(box.id, path);
  for (const child of box.boxes) notePaths(child, path, paths);
}

/** None where one of the two lies in the other: such an arrow has its direction. */
function liftedOf(
  { id, source, target }: Arrow,
  paths: ReadonlyMap<string, readonly Box[]>,
): Lifted | undefined {
  const [from, to] = [paths.get(source)!, paths.get(target)!];
  const depth = from.findIndex((box, index) => box !== to[index]);
  const [a, b] = [from[depth], to[depth]];
  if (depth < 1 || a === undefined || b === undefined) return undefined;
  return { id, parent: from[depth - 1]!, from: a.id, to: b.id };
}

/** Those that lead to a box from which one has come, going on from the initial one. */
function backwardAmong(arrows: readonly Lifted[]): string[] {
  const { parent } = arrows[0]!;
  const starts = [
    ...parent.boxes.filter(({ id }) => id === parent.initial),
    ...parent.boxes.filter(({ id }) => id !== parent.initial),
  ];
  const backward: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string): void => {
    state.set(id, 'open');
    for (const arrow of arrows) {
      if (arrow.from !== id) continue;
      if (state.get(arrow.to) === 'open') backward.push(arrow.id);
      else if (!state.has(arrow.to)) visit(arrow.to);
    }
    state.set(id, 'done');
  };
  for (const { id } of starts) if (!state.has(id)) visit(id);
  return backward;
}
