/** A request as a sequence diagram; what is to come is dimmed. */
import { durationText } from '../../parts/note-text.js';
import type { Glass } from './glass.js';
import type { PlacedRow, SequenceLayout } from './sequence.js';

export interface SequenceDrawingProps {
  readonly glass: Glass;
  readonly layout: SequenceLayout;
  readonly atUs: number;
  readonly seek: (atUs: number) => void;
}

export function SequenceDrawing({ glass, layout, atUs, seek }: SequenceDrawingProps) {
  const { width, height, columns, rows } = layout;
  return (
    <div class="scroll sequence">
      <svg width={width} height={height} role="img" aria-label={`Sequence of ${glass.asked}`}>
        <defs>
          <marker
            id="sequence-tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            orient="auto"
          >
            <path class="tip" d="M0,0L8,4L0,8Z" />
          </marker>
        </defs>
        {columns.map(({ lane, x }) => (
          <g key={lane.id} class={`lane ${lane.role}`}>
            <line x1={x} y1={36} x2={x} y2={height} />
            <text class="title" x={x} y={16} text-anchor="middle">
              {lane.title}
            </text>
            {lane.role !== lane.title && (
              <text class="role" x={x} y={30} text-anchor="middle">
                {lane.role}
              </text>
            )}
          </g>
        ))}
        {rows.map((row, index) => (
          <Row key={index} row={row} fromUs={glass.fromUs} isToCome={row.atUs > atUs} seek={seek} />
        ))}
      </svg>
    </div>
  );
}

interface RowProps {
  readonly row: PlacedRow;
  readonly fromUs: number;
  readonly isToCome: boolean;
  readonly seek: (atUs: number) => void;
}

function Row({ row, fromUs, isToCome, seek }: RowProps) {
  const { x, toX, y, text, look, atUs } = row;
  const isAlone = toX === undefined || toX === x;
  return (
    <g class={`step ${look}${isToCome ? ' to-come' : ''}`} onClick={() => seek(atUs)}>
      <text class="time" x={4} y={y + 4}>
        +{durationText(atUs - fromUs)}
      </text>
      {isAlone ? (
        <circle cx={x} cy={y} r={4} />
      ) : (
        <line x1={x} y1={y} x2={toX} y2={y} marker-end="url(#sequence-tip)" />
      )}
      <text
        x={isAlone ? x + 9 : (x + toX) / 2}
        y={isAlone ? y + 4 : y - 4}
        text-anchor={isAlone ? 'start' : 'middle'}
      >
        {text}
      </text>
    </g>
  );
}
