/** Buttons that go through time: to the beginning, back, play or pause, forth, how fast. */
export interface TransportProps {
  readonly isPlaying: boolean;
  readonly speed: number;
  readonly speeds: readonly { readonly speed: number; readonly text: string }[];
  readonly toStart: () => void;
  readonly back: () => void;
  readonly forth: () => void;
  readonly play: () => void;
  readonly pause: () => void;
  readonly setSpeed: (speed: number) => void;
}

export function Transport(props: TransportProps) {
  const { isPlaying, speed, speeds } = props;
  return (
    <div class="row" role="group" aria-label="Playing">
      <button type="button" aria-label="To the beginning" onClick={props.toStart}>
        ❘◀
      </button>
      <button type="button" aria-label="One step back" onClick={props.back}>
        ◀
      </button>
      <button
        type="button"
        class="primary"
        aria-label={isPlaying ? 'Pause' : 'Play'}
        onClick={isPlaying ? props.pause : props.play}
      >
        {isPlaying ? '❚❚ Pause' : '▶ Play'}
      </button>
      <button type="button" aria-label="One step forth" onClick={props.forth}>
        ▶❘
      </button>
      <label class="row small">
        Speed
        <select
          value={speed}
          onChange={(event) => props.setSpeed(Number(event.currentTarget.value))}
        >
          {speeds.map((one) => (
            <option key={one.speed} value={one.speed}>
              {one.text}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
