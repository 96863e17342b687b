/** A trace file, looked through: a seed of the simulator, or what nodes have noted. */
import './replay.css';
import { useMemo, useState } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import { usePage, useStore } from '../../page.js';
import { namesOf } from '../../parts/names.js';
import { durationText } from '../../parts/note-text.js';
import { bytesText } from '../../parts/quantity.js';
import type { Player } from '../../source.js';
import type { NodePicture } from '../../../wire.js';
import { FilmControls } from './film-controls.tsx';
import { filmOf, type Film } from './film.js';
import { FilmSequence, windowsUs } from './film-sequence.tsx';
import { Marks } from './marks.tsx';
import { NodePanel } from './node-panel.tsx';
import { NotesAround } from './notes-around.tsx';
import { Saving } from './saving.tsx';
import { StageDrawing } from './stage-drawing.tsx';

export function ReplayView() {
  const { source, picture } = useStore();
  const { player } = source;
  return (
    <section class="stack replay" aria-labelledby="replay-view">
      <h2 id="replay-view" class={player === undefined ? '' : 'only-read'}>
        Replay
      </h2>
      {player === undefined ? (
        <NoFile />
      ) : (
        <Played player={player} nodes={picture?.nodes ?? []} title={source.title} />
      )}
    </section>
  );
}

function NoFile() {
  const page = usePage();
  const isLive = page.store.source.cluster !== undefined;
  return (
    <div class="card stack no-file">
      <p>
        Drop a trace file anywhere on the page, or choose one, of up to{' '}
        {bytesText(dashboardLimits.traceFileBytesMax)}. The simulator writes them, of any seed and
        any scenario:
      </p>
      <pre class="scroll">
        npm run simulate -- --seed 7 --trace-file seed-7.jsonl{'\n'}
        npm run simulate -- --seed 7 --view
      </pre>
      <label class="row">
        A trace file
        <input
          type="file"
          accept=".jsonl,.ndjson,.json,.txt"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            if (file !== undefined) page.take(file);
          }}
        />
      </label>
      {isLive && (
        <p>
          <a href="/api/trace-file" download>
            Save what the nodes have noted lately
          </a>{' '}
          as such a file, to be looked through as slowly as one likes.
        </p>
      )}
    </div>
  );
}

interface PlayedProps {
  readonly player: Player;
  readonly nodes: readonly NodePicture[];
  readonly title: string;
}

function Played({ player, nodes, title }: PlayedProps) {
  const film = useMemo(() => filmOf(player.notes), [player]);
  const ids = nodes.map(({ id, name }) => `${id} ${name}`).join();
  const nameOf = useMemo(() => namesOf(nodes), [ids]);
  const [chosen, choose] = useState('');
  const [isSequence, setSequence] = useState(false);
  const [windowUs, setWindow] = useState(10_000);
  const clients = useMemo(() => clientsOf(film, nodes), [film, ids]);
  const shown = { film, nodes, clients, nameOf, atUs: player.atUs };
  return (
    <>
      <Violated film={film} player={player} />
      <FilmControls film={film} player={player} title={title} nameOf={nameOf} />
      <div class="screen">
        <div class="stack">
          <div class="row" role="group" aria-label="How it is drawn">
            <button
              type="button"
              aria-pressed={isSequence ? 'false' : 'true'}
              onClick={() => setSequence(false)}
            >
              Nodes
            </button>
            <button
              type="button"
              aria-pressed={isSequence ? 'true' : 'false'}
              onClick={() => setSequence(true)}
            >
              Sequence
            </button>
            <label class="row small">
              The last
              <select
                value={windowUs}
                onChange={(event) => setWindow(Number(event.currentTarget.value))}
              >
                {windowsUs.map((us) => (
                  <option key={us} value={us}>
                    {durationText(us)}
                  </option>
                ))}
              </select>
            </label>
            <Saving saved={{ shown, fromUs: player.atUs - windowUs }} />
          </div>
          {isSequence ? (
            <FilmSequence {...shown} windowUs={windowUs} />
          ) : (
            <StageDrawing {...shown} speed={player.speed} chosen={chosen} choose={choose} />
          )}
        </div>
        <div class="stack">
          <Marks film={film} player={player} nameOf={nameOf} />
          <NodePanel {...shown} chosen={chosen} choose={choose} />
        </div>
      </div>
      <NotesAround film={film} player={player} nameOf={nameOf} />
    </>
  );
}

/** Those that ask for something; where nobody says so, all that are no nodes. */
function clientsOf(film: Film, nodes: readonly NodePicture[]): string[] {
  const ids = new Set(nodes.map(({ id }) => id));
  const others = film.actors.filter((actor) => !ids.has(actor));
  const asking = others.filter((actor) => film.asking.has(actor));
  return (asking.length === 0 ? others : asking).slice(0, dashboardLimits.filmClientsMax);
}

function Violated({ film, player }: { readonly film: Film; readonly player: Player }) {
  const { violated } = film;
  const [first] = violated;
  if (first === undefined) return null;
  const isPast = player.atUs >= first.atUs;
  return (
    <p class={`notice violated${isPast ? ' past' : ''}`}>
      <strong>✕ {first.rule}</strong>
      <span>{first.text}</span>
      <button
        type="button"
        onClick={() => {
          player.pause();
          player.seek(first.atUs);
        }}
      >
        Show the moment
      </button>
      {violated.length > 1 && <span class="quiet">{violated.length - 1} more after it</span>}
    </p>
  );
}
