/** One request, gone through moment by moment. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { NodeLabel, Note } from '../../../wire.js';
import { download } from '../../parts/download.js';
import { namesOf } from '../../parts/names.js';
import { durationText } from '../../parts/note-text.js';
import { perfettoOf } from '../../parts/perfetto.js';
import { speedBeside, usePlayKeys } from '../../parts/play-keys.js';
import { usePlayback, type Playback } from '../../parts/playback.js';
import { traceText } from '../../parts/trace-text.js';
import { Transport } from '../../parts/transport.tsx';
import { WindowList } from '../../parts/window-list.tsx';
import { ChartsBeside } from './charts-beside.tsx';
import { detailText, glassOf, momentAt, type Glass } from './glass.js';
import { sceneOf } from './scene.js';
import { SequenceDrawing } from './sequence-drawing.tsx';
import { sequenceLayoutOf, sequenceSvg } from './sequence.js';
import { TimeLine } from './time-line.tsx';

export interface GlassViewProps {
  readonly id: string;
  readonly notes: readonly Note[];
  readonly nodes: readonly NodeLabel[];
}

const speeds = [
  { speed: 0.0625, text: '1/16' },
  { speed: 0.25, text: '¼' },
  { speed: 0.5, text: '½' },
  { speed: 1, text: '1' },
  { speed: 2, text: '2' },
];

export function GlassView({ id, notes, nodes }: GlassViewProps) {
  const glass = useMemo(() => glassOf(notes, namesOf(nodes)), [notes, nodes]);
  if (glass === undefined) return <p class="quiet">Nobody has noted anything of {id}.</p>;
  return <Glassed id={id} glass={glass} notes={notes} nodes={nodes} />;
}

function Glassed({ id, glass, notes, nodes }: GlassViewProps & { readonly glass: Glass }) {
  const playback = usePlayback(glass.axis, id);
  const [isSequence, setSequence] = useState(false);
  const { atUs, seek } = playback;
  const layout = useMemo(() => sequenceLayoutOf(glass), [glass]);
  const place = useBroughtIntoView(id);
  return (
    <article ref={place} class="stack glass" aria-labelledby="glass-title">
      <header class="row">
        <h3 id="glass-title">{glass.asked}</h3>
        <span class="told">
          {glass.toldUs === undefined
            ? 'not answered yet'
            : `${glass.told} after ${durationText(glass.toldUs - glass.fromUs)}`}
        </span>
      </header>
      <Controls glass={glass} playback={playback} />
      <div class="row" role="group" aria-label="How it is drawn">
        <Choice text="Time line" isOn={!isSequence} choose={() => setSequence(false)} />
        <Choice text="Sequence" isOn={isSequence} choose={() => setSequence(true)} />
        <span class="spacer" />
        <Export
          text="SVG"
          make={() => download(`${id}.svg`, 'image/svg+xml', sequenceSvg(layout, glass.fromUs))}
        />
        <Export
          text="Perfetto"
          make={() => download(`${id}.json`, 'application/json', perfettoOf(sceneOf(glass), id))}
        />
        <Export
          text="Trace file"
          make={() => download(`${id}.jsonl`, 'application/jsonl', traceText(nodes, notes))}
        />
      </div>
      {isSequence ? (
        <SequenceDrawing glass={glass} layout={layout} atUs={atUs} seek={seek} />
      ) : (
        <TimeLine glass={glass} atUs={atUs} seek={seek} />
      )}
      <div class="beside">
        <Moments glass={glass} playback={playback} />
        <ChartsBeside glass={glass} atUs={atUs} />
      </div>
    </article>
  );
}

/** Where there is little room it stands below what it was chosen from. */
function useBroughtIntoView(id: string) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    const { current } = place;
    if (current !== null && current.getBoundingClientRect().top > innerHeight / 2)
      current.scrollIntoView();
  }, [id]);
  return place;
}

function Choice(props: {
  readonly text: string;
  readonly isOn: boolean;
  readonly choose: () => void;
}) {
  return (
    <button type="button" aria-pressed={props.isOn ? 'true' : 'false'} onClick={props.choose}>
      {props.text}
    </button>
  );
}

function Export({ text, make }: { readonly text: string; readonly make: () => void }) {
  return (
    <button type="button" class="small" title={`Save as a file: ${text}`} onClick={make}>
      ↓ {text}
    </button>
  );
}

interface Gone {
  readonly glass: Glass;
  readonly playback: Playback;
}

function Controls({ glass, playback }: Gone) {
  const { atUs, isPlaying, speed, seek, play, pause, setSpeed } = playback;
  const current = momentAt(glass, atUs);
  const go = (to: number): void => seek(glass.moments[to]?.atUs ?? glass.fromUs);
  /** Several may have happened at one moment. */
  const forth = (): void =>
    seek(glass.moments.find((moment) => moment.atUs > atUs)?.atUs ?? glass.toUs);
  const back = (): void =>
    seek(glass.moments.findLast((moment) => moment.atUs < atUs)?.atUs ?? glass.fromUs);
  usePlayKeys({
    toggle: isPlaying ? pause : play,
    back,
    forth,
    toStart: () => seek(glass.fromUs),
    toEnd: () => seek(glass.toUs),
    slower: () => setSpeed(speedBeside(speeds, speed, -1)),
    faster: () => setSpeed(speedBeside(speeds, speed, 1)),
  });
  return (
    <div class="row controls">
      <Transport
        isPlaying={isPlaying}
        speed={speed}
        speeds={speeds}
        toStart={() => seek(glass.fromUs)}
        back={back}
        forth={forth}
        play={play}
        pause={pause}
        setSpeed={setSpeed}
      />
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={glass.moments[current]?.text ?? 'before all'}
        min={0}
        max={glass.moments.length - 1}
        value={current}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <output class="mono small">+{durationText(atUs - glass.fromUs)}</output>
    </div>
  );
}

function Moments({ glass, playback }: Gone) {
  const current = momentAt(glass, playback.atUs);
  const { moments, lanes, fromUs, toldUs } = glass;
  const names = useMemo(() => new Map(lanes.map(({ id, title }) => [id, title])), [lanes]);
  const note = moments[current]?.note;
  const detail = note !== undefined && 'detail' in note ? detailText(note.detail) : '';
  return (
    <section class="stack" aria-label="Moments">
      <WindowList
        label="What happened"
        count={moments.length}
        current={current}
        choose={(index) => playback.seek(moments[index]!.atUs)}
        row={(index) => {
          const { text, lane, atUs, note } = moments[index]!;
          const isAfter = toldUs !== undefined && atUs > toldUs;
          return {
            look: `${note.kind}${note.kind === 'step' ? '' : ' quiet'}${isAfter ? ' after' : ''}`,
            title: `${names.get(lane) ?? lane} ${text}`,
            text: (
              <>
                <span class="time">+{durationText(atUs - fromUs)}</span>
                <span class="who">{names.get(note.node) ?? note.node}</span>
                <span class="what">{text}</span>
              </>
            ),
          };
        }}
      />
      {detail !== '' && <pre class="scroll detail small">{detail}</pre>}
    </section>
  );
}
