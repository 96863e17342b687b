/**
 * The notes of a run, as a trace file that the page takes. Nodes go by names in the simulator and
 * by ids in the file: a node knows its id once it has read its disk, and what was noted of it
 * before is filed then.
 */
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import type { Note, TracedNode } from '../../../src/insight/notes.js';
import { headLine, noteLine } from '../../../src/insight/note-writer.js';
import type { SimNode } from '../cluster/sim-node.js';

/** What a file takes: with room for its first line. */
export interface BookBounds {
  readonly notesMax: number;
  readonly charsMax: number;
}

const headChars = 1024 * 1024;
const boundsOfFile: BookBounds = {
  notesMax: insightLimits.fileNotesMax,
  charsMax: insightLimits.fileCharsMax - headChars,
};

/** What goes on whether or not anybody asks for anything: left out first if it is too much. */
const background: ReadonlySet<string> = new Set(['gossip', 'chain', 'tree', 'collection']);

/** Beside the name of a node whose directory was wiped it has its id. */
interface Waiting {
  readonly at: number;
  readonly note: Note;
}

interface Entry {
  /** Empty where a note waits for the id of its node, or was left out again. */
  line: string;
  readonly isBackground: boolean;
}

export class NoteBook {
  private readonly entries: Entry[] = [];
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly known = new Map<string, TracedNode>();
  private kept = 0;
  private chars = 0;
  private left = 0;
  private isThinned = false;

  /** `nodes`: all there are by now. */
  constructor(
    private readonly nodes: () => readonly SimNode[],
    private readonly bounds: BookBounds = boundsOfFile,
  ) {}

  get count(): number {
    return this.kept;
  }

  /** `note.node`: the name of a node or client, '' for the world. */
  add(note: Note): void {
    if (!this.hasRoomFor(note)) {
      this.left++;
      return;
    }
    const at = this.entries.length;
    this.entries.push({ line: '', isBackground: isBackground(note) });
    this.kept++;
    this.write(at, note);
  }

  /** As others are to name it: by its id, or its name while it has none. */
  named(name: string): string {
    const node = this.nodes().find((candidate) => candidate.name === name);
    return (node && idOf(node)) ?? name;
  }

  /** All of it; `about` says what it shows. */
  text(about: string): string {
    for (const node of this.nodes()) this.end(node);
    const left = this.left === 0 ? '' : `; ${this.left} notes are left out: the run is too long`;
    const head = headLine({
      quorateTrace: 1,
      nodes: [...this.known.values()],
      startedMs: 0,
      about: `${about}${left}`,
    });
    return head + this.entries.map(({ line }) => line).join('');
  }

  private hasRoomFor(note: Note): boolean {
    if (this.isThinned && isBackground(note)) return false;
    if (this.isBelow(this.bounds)) return true;
    if (!this.isThinned) this.thin();
    return this.isBelow(this.bounds) && !isBackground(note);
  }

  private isBelow({ notesMax, charsMax }: BookBounds): boolean {
    return this.kept < notesMax && this.chars < charsMax;
  }

  private thin(): void {
    this.isThinned = true;
    for (const entry of this.entries) {
      if (!entry.isBackground || entry.line === '') continue;
      this.chars -= entry.line.length;
      entry.line = '';
      this.kept--;
      this.left++;
    }
  }

  private write(at: number, note: Note): void {
    const node = this.nodes().find(({ name }) => name === note.node);
    const id = node && idOf(node);
    if (node === undefined) return this.file(at, note);
    if (id === undefined) return this.wait(node, { at, note });
    if (!this.known.has(id)) this.know(node, id);
    this.file(at, { ...note, node: id });
  }

  private wait(node: SimNode, waiting: Waiting): void {
    const others = this.waiting.get(node.name);
    if (others === undefined) this.waiting.set(node.name, [waiting]);
    else others.push(waiting);
  }

  private file(at: number, note: Note): void {
    const entry = this.entries[at]!;
    const line = noteLine(note);
    this.chars += line.length - entry.line.length;
    entry.line = line;
  }

  /** With its name for an id where it never had one. */
  private end(node: SimNode): void {
    if (this.waiting.has(node.name)) this.know(node, idOf(node) ?? node.name);
  }

  /** What has waited for its id as well. */
  private know(node: SimNode, id: string): void {
    const { name, host, zone } = node;
    this.known.set(id, { id, name, host, zone });
    for (const { at, note } of this.waiting.get(name) ?? []) this.file(at, { ...note, node: id });
    this.waiting.delete(name);
  }
}

function isBackground(note: Note): boolean {
  return note.kind === 'message' && background.has(note.verb);
}

/** undefined: it has not read its disk in its first life, or since that was wiped. */
function idOf({ idOnceRead, lastId, wipedId }: SimNode): string | undefined {
  return idOnceRead ?? (lastId === '' || lastId === wipedId ? undefined : lastId);
}
