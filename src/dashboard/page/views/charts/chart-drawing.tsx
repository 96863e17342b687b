/**
 * A chart as SVG. Nothing of it changes while the chart runs: what is lit and what was taken is
 * marked by classes (`marking.ts`), so a step costs a handful of attributes.
 */
import { pathOf, headOf } from './curves.js';
import type { Arrow, Box, Line } from './drawing.js';
import { boxesBelow, sizes, sizeOf, type Place, type Placing } from './placing.js';

export interface ChartDrawingProps {
  readonly root: Box;
  readonly placing: Placing;
  /** Chosen by mouse or keys. */
  readonly onState: ((id: string) => void) | undefined;
}

export function ChartDrawing({ root, placing, onState }: ChartDrawingProps) {
  const boxes = boxesBelow(root).flatMap((box) => {
    const place = placing.places.get(box.id);
    return place === undefined ? [] : [{ box, place }];
  });
  return (
    <g class="chart">
      {boxes.map(({ box, place }) => (
        <Frame key={box.id} box={box} place={place} />
      ))}
      {placing.starts.map(({ dot, points }) => (
        <g key={`${dot.x} ${dot.y}`} class="start">
          <circle cx={dot.x} cy={dot.y} r={sizes.dot / 2} />
          <path d={pathOf(points)} />
          <path class="head" d={headOf(points)} />
        </g>
      ))}
      {placing.arrows.map(({ arrow, points }) => (
        <g key={arrow.id} class="arrow" data-arrow={arrow.id} data-transitions={taken(arrow)}>
          <path class="way" d={pathOf(points)} />
          <path class="pulse" d={pathOf(points)} pathLength={100} />
          <path class="head" d={headOf(points)} />
        </g>
      ))}
      {placing.arrows.map(({ arrow, label }) =>
        label === undefined ? null : (
          <g key={arrow.id} class="label">
            <rect x={label.x} y={label.y} width={label.width} height={label.height} rx="4" />
            <Lines lines={arrow.lines} x={label.x + 4} y={label.y + 2} />
          </g>
        ),
      )}
      {boxes.map(({ box, place }) => (
        <Text key={box.id} box={box} place={place} onState={onState} />
      ))}
    </g>
  );
}

function taken({ lines }: Arrow): string {
  return JSON.stringify([...new Set(lines.flatMap(({ transitions }) => transitions))]);
}

interface BoxProps {
  readonly box: Box;
  readonly place: Place;
}

function classOf({ kind, isRegion }: Box): string {
  return `state ${kind}${isRegion ? ' region' : ''}`;
}

/** What arrows are drawn upon. */
function Frame({ box, place: { x, y, width, height } }: BoxProps) {
  const { id, kind, boxes } = box;
  const r = kind === 'history' ? width / 2 : 8;
  const below = y + sizeOf(box).height;
  return (
    <g class={classOf(box)} data-state={id}>
      <rect class="box" x={x} y={y} width={width} height={height} rx={r} />
      {kind === 'final' && (
        <rect class="end-ring" x={x + 4} y={y + 4} width={width - 8} height={height - 8} rx="5" />
      )}
      {boxes.length > 0 && <path class="rule" d={`M${x},${below}h${width}`} />}
    </g>
  );
}

/** What is written upon arrows, and what is pointed at. */
function Text({ box, place, onState }: BoxProps & Pick<ChartDrawingProps, 'onState'>) {
  const { id, kind, title, lines, boxes, isDeepHistory } = box;
  const { x, y, width, height } = place;
  if (kind === 'history') {
    return (
      <g class={classOf(box)} data-state={id}>
        <text class="title" x={x + width / 2} y={y + height / 2 + 4.5} text-anchor="middle">
          {isDeepHistory ? 'H*' : 'H'}
        </text>
      </g>
    );
  }
  const inset = kind === 'final' ? 4 : 0;
  const left = x + sizes.padding + inset;
  return (
    <g
      class={classOf(box)}
      data-state={id}
      {...(onState !== undefined && {
        // Of SVG, attributes are set by the very name.
        tabindex: 0,
        role: 'button',
        'aria-label': `${title}, ${kind === 'atomic' ? 'a state' : `${kind} state`}`,
        onClick: () => onState(id),
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          onState(id);
        },
      })}
    >
      <rect
        class="touch"
        x={x}
        y={y}
        width={width}
        height={boxes.length === 0 ? height : sizeOf(box).height}
        rx="8"
      />
      <text class="title" x={left} y={y + 17 + inset}>
        {title}
      </text>
      <circle class="lit-dot" cx={x + width - sizes.padding - inset} cy={y + 12.5 + inset} r="4" />
      <Lines lines={lines} x={left} y={y + sizes.header + 2 + inset} />
    </g>
  );
}

function Lines({
  lines,
  x,
  y,
}: {
  readonly lines: readonly Line[];
  readonly x: number;
  readonly y: number;
}) {
  return (
    <>
      {lines.map(({ spans, transitions }, index) => (
        <text
          key={index}
          class="line"
          x={x}
          y={y + index * sizes.line + 11}
          data-transitions={transitions.length === 0 ? undefined : JSON.stringify(transitions)}
        >
          {spans.map(({ role, text }, place) => (
            <tspan key={place} class={role}>
              {text}
            </tspan>
          ))}
        </text>
      ))}
    </>
  );
}
