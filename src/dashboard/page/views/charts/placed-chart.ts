/** Drawings and their places, of each chart once: a layout takes some hundred milliseconds. */
import { useEffect, useState } from 'preact/hooks';
import type { ChartNode } from '../../../wire.js';
import { drawingOf, type Drawing } from './drawing.js';
import { layout } from './elk.js';
import { placed, type Placing } from './placing.js';

export interface PlacedChart {
  readonly drawing: Drawing;
  readonly placing: Placing;
}

/** Definitions come once from the server, and are the same objects from then on. */
const known = new WeakMap<ChartNode, Promise<PlacedChart>>();

export function placedChart(root: ChartNode): Promise<PlacedChart> {
  let found = known.get(root);
  if (found === undefined) {
    const drawing = drawingOf(root);
    found = placed(drawing, layout).then((placing) => ({ drawing, placing }));
    known.set(root, found);
  }
  return found;
}

/** Undefined until it is placed. */
export function usePlacedChart(root: ChartNode): PlacedChart | undefined {
  const [shown, setShown] = useState<{ root: ChartNode; chart: PlacedChart }>();
  useEffect(() => {
    let isWanted = true;
    const show = async (): Promise<void> => {
      const chart = await placedChart(root);
      if (isWanted) setShown({ root, chart });
    };
    void show();
    return () => {
      isWanted = false;
    };
  }, [root]);
  return shown?.root === root ? shown.chart : undefined;
}
