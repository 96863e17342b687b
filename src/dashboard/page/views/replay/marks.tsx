/** What one jumps to: faults, what happened to nodes, promises that did not hold. */
import { useMemo, useState } from 'preact/hooks';
import type { NameOf } from '../../parts/names.js';
import { noteText } from '../../parts/note-text.js';
import { firstWhere } from '../../parts/sorted.js';
import { WindowList } from '../../parts/window-list.tsx';
import type { Player } from '../../source.js';
import type { Film, Mark } from './film.js';
import { secondsText } from './shown.js';

export interface MarksProps {
  readonly film: Film;
  readonly player: Player;
  readonly nameOf: NameOf;
}

const signs: Readonly<Record<Mark['kind'], string>> = { fault: '⚡', event: '•', violated: '✕' };

export function Marks({ film, player, nameOf }: MarksProps) {
  const [hasEvents, setEvents] = useState(true);
  const marks = useMemo(
    () => film.marks.filter(({ kind }) => hasEvents || kind !== 'event'),
    [film, hasEvents],
  );
  return (
    <section class="stack" aria-labelledby="film-marks">
      <div class="row">
        <h3 id="film-marks">Faults and events</h3>
        <span class="spacer" />
        <label class="row small">
          <input
            type="checkbox"
            checked={hasEvents}
            onChange={(event) => setEvents(event.currentTarget.checked)}
          />
          what befalls nodes
        </label>
      </div>
      <WindowList
        label="Jump to"
        count={marks.length}
        current={firstWhere(marks, (mark) => mark.atUs > player.atUs) - 1}
        choose={(index) => {
          player.pause();
          player.seek(marks[index]!.atUs);
        }}
        row={(index) => {
          const mark = marks[index]!;
          const text = noteText(mark, nameOf);
          return {
            look: mark.kind,
            title: text,
            text: (
              <>
                <span class="time">{secondsText(film, mark.atUs).replace(/\d{3} s$/, ' s')}</span>
                <span aria-hidden="true">{signs[mark.kind]}</span>
                <span class="what">
                  {mark.node !== '' && <strong>{nameOf(mark.node)} </strong>}
                  {text}
                </span>
              </>
            ),
          };
        }}
      />
    </section>
  );
}
