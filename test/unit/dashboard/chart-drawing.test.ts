/** What is drawn of a chart is its definition: no state, no transition more or less. */
import { describe, expect, test } from '@jest/globals';
import ElkConstructor from 'elkjs/lib/elk.bundled.js';
import type { ChartDefinition } from '../../../src/dashboard/wire.js';
import { findCharts } from '../../../src/dashboard/charts.js';
import {
  actionText,
  drawingOf,
  durationText,
  statesBelow,
  transitionsBelow,
  triggerText,
  type Drawing,
  type Line,
} from '../../../src/dashboard/page/views/charts/drawing.js';
import { backwardArrows } from '../../../src/dashboard/page/views/charts/flow.js';
import {
  boxesBelow,
  lineText,
  placed,
  type Layout,
  type Place,
} from '../../../src/dashboard/page/views/charts/placing.js';

const charts = await findCharts();
const byId = new Map(charts.map((chart) => [chart.id, chart]));

describe('a drawing', () => {
  test.each(charts.map((chart) => [chart.id, chart] as const))(
    'of %s has its states and transitions, and no others',
    (_, { root }) => {
      const drawing = drawingOf(root);
      expect(boxesBelow(drawing.root).map(({ id }) => id)).toEqual(
        statesBelow(root).map(({ id }) => id),
      );
      const ends: string[] = [];
      for (const transition of transitionsBelow(root)) {
        const lines = linesOf(drawing, transition.id);
        const text = lines.map(lineText).join(' ');
        for (const part of [
          triggerText(transition),
          transition.guard ?? '',
          transition.actions.map(actionText).join(', '),
        ])
          expect(text.replaceAll(/\s+/g, ' ')).toContain(part);
        for (const target of transition.targets)
          ends.push(`${transition.source} → ${target} ${transition.id}`);
      }
      const drawn = drawing.arrows.flatMap(({ source, target, lines }) =>
        [...new Set(lines.flatMap(({ transitions }) => transitions))].map(
          (id) => `${source} → ${target} ${id}`,
        ),
      );
      expect(drawn.toSorted()).toEqual(ends.toSorted());
      const told = new Set(allLines(drawing).flatMap(({ transitions }) => transitions));
      expect([...told].toSorted()).toEqual(
        transitionsBelow(root)
          .map(({ id }) => id)
          .toSorted(),
      );
    },
  );

  test('tells delays by their length, and by their name where that differs', () => {
    expect([250, 5000, 1500, 600_000].map(durationText)).toEqual([
      '250 ms',
      '5 s',
      '1500 ms',
      '10 min',
    ]);
    expect(textsOf('treeExchange')).toContain('after 250 ms');
    expect(textsOf('handoff')).toContain('after backoff');
    expect(textsOf('listening')).toContain('others.changed [else]');
  });

  test('runs downwards from where the chart begins', () => {
    const { arrows } = drawingOf(chartOf('collection').root);
    // Back to where it rests, and from a pause at its end to the next look.
    const back = arrows.filter(
      ({ source, target }) => target === 'collection.resting' || source === 'collection.pausing',
    );
    expect([...backwardArrows(drawingOf(chartOf('collection').root))].toSorted()).toEqual(
      back.map(({ id }) => id).toSorted(),
    );
  });
});

describe('places of a drawing', () => {
  test.each(['peer', 'gossip', 'identity'])('of %s are apart', async (id) => {
    const drawing = drawingOf(chartOf(id).root);
    const { places, arrows, starts } = await placed(drawing, layout);
    for (const box of boxesBelow(drawing.root)) {
      const place = places.get(box.id)!;
      const inner = box.boxes.map((child) => places.get(child.id)!);
      for (const one of inner) expect(isIn(one, place)).toBe(true);
      for (const [index, one] of inner.entries())
        for (const other of inner.slice(index + 1)) expect(overlap(one, other)).toBe(false);
    }
    for (const { arrow, points } of arrows) {
      expect(touches(places.get(arrow.source)!, points[0]!)).toBe(true);
      expect(touches(places.get(arrow.target)!, points.at(-1)!)).toBe(true);
    }
    const labels = arrows.map(({ label }) => label!);
    const leaves = boxesBelow(drawing.root).filter(({ boxes }) => boxes.length === 0);
    for (const [index, label] of labels.entries()) {
      for (const other of labels.slice(index + 1)) expect(overlap(label, other)).toBe(false);
      for (const leaf of leaves) expect(overlap(label, places.get(leaf.id)!)).toBe(false);
    }
    expect(starts).toHaveLength(
      boxesBelow(drawing.root).filter(({ initial }) => initial !== undefined).length,
    );
  });
});

/** The package is of a kind that its types do not tell. */
const Elk = ElkConstructor as unknown as new () => { readonly layout: Layout };
const elk = new Elk();
const layout: Layout = (graph) => elk.layout(graph);

function textsOf(id: string): string[] {
  return allLines(drawingOf(chartOf(id).root)).map(lineText);
}

function chartOf(id: string): ChartDefinition {
  return byId.get(id)!;
}

function allLines({ root, arrows }: Drawing): Line[] {
  return [...boxesBelow(root), ...arrows].flatMap(({ lines }) => lines);
}

function linesOf(drawing: Drawing, transition: string): Line[] {
  return allLines(drawing).filter(({ transitions }) => transitions.includes(transition));
}

function isIn(inner: Place, outer: Place): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function overlap(a: Place, b: Place): boolean {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return across > 0.5 && down > 0.5;
}

function touches(place: Place, point: { readonly x: number; readonly y: number }): boolean {
  const { x, y, width, height } = place;
  const grown = { x: x - 1, y: y - 1, width: width + 2, height: height + 2 };
  return isIn({ ...point, width: 0, height: 0 }, grown);
}
