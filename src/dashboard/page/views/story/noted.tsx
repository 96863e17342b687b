/** What the nodes have noted lately, in their own words. */
import { useMemo } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { Note } from '../../../wire.js';
import type { PageStore } from '../../page-store.js';
import { clockText } from '../../parts/clock-text.js';
import { NodeBadge } from '../../parts/node-badge.tsx';

export function Noted({ store }: { readonly store: PageStore }) {
  const next = store.notes.next;
  const told = useMemo(() => lastTold(store.notes.since(store.notes.first)), [store, next]);
  return (
    <section aria-labelledby="story-noted" class="card">
      <h3 id="story-noted">What the nodes noted</h3>
      {told.length === 0 && <p class="quiet">Nothing yet.</p>}
      <ol class="noted">
        {told.map((note) => (
          <li key={`${note.atUs} ${note.node} ${note.text}`}>
            <time class="quiet mono">{clockText(note.atUs / 1000)}</time>
            <strong>{note.node === '' ? 'you' : <NodeBadge id={note.node} />}</strong>
            <span>{note.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

type ToldNote = Extract<Note, { kind: 'event' | 'fault' }>;

/** The latest first. */
function lastTold(notes: readonly Note[]): ToldNote[] {
  const told: ToldNote[] = [];
  for (let i = notes.length - 1; i >= 0 && told.length < dashboardLimits.storyNotesMax; i--) {
    const note = notes[i]!;
    if (note.kind === 'event' || note.kind === 'fault') told.push(note);
  }
  return told.sort((a, b) => b.atUs - a.atUs);
}
