/** A chart with what is lit and what was taken, on a canvas; other views show rounds by it too. */
import './charts.css';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { ChartDefinition } from '../../../wire.js';
import { Canvas } from './canvas.tsx';
import { ChartDrawing } from './chart-drawing.tsx';
import { Marking, type Marks } from './marking.js';
import { usePlacedChart, type PlacedChart } from './placed-chart.js';
import { middleOf, type Placing, type Point } from './placing.js';

export interface LiveChartProps {
  readonly chart: ChartDefinition;
  readonly marks: Marks;
  /** Another one for each thing that happened: then what was taken is shown to move. */
  readonly moment: unknown;
  readonly onState?: ((id: string) => void) | undefined;
}

export function LiveChart(props: LiveChartProps) {
  const placed = usePlacedChart(props.chart.root);
  if (placed === undefined) return <div class="canvas quiet placing">Drawing…</div>;
  return <Placed {...props} placed={placed} />;
}

function Placed({
  chart,
  placed,
  marks,
  moment,
  onState,
}: LiveChartProps & { readonly placed: PlacedChart }) {
  const drawn = useRef<SVGGElement>(null);
  const marking = useRef<Marking>(undefined);
  const shown = useRef<unknown>(undefined);
  const { drawing, placing } = placed;
  // The same element as before is not compared with itself, whatever else is drawn anew.
  const still = useMemo(
    () => (
      <g ref={drawn}>
        <ChartDrawing root={drawing.root} placing={placing} onState={onState} />
      </g>
    ),
    [drawing, placing, onState],
  );
  useLayoutEffect(() => {
    marking.current = new Marking(drawn.current!);
    shown.current = undefined;
  }, [still]);
  useLayoutEffect(() => {
    const isStep = shown.current !== undefined && shown.current !== moment;
    shown.current = moment;
    marking.current?.show(marks, isStep);
  }, [marks, moment, still]);
  const begin = useBegin(placing, marks.lit);
  return (
    <Canvas label={`Chart of ${chart.id}`} drawing={placing} begin={begin}>
      {still}
    </Canvas>
  );
}

/** What is lit at first, so that it is in sight; before anything is, where the chart begins. */
function useBegin(placing: Placing, lit: ReadonlySet<string>): Point | undefined {
  const begun = useRef<{ readonly placing: Placing; readonly at: Point }>(undefined);
  if (begun.current?.placing !== placing) begun.current = undefined;
  const at = begun.current?.at ?? middleOf(placing, lit);
  if (at !== undefined) begun.current ??= { placing, at };
  return at ?? placing.starts[0]?.dot;
}
