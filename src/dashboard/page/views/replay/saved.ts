/** The moments of a film that are on the screen, to be saved: as a file, a trace, a drawing. */
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { ChartNote, NodeLabel, Note } from '../../../wire.js';
import { noteText } from '../../parts/note-text.js';
import { perfettoOf } from '../../parts/perfetto.js';
import { traceText } from '../../parts/trace-text.js';
import { sequenceLayoutOf, sequenceSvg } from '../request/sequence.js';
import { journeysBetween, noteCountAt, type Film } from './film.js';
import type { Shown } from './shown.js';

export interface Saved {
  readonly shown: Shown;
  readonly fromUs: number;
}

export function savedTrace({ shown, fromUs }: Saved): string {
  return traceText(shown.nodes, notesIn(shown, fromUs));
}

export function savedPerfetto({ shown, fromUs }: Saved): string {
  const { film, atUs, nameOf } = shown;
  const notes = notesIn(shown, fromUs);
  const scene = {
    who: whoIn(shown),
    moments: notes.map((note) => ({ note, text: noteText(note, nameOf) })),
    charts: chartsIn(film, { fromUs, toUs: atUs }),
    journeys: journeysBetween(film, { from: fromUs, to: atUs, most: Number.POSITIVE_INFINITY }),
    toUs: atUs,
  };
  return perfettoOf(scene, `${fromUs} to ${atUs} µs`);
}

export function savedSvg({ shown, fromUs }: Saved): string {
  const { film, atUs, nameOf, clients } = shown;
  const most = dashboardLimits.savedMessagesMax;
  const steps = notesIn(shown, fromUs).filter(({ kind }) => kind === 'step');
  const layout = sequenceLayoutOf({
    lanes: whoIn(shown).map(({ id, title }) => {
      const role = clients.includes(id) ? 'client' : 'node';
      return { id, title, role };
    }),
    journeys: journeysBetween(film, { from: fromUs, to: atUs, most }),
    moments: steps.slice(-most).map((note) => ({
      atUs: note.atUs,
      lane: note.node,
      note,
      text: noteText(note, nameOf),
    })),
    asked: '',
  });
  return sequenceSvg(layout, fromUs);
}

function whoIn({ nodes, clients, nameOf }: Shown): { id: string; title: string }[] {
  return [
    ...clients.map((id) => ({ id, title: nameOf(id) })),
    ...nodes.map(({ id, name }: NodeLabel) => ({ id, title: name })),
  ];
}

function notesIn({ film, atUs }: Shown, fromUs: number): readonly Note[] {
  return film.notes.slice(noteCountAt(film, fromUs - 1), noteCountAt(film, atUs));
}

/** Of each instance that lives then: where it was at the beginning, and what has become of it. */
function chartsIn(
  { instances, instanceIndex }: Film,
  { fromUs, toUs }: { readonly fromUs: number; readonly toUs: number },
): ChartNote[][] {
  const within = { from: fromUs, to: toUs, most: Number.POSITIVE_INFINITY };
  return instanceIndex.within(within).map((number) => {
    const { notes } = instances[number]!;
    const first = notes.findLastIndex(({ atUs }) => atUs <= fromUs);
    const shown = notes.slice(Math.max(0, first)).filter(({ atUs }) => atUs <= toUs);
    const begun = shown[0];
    if (begun !== undefined) shown[0] = { ...begun, atUs: Math.max(fromUs, begun.atUs) };
    return shown;
  });
}
