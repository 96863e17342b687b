/** Every note of a film, at the moment that is looked at; of one kind or all. */
import { useMemo, useState } from 'preact/hooks';
import type { Note } from '../../../wire.js';
import type { NameOf } from '../../parts/names.js';
import { noteText } from '../../parts/note-text.js';
import { firstWhere } from '../../parts/sorted.js';
import { WindowList } from '../../parts/window-list.tsx';
import type { Player } from '../../source.js';
import type { Film } from './film.js';
import { secondsText } from './shown.js';

export interface NotesAroundProps {
  readonly film: Film;
  readonly player: Player;
  readonly nameOf: NameOf;
}

const kinds: readonly (Note['kind'] | 'all')[] = [
  'all',
  'chart',
  'message',
  'disk',
  'step',
  'event',
];

export function NotesAround({ film, player, nameOf }: NotesAroundProps) {
  const [kind, setKind] = useState<Note['kind'] | 'all'>('all');
  const [word, setWord] = useState('');
  const notes = useMemo(
    () => film.notes.filter((note) => isWanted(note, { kind, word, nameOf })),
    [film, kind, word, nameOf],
  );
  return (
    <section class="stack" aria-labelledby="film-notes">
      <div class="row">
        <h3 id="film-notes">{notes.length.toLocaleString()} notes</h3>
        <label class="row small">
          of
          <select
            value={kind}
            onChange={(event) =>
              setKind(kinds.find((one) => one === event.currentTarget.value) ?? 'all')
            }
          >
            {kinds.map((one) => (
              <option key={one} value={one}>
                {one === 'all' ? 'all kinds' : one}
              </option>
            ))}
          </select>
        </label>
        <label class="row small">
          with
          <input
            type="search"
            placeholder="n1, merge, putRound …"
            onChange={(event) => setWord(event.currentTarget.value.trim())}
          />
        </label>
      </div>
      <WindowList
        label="Notes"
        count={notes.length}
        current={firstWhere(notes, (note) => note.atUs > player.atUs) - 1}
        choose={(index) => {
          player.pause();
          player.seek(notes[index]!.atUs);
        }}
        row={(index) => {
          const note = notes[index]!;
          const text = noteText(note, nameOf);
          return {
            look: `${note.kind} mono-time`,
            title: text,
            text: (
              <>
                <span class="time">{secondsText(film, note.atUs)}</span>
                <span class="who">{nameOf(note.node) || 'world'}</span>
                <span class="what">{text}</span>
              </>
            ),
          };
        }}
      />
    </section>
  );
}

function isWanted(
  note: Note,
  { kind, word, nameOf }: { kind: Note['kind'] | 'all'; word: string; nameOf: NameOf },
): boolean {
  if (kind !== 'all' && note.kind !== kind) return false;
  if (word === '') return true;
  return nameOf(note.node) === word || noteText(note, nameOf).includes(word);
}
