/**
 * The notes of a run, as a trace file. Nodes go by names in the simulator and by ids in the file: a
 * node knows its id once it has read its disk, and what was noted of it before is filed then.
 */
import type { Note, TracedNode } from '../../../src/insight/notes.js';
import { headLine, noteLine } from '../../../src/insight/note-writer.js';
import type { SimNode } from '../cluster/sim-node.js';

/** What a run notes at most: what comes later is counted. */
const notesMax = 900_000;

/** Beside the name of a node whose directory was wiped it has its id. */
interface Waiting {
  readonly at: number;
  readonly note: Note;
}

export class NoteBook {
  /** Empty where a note waits for the id of its node. */
  private readonly lines: string[] = [];
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly known = new Map<string, TracedNode>();
  private left = 0;

  /** `nodes`: all there are by now. */
  constructor(private readonly nodes: () => readonly SimNode[]) {}

  get count(): number {
    return this.lines.length;
  }

  /** `note.node`: the name of a node or client, '' for the world. */
  add(note: Note): void {
    if (this.lines.length >= notesMax) {
      this.left++;
      return;
    }
    const node = this.nodes().find(({ name }) => name === note.node);
    if (node === undefined) this.lines.push(noteLine(note));
    else this.addOf(node, note);
  }

  /** As others are to name it: by its id, or its name while it has none. */
  named(name: string): string {
    const node = this.nodes().find((candidate) => candidate.name === name);
    return (node && idOf(node)) ?? name;
  }

  /** All of it; `about` says what it shows. */
  text(about: string): string {
    for (const node of this.nodes()) this.end(node);
    const left = this.left === 0 ? '' : `; ${this.left} more notes are left out`;
    const head = headLine({
      quorateTrace: 1,
      nodes: [...this.known.values()],
      startedMs: 0,
      about: `${about}${left}`,
    });
    return head + this.lines.join('');
  }

  private addOf(node: SimNode, note: Note): void {
    const id = idOf(node);
    const waiting = this.waiting.get(node.name);
    if (id === undefined) {
      const entry = { at: this.lines.length, note };
      if (waiting === undefined) this.waiting.set(node.name, [entry]);
      else waiting.push(entry);
      this.lines.push('');
      return;
    }
    if (!this.known.has(id)) this.know(node, id);
    this.lines.push(noteLine({ ...note, node: id }));
  }

  /** With its name for an id where it never had one. */
  private end(node: SimNode): void {
    if (this.waiting.has(node.name)) this.know(node, idOf(node) ?? node.name);
  }

  /** What has waited for its id as well. */
  private know(node: SimNode, id: string): void {
    const { name, host, zone } = node;
    this.known.set(id, { id, name, host, zone });
    for (const { at, note } of this.waiting.get(name) ?? [])
      this.lines[at] = noteLine({ ...note, node: id });
    this.waiting.delete(name);
  }
}

/** undefined: it has not read its disk in its first life, or since that was wiped. */
function idOf({ idOnceRead, lastId, wipedId }: SimNode): string | undefined {
  return idOnceRead ?? (lastId === '' || lastId === wipedId ? undefined : lastId);
}
