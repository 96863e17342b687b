/** Everything that a run notes, from the moment at which its cluster is there. */
import type { Note } from '../../../src/insight/notes.js';
import type { SimCluster } from '../cluster/sim-cluster.js';
import { noteCharts } from './chart-notes.js';
import { LifeNotes } from './life-notes.js';
import { Marking } from './marking.js';
import { messageNotes } from './message-notes.js';
import { hearInsight, RoundNames } from './node-notes.js';
import { NoteBook } from './note-book.js';

type Untimed = Note extends infer N ? (N extends Note ? Omit<N, 'atUs'> : never) : never;

/** It changes nothing but which requests are traced: the run is the same without it. */
export function watchRun(cluster: SimCluster): NoteBook {
  const { scheduler, trace, violations, nats, marks } = cluster;
  const book = new NoteBook(() => cluster.nodes);
  const note = (untimed: Untimed): void => book.add({ ...untimed, atUs: scheduler.nowUs });
  const lives = new LifeNotes(new Marking(marks, () => scheduler.nowUs));
  trace.onAdded = (who, what) => {
    const found = lives.of(who, what);
    if (found !== undefined) note(found);
  };
  violations.onAdded = ({ rule, what }) => note({ kind: 'violated', node: '', rule, text: what });
  const messages = messageNotes((name) => book.named(name), note);
  nats.onSent.push((from, publication) => messages.sent(from, publication));
  nats.onHanded.push((handed) => messages.handed(handed));
  cluster.onNode(({ name, disk }) => {
    disk.onDone = (work) => note({ kind: 'disk', node: name, ...work });
  });
  const rounds = new RoundNames();
  cluster.onComposed = ({ name }, product) => {
    noteCharts(product, (chart) => note({ ...chart, node: name }));
    hearInsight(product, (own) => {
      const timed = { ...own, node: name, atUs: scheduler.nowUs };
      // The observer of charts is not told of rounds under the glass.
      if (timed.kind === 'chart') book.add({ ...timed, instance: rounds.of(timed) });
      else if (!isSaidAlready(timed)) book.add(timed);
    });
  };
  return book;
}

/** Messages are seen where they pass, with both their ends; processes where they are started. */
function isSaidAlready(note: Note): boolean {
  if (note.kind === 'message') return true;
  return note.kind === 'event' && (note.what === 'start' || note.what === 'stop');
}
