/** A trace file as a source: what happened is told again, as fast as one likes. */
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import type { ChartDefinition, Note, TraceFile, TraceSummary } from '../wire.js';
import { FilePicture } from './file-picture.js';
import { firstWhere } from './parts/sorted.js';
import type { Player, Source, SourceListener } from './source.js';

/** By which a file is played: the browser's. */
export interface Frames {
  elapsedMs(): number;
  onFrame(work: () => void): () => void;
}

export class FileSource implements Source, Player {
  readonly kind = 'file';
  readonly player: Player = this;
  readonly notes: readonly Note[];
  readonly fromUs: number;
  readonly toUs: number;
  atUs: number;
  isPlaying = false;
  speed = 1;
  private listener: SourceListener | undefined;
  /** How many notes have been told. */
  private told = 0;
  private picture: FilePicture;
  /** As it was before every so many notes. */
  private readonly checkpoints: FilePicture[] = [];
  private byTrace: ReadonlyMap<string, readonly Note[]> | undefined;
  private picturedUs = Number.NEGATIVE_INFINITY;
  private stopFrame = (): void => {};

  constructor(
    readonly title: string,
    private readonly file: TraceFile,
    readonly charts: () => Promise<readonly ChartDefinition[]>,
    private readonly frames: Frames,
  ) {
    const { head, notes } = file;
    this.notes = notes;
    this.fromUs = notes[0]?.atUs ?? head.startedMs * 1000;
    this.toUs = notes.at(-1)?.atUs ?? this.fromUs;
    this.atUs = this.fromUs;
    this.picture = new FilePicture(head.nodes);
  }

  open(listener: SourceListener): void {
    this.listener = listener;
    listener.greeted({ process: '', canBreak: false, hasReplay: false, hasCluster: false });
    listener.connected('open');
    this.tell();
  }

  close(): void {
    this.pause();
    this.listener = undefined;
  }

  async timeline(): Promise<readonly Note[]> {
    return this.notes.filter(({ kind }) => kind === 'event');
  }

  async traces(): Promise<readonly TraceSummary[]> {
    return [...this.traced].flatMap(([id, notes]) => {
      const steps = notes.filter(({ kind }) => kind === 'step');
      return steps.length === 0 ? [] : [summaryOf(id, steps)];
    });
  }

  async trace(id: string): Promise<readonly Note[]> {
    return this.traced.get(id) ?? [];
  }

  seek(atUs: number): void {
    const to = Math.min(Math.max(atUs, this.fromUs), this.toUs);
    if (to < this.atUs) {
      this.windBack(to);
      this.listener?.cleared();
    }
    this.atUs = to;
    this.tell();
  }

  play(): void {
    if (this.isPlaying) return;
    if (this.atUs >= this.toUs) this.seek(this.fromUs);
    this.isPlaying = true;
    const { frames } = this;
    let beforeMs = frames.elapsedMs();
    const step = (): void => {
      const ms = frames.elapsedMs();
      this.seek(this.atUs + (ms - beforeMs) * 1000 * this.speed);
      beforeMs = ms;
      if (this.atUs >= this.toUs) this.pause();
      else this.stopFrame = frames.onFrame(step);
    };
    this.stopFrame = frames.onFrame(step);
  }

  pause(): void {
    this.isPlaying = false;
    this.stopFrame();
    this.listener?.pictured(this.picture.at(this.atUs));
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    this.listener?.pictured(this.picture.at(this.atUs));
  }

  private get traced(): ReadonlyMap<string, readonly Note[]> {
    this.byTrace ??= tracedIn(this.notes);
    return this.byTrace;
  }

  /** To the checkpoint from which on is told what the page keeps of the time before `toUs`. */
  private windBack(toUs: number): void {
    const { notesKeptMax, checkpointNotes } = dashboardLimits;
    const until = firstWhere(this.notes, ({ atUs }) => atUs > toUs);
    const number = Math.floor(Math.max(0, until - notesKeptMax) / checkpointNotes);
    this.told = number * checkpointNotes;
    this.picture = this.checkpoints[number]?.copy() ?? new FilePicture(this.file.head.nodes);
    this.picturedUs = Number.NEGATIVE_INFINITY;
  }

  /** What has happened since it was last told, with a picture a second on the way. */
  private tell(): void {
    const { listener, notes, checkpoints } = this;
    if (listener === undefined) return;
    const { notesKeptMax, checkpointNotes } = dashboardLimits;
    let from = this.told;
    while (this.told < notes.length && notes[this.told]!.atUs <= this.atUs) {
      if (this.told === checkpoints.length * checkpointNotes) checkpoints.push(this.picture.copy());
      const note = notes[this.told++]!;
      if (note.atUs - this.picturedUs >= dashboardLimits.picturePeriodUs) {
        this.picturedUs = note.atUs;
        listener.pictured(this.picture.at(note.atUs));
      }
      this.picture.take(note);
    }
    from = Math.max(from, this.told - notesKeptMax);
    if (this.told > from) listener.noted({ notes: notes.slice(from, this.told), dropped: 0 });
    listener.pictured(this.picture.at(this.atUs));
  }
}

function tracedIn(notes: readonly Note[]): ReadonlyMap<string, readonly Note[]> {
  const traces = new Map<string, Note[]>();
  for (const note of notes) {
    if (!('trace' in note) || note.trace === undefined) continue;
    const known = traces.get(note.trace);
    if (known === undefined) traces.set(note.trace, [note]);
    else known.push(note);
  }
  return traces;
}

function summaryOf(id: string, steps: readonly Note[]): TraceSummary {
  const replied = steps.find((note) => note.kind === 'step' && note.what === 'replied');
  const [first] = steps;
  const atUs = first?.atUs ?? 0;
  return {
    id,
    atUs,
    what: textOf(first),
    key: '',
    outcome: textOf(replied),
    ms: ((replied?.atUs ?? atUs) - atUs) / 1000,
    nodes: [...new Set(steps.map(({ node }) => node))],
  };
}

function textOf(note: Note | undefined): string {
  return note?.kind === 'step' ? (note.text ?? note.what) : '';
}
