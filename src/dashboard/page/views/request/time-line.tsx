/** Lanes of one request on one time line: who waited for what, when, and what went between them. */
import { Fragment } from 'preact';
import { useRef } from 'preact/hooks';
import { durationText } from '../../parts/note-text.js';
import type { Journey } from '../../parts/journeys.js';
import { formPaths } from '../../parts/node-forms.js';
import { nodeMarks } from '../../parts/node-marks.js';
import { useWidth } from '../../parts/use-width.js';
import { networkLane, type Glass, type Lane, type Moment, type Span } from './glass.js';

export interface TimeLineProps {
  readonly glass: Glass;
  readonly atUs: number;
  readonly seek: (atUs: number) => void;
}

const sizes = { head: 24, lane: 36, disk: 24, foot: 20, right: 14 } as const;
const narrow = 560;

interface Canvas {
  readonly left: number;
  readonly width: number;
  readonly height: number;
  readonly x: (atUs: number) => number;
  /** The middle of a lane. */
  y(lane: string): number | undefined;
}

export function TimeLine({ glass, atUs, seek }: TimeLineProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place, 900);
  const canvas = canvasOf(glass, width);
  const { left, height, x } = canvas;
  const { axis } = glass;
  const isAtEnd = glass.toldUs !== undefined && x(glass.toldUs) > width - 110;
  const choose = (event: PointerEvent & { readonly currentTarget: SVGElement }): void => {
    const { left: begin } = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - begin - left) / (width - left - sizes.right);
    seek(axis.moment(Math.min(1, Math.max(0, share)) * axis.length));
  };
  return (
    <div ref={place} class="time-line">
      <svg
        width={width}
        height={height}
        role="img"
        aria-label={`Who did what when: ${glass.asked}`}
        onPointerDown={choose}
        onPointerMove={(event) => event.buttons === 1 && choose(event)}
      >
        {glass.lanes.map((lane) => (
          <LaneDrawing key={lane.id} lane={lane} canvas={canvas} />
        ))}
        <Gaps glass={glass} canvas={canvas} />
        {glass.toldUs !== undefined && (
          <g class="told">
            <line x1={x(glass.toldUs)} y1={sizes.head - 4} x2={x(glass.toldUs)} y2={height} />
            <text
              x={x(glass.toldUs) + (isAtEnd ? -8 : 8)}
              y={12}
              text-anchor={isAtEnd ? 'end' : 'start'}
            >
              reply {durationText(glass.toldUs - glass.fromUs)}
            </text>
          </g>
        )}
        {glass.spans.map((span, index) => (
          <SpanDrawing key={index} span={span} canvas={canvas} atUs={atUs} />
        ))}
        {glass.journeys.map((journey, index) => (
          <JourneyDrawing key={index} journey={journey} canvas={canvas} atUs={atUs} />
        ))}
        {glass.moments.map((moment, index) => (
          <MomentDrawing key={index} moment={moment} canvas={canvas} atUs={atUs} />
        ))}
        <g class="cursor">
          <line x1={x(atUs)} y1={8} x2={x(atUs)} y2={height} />
          <path d={`M${x(atUs) - 5},2h10l-5,8Z`} />
        </g>
      </svg>
    </div>
  );
}

function canvasOf({ lanes, axis }: Glass, width: number): Canvas {
  const left = width < narrow ? 92 : 132;
  const middles = new Map<string, number>();
  let bottom: number = sizes.head;
  for (const { id, role } of lanes) {
    const height = role === 'disk' ? sizes.disk : sizes.lane;
    middles.set(id, bottom + height / 2);
    bottom += height;
  }
  return {
    left,
    width,
    height: bottom + sizes.foot,
    x: (atUs) => left + ((width - left - sizes.right) * axis.drawn(atUs)) / axis.length,
    y: (lane) => middles.get(lane),
  };
}

function LaneDrawing({ lane, canvas }: { readonly lane: Lane; readonly canvas: Canvas }) {
  const { id, title, role } = lane;
  const y = canvas.y(id) ?? 0;
  const isNode = role !== 'disk' && role !== 'network' && role !== 'client';
  return (
    <g class={`lane ${role}`}>
      <line x1={canvas.left} y1={y} x2={canvas.width} y2={y} />
      {isNode && <Form id={id} y={y - 12} />}
      <text
        class="title"
        x={role === 'client' || role === 'network' ? 2 : 18}
        y={isNode ? y - 1 : y + 4}
      >
        {title}
      </text>
      {isNode && (
        <text class="role" x={18} y={y + 12}>
          {role}
        </text>
      )}
    </g>
  );
}

function Form({ id, y }: { readonly id: string; readonly y: number }) {
  const { token, form } = nodeMarks.of(id);
  const style = { fill: `var(${token})` };
  return <path style={style} transform={`translate(2,${y}) scale(0.75)`} d={formPaths[form]} />;
}

function Gaps({ glass, canvas }: { readonly glass: Glass; readonly canvas: Canvas }) {
  return (
    <>
      {glass.axis.gaps.map(({ fromUs, toUs }) => {
        const [from, to] = [canvas.x(fromUs), canvas.x(toUs)];
        return (
          <g key={fromUs} class="gap">
            <rect x={from} y={sizes.head} width={to - from} height={canvas.height - sizes.head} />
            {to - from > 56 && (
              <text x={(from + to) / 2} y={canvas.height - 6} text-anchor="middle">
                {durationText(toUs - fromUs)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

interface Drawn {
  readonly canvas: Canvas;
  readonly atUs: number;
}

function SpanDrawing({ span, canvas, atUs }: Drawn & { readonly span: Span }) {
  const y = canvas.y(span.lane);
  if (y === undefined) return null;
  const from = canvas.x(span.fromUs);
  const to = span.toUs === undefined ? canvas.width - sizes.right : canvas.x(span.toUs);
  const half = { request: 9, waiting: 9, disk: 7, message: 4 }[span.kind];
  const isToCome = span.fromUs > atUs ? ' to-come' : '';
  const isOpen = span.toUs === undefined ? ' open' : '';
  return (
    <rect
      class={`span ${span.kind}${isOpen}${isToCome}`}
      x={from}
      y={y - half}
      width={Math.max(2, to - from)}
      height={2 * half}
      rx={2}
    >
      <title>
        {span.text}
        {span.toUs !== undefined && `, ${durationText(span.toUs - span.fromUs)}`}
      </title>
    </rect>
  );
}

function JourneyDrawing({ journey, canvas, atUs }: Drawn & { readonly journey: Journey }) {
  const { from, to, sentUs, arrivedUs, isAnswer, isUnawaited } = journey;
  const isLost = arrivedUs === undefined && isUnawaited !== true;
  const [y, toY] = [canvas.y(from), canvas.y(to)];
  if (y === undefined || toY === undefined || sentUs > atUs) return null;
  const look = `journey${isAnswer ? ' answer' : ''}${isLost ? ' lost' : ''}`;
  const [x, toX] = [canvas.x(sentUs), canvas.x(Math.min(atUs, arrivedUs ?? sentUs))];
  const share =
    arrivedUs === undefined || arrivedUs === sentUs
      ? 1
      : (Math.min(atUs, arrivedUs) - sentUs) / (arrivedUs - sentUs);
  const endY = y + (toY - y) * (arrivedUs === undefined ? 0.5 : share);
  return (
    <Fragment>
      <line class={look} x1={x} y1={y} x2={toX} y2={endY} />
      {share < 1 && <circle class="dot" cx={toX} cy={endY} r={4} />}
    </Fragment>
  );
}

function MomentDrawing({ moment, canvas, atUs }: Drawn & { readonly moment: Moment }) {
  const { note, text, lane } = moment;
  const y = canvas.y(lane);
  if (y === undefined || note.kind !== 'step' || lane === networkLane) return null;
  const x = canvas.x(note.atUs);
  const look = `moment ${note.what}${note.atUs > atUs ? ' to-come' : ''}`;
  return (
    <path class={look} d={shapeOf(note.what, x, y)}>
      <title>{text}</title>
    </path>
  );
}

/** Told apart by form as well as by colour. */
function shapeOf(what: string, x: number, y: number): string {
  switch (what) {
    case 'verdict':
      return `M${x},${y - 8}l7,8l-7,8l-7,-8Z`;
    case 'replied':
      return `M${x - 6},${y - 7}h12l-6,13Z`;
    case 'fallback':
    case 'hintOwed':
    case 'handedOff':
      return `M${x - 5},${y - 5}h10v10h-10Z`;
    case 'refused':
    case 'outOfReach':
      return `M${x - 5},${y - 7}l5,5l5,-5l2,2l-5,5l5,5l-2,2l-5,-5l-5,5l-2,-2l5,-5l-5,-5Z`;
    default:
      return `M${x - 4},${y}a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z`;
  }
}
