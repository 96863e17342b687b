/** Goes through a film: plays it, steps, slides, jumps to what went wrong. */
import { useEffect } from 'preact/hooks';
import type { NameOf } from '../../parts/names.js';
import { noteText } from '../../parts/note-text.js';
import { Transport } from '../../parts/transport.tsx';
import type { Player } from '../../source.js';
import { markFrom, noteCountAt, type Film, type Mark } from './film.js';
import { secondsText } from './shown.js';

export interface FilmControlsProps {
  readonly film: Film;
  readonly player: Player;
  readonly title: string;
  readonly nameOf: NameOf;
}

const speeds = [0.0001, 0.001, 0.01, 0.1, 0.5, 1, 2, 5, 20].map((speed) => ({
  speed,
  text: speed < 1 ? `1/${Math.round(1 / speed)}` : `${speed}×`,
}));

/** The slider's own parts: finer than any screen. */
const parts = 10_000;

function isTrouble({ kind }: Mark): boolean {
  return kind === 'fault' || kind === 'violated';
}

export function FilmControls({ film, player, title, nameOf }: FilmControlsProps) {
  const { fromUs, toUs } = film;
  const { atUs } = player;
  const seek = (to: number | undefined): void => {
    player.pause();
    if (to !== undefined) player.seek(to);
  };
  const jump = (way: 'back' | 'forth'): void =>
    seek(markFrom(film, { atUs, way, wanted: isTrouble })?.atUs);
  useEffect(() => () => player.pause(), [player]);
  return (
    <div class="card stack film-controls">
      <div class="row">
        <Transport
          isPlaying={player.isPlaying}
          speed={player.speed}
          speeds={speeds}
          toStart={() => seek(fromUs)}
          back={() => seek(timeBefore(film, atUs))}
          forth={() => seek(film.notes[noteCountAt(film, atUs)]?.atUs)}
          play={() => player.play()}
          pause={() => player.pause()}
          setSpeed={(speed) => player.setSpeed(speed)}
        />
        <button type="button" onClick={() => jump('back')}>
          ⇤ Fault
        </button>
        <button type="button" onClick={() => jump('forth')}>
          Fault ⇥
        </button>
        <span class="spacer" />
        <output class="mono">{secondsText(film, atUs)}</output>
      </div>
      <div class="slider">
        <Density film={film} atUs={atUs} nameOf={nameOf} />
        <input
          type="range"
          aria-label={`Time of ${title}`}
          aria-valuetext={secondsText(film, atUs)}
          min={0}
          max={parts}
          value={Math.round(((atUs - fromUs) / (toUs - fromUs)) * parts)}
          onInput={(event) =>
            seek(fromUs + (Number(event.currentTarget.value) / parts) * (toUs - fromUs))
          }
        />
      </div>
    </div>
  );
}

function timeBefore(film: Film, atUs: number): number {
  return film.notes[noteCountAt(film, atUs - 1) - 1]?.atUs ?? film.fromUs;
}

interface DensityProps {
  readonly film: Film;
  readonly atUs: number;
  readonly nameOf: NameOf;
}

/** How much happens when; faults as bars below, broken promises across. */
function Density({ film, atUs, nameOf }: DensityProps) {
  const { density, fromUs, toUs, faults, marks } = film;
  const x = (time: number): number => ((time - fromUs) / (toUs - fromUs)) * density.length;
  const path = density
    .map((share, index) => (share > 0 ? `M${index + 0.5},30v${-2 - 26 * Math.sqrt(share)}` : ''))
    .join('');
  return (
    <svg viewBox={`0 0 ${density.length} 40`} preserveAspectRatio="none" aria-hidden="true">
      <path class="density" d={path} />
      {faults.map((fault, index) => (
        <rect
          key={index}
          class={`fault${fault.fromUs <= atUs && atUs <= fault.toUs ? ' on' : ''}`}
          x={x(fault.fromUs)}
          y={32}
          width={Math.max(1.5, x(fault.toUs) - x(fault.fromUs))}
          height={5}
        />
      ))}
      {marks.map(
        (mark) =>
          mark.kind === 'violated' && (
            <rect key={mark.atUs} class="violated" x={x(mark.atUs) - 1} width={2} height={40}>
              <title>{noteText(mark, nameOf)}</title>
            </rect>
          ),
      )}
      <rect class="now" x={x(atUs) - 0.5} width={1} height={40} />
    </svg>
  );
}
