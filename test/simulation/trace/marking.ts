/**
 * Which requests of a run that is watched are put under the glass, besides those its script marks:
 * of clients of plain NATS up to so many a second, one after the other or in a burst, and so many
 * in all.
 */
import { type Marks, traceNamed } from '../client/marks.js';
import type { TraceId } from '../../../src/insight/notes.js';

/** At each moment of a run there is one to look at. */
const markedASecond = 20;
export const markedMax = 1_000;

export class Marking {
  private asked = 0;
  private marked = 0;
  /** How many may be marked at once. */
  private room = markedASecond;
  private lookedUs = 0;

  constructor(
    private readonly marks: Marks,
    private readonly nowUs: () => number,
  ) {}

  /** A client is about to ask: under which id its own notes of it go. */
  asks(client: string): TraceId {
    const known = this.marks.of(client);
    if (known !== undefined) return known;
    const trace = traceNamed(`${client} ${++this.asked}`);
    if (this.isWanted(client)) this.marks.mark(client, trace);
    return trace;
  }

  /** It was told what came of it: should it ask again, nobody looks. */
  isTold(client: string): void {
    this.marks.mark(client, undefined);
  }

  private isWanted(client: string): boolean {
    const nowUs = this.nowUs();
    const more = ((nowUs - this.lookedUs) * markedASecond) / 1e6;
    this.room = Math.min(markedASecond, this.room + more);
    this.lookedUs = nowUs;
    if (!this.marks.asksHere(client) || this.marked >= markedMax || this.room < 1) return false;
    this.marked++;
    this.room--;
    return true;
  }
}
