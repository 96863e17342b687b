/**
 * Which requests of a run that is watched are put under the glass, besides those its script marks:
 * of all clients of plain NATS together the next one after a while, and so many at most.
 */
import { type Marks, traceNamed } from '../client/marks.js';
import type { TraceId } from '../../../src/insight/notes.js';

/** Some twenty a second: at each moment of a run there is one to look at. */
export const markedEveryUs = 50_000;
export const markedMax = 1_000;

export class Marking {
  private asked = 0;
  private marked = 0;
  private nextUs = 0;

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
    if (!this.marks.asksHere(client) || this.marked >= markedMax || nowUs < this.nextUs)
      return false;
    this.marked++;
    this.nextUs = nowUs + markedEveryUs;
    return true;
  }
}
