/** Goes through a film: plays it, steps, slides, jumps to what went wrong. */
import { useMemo } from 'preact/hooks';
import type { NameOf } from '../../parts/names.js';
import { noteText } from '../../parts/note-text.js';
import { speedBeside, usePlayKeys } from '../../parts/play-keys.js';
import { Transport } from '../../parts/transport.tsx';
import type { Player } from '../../source.js';
import { faultsAt, markFrom, noteCountAt, type Film, type Mark, type Trouble } from './film.js';
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
  const back = (): void => seek(timeBefore(film, atUs));
  const forth = (): void => seek(film.notes[noteCountAt(film, atUs)]?.atUs);
  const go = (by: 1 | -1): void => player.setSpeed(speedBeside(speeds, player.speed, by));
  usePlayKeys({
    toggle: () => (player.isPlaying ? player.pause() : player.play()),
    back,
    forth,
    toStart: () => seek(fromUs),
    toEnd: () => seek(toUs),
    slower: () => go(-1),
    faster: () => go(1),
    previous: () => jump('back'),
    next: () => jump('forth'),
  });
  return (
    <div class="card stack film-controls">
      <div class="row">
        <Transport
          isPlaying={player.isPlaying}
          speed={player.speed}
          speeds={speeds}
          toStart={() => seek(fromUs)}
          back={back}
          forth={forth}
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
  const { density, fromUs, toUs } = film;
  const x = (time: number): number => ((time - fromUs) / (toUs - fromUs)) * density.length;
  // The same element as before is not compared with itself at every frame.
  const still = useMemo(() => <Still film={film} x={x} nameOf={nameOf} />, [film, nameOf]);
  return (
    <svg viewBox={`0 0 ${density.length} 40`} preserveAspectRatio="none" aria-hidden="true">
      {still}
      {faultsAt(film, atUs).map((fault, index) => (
        <FaultBar key={index} fault={fault} x={x} look="fault on" />
      ))}
      <rect class="now" x={x(atUs) - 0.5} width={1} height={40} />
    </svg>
  );
}

interface Placed {
  readonly x: (atUs: number) => number;
}

function Still({ film, x, nameOf }: Placed & Pick<DensityProps, 'film' | 'nameOf'>) {
  const path = film.density
    .map((share, index) => (share > 0 ? `M${index + 0.5},30v${-2 - 26 * Math.sqrt(share)}` : ''))
    .join('');
  return (
    <>
      <path class="density" d={path} />
      {film.faults.slice(0, marksDrawn).map((fault, index) => (
        <FaultBar key={index} fault={fault} x={x} look="fault" />
      ))}
      {film.violated.slice(0, marksDrawn).map((mark, index) => (
        <rect key={index} class="violated" x={x(mark.atUs) - 1} width={2} height={40}>
          <title>{noteText(mark, nameOf)}</title>
        </rect>
      ))}
    </>
  );
}

/** More are a bar from end to end. */
const marksDrawn = 1_000;

function FaultBar({ fault, x, look }: Placed & { readonly fault: Trouble; readonly look: string }) {
  const { fromUs, toUs } = fault;
  const width = Math.max(1.5, x(toUs) - x(fromUs));
  return <rect class={look} x={x(fromUs)} y={32} width={width} height={5} />;
}
