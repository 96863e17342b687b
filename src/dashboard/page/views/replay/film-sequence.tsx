/** The last moments of a film as a sequence diagram: who sent whom what, time going down. */
import { useRef } from 'preact/hooks';
import { durationText } from '../../parts/note-text.js';
import { useWidth } from '../../parts/use-width.js';
import { endOf, journeysBetween } from './film.js';
import type { Shown } from './shown.js';

export const windowsUs = [500, 2_000, 10_000, 50_000, 250_000, 1_000_000];
const height = 460;
const head = 28;
const left = 64;
const arrowsShown = 300;
const textsShown = 40;

export interface FilmSequenceProps extends Shown {
  readonly windowUs: number;
}

export function FilmSequence({ film, nodes, clients, atUs, nameOf, windowUs }: FilmSequenceProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place, 640);
  const fromUs = atUs - windowUs;
  const names = [...new Set([...clients.slice(0, 12), ...nodes.map(({ name }) => name)])];
  const x = (name: string): number =>
    left + ((width - left) * (names.indexOf(name) + 0.5)) / Math.max(1, names.length);
  const y = (time: number): number =>
    head + ((height - head - 8) * Math.min(windowUs, Math.max(0, time - fromUs))) / windowUs;
  const journeys = journeysBetween(film, { from: fromUs, to: atUs, most: arrowsShown });
  return (
    <div ref={place} class="stack">
      {journeys.length === arrowsShown && (
        <p class="quiet small">the last {arrowsShown} messages of them</p>
      )}
      <svg class="film-sequence" width={width} height={height} role="img" aria-label="Messages">
        {names.map((name) => (
          <g key={name} class="column">
            <line x1={x(name)} y1={head} x2={x(name)} y2={height} />
            <text x={x(name)} y={16} text-anchor="middle">
              {name.slice(0, 8)}
            </text>
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75].map((share) => (
          <text key={share} class="time" x={2} y={y(fromUs + share * windowUs) + 4}>
            −{durationText((1 - share) * windowUs)}
          </text>
        ))}
        {journeys.map((journey, index) => {
          const { from, to, verb, isAnswer, sentUs, arrivedUs } = journey;
          const [fromX, toX] = [x(nameOf(from)), x(nameOf(to))];
          if (!names.includes(nameOf(from)) || !names.includes(nameOf(to))) return null;
          const [fromY, toY] = [y(sentUs), y(endOf(journey))];
          const look = `verb-${verb.replace(/\W/g, '')}${isAnswer ? ' answer' : ''}`;
          const end = arrivedUs === undefined ? (fromX + toX) / 2 : toX;
          return (
            <g key={index} class={`arrow ${look}${arrivedUs === undefined ? ' lost' : ''}`}>
              <line x1={fromX} y1={fromY} x2={end} y2={toY} />
              <circle cx={end} cy={toY} r={2.5} />
              {journeys.length <= textsShown && (
                <text x={(fromX + end) / 2} y={(fromY + toY) / 2 - 3} text-anchor="middle">
                  {verb}
                </text>
              )}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
