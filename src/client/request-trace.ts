/**
 * A request under the glass, as its author has it: the name under which the nodes note what becomes
 * of it, and what the client itself does. Made by `QuorateClient.trace()`, given to one request.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { insightLimits } from '../../actors/rules/limits/insight.js';
import type { QuorateError } from '../errors.js';
import { NoteClock } from '../insight/note-clock.js';
import { clientName, type Note, type TraceId } from '../insight/notes.js';
import type { BusMessage } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';

const verb = 'frame';

type Over = { readonly ok: true } | { readonly ok: false; readonly error: QuorateError };

export class RequestTrace {
  private readonly made: Note[] = [];
  private calls = 0;
  private readonly time: NoteClock;

  /** @internal Use `QuorateClient.trace`. */
  constructor(
    readonly id: TraceId,
    clock: Clock,
  ) {
    this.time = new NoteClock(clock);
  }

  /** So far; what nodes have noted is asked of them. */
  get notes(): readonly Note[] {
    return this.made;
  }

  /** @internal A frame with the request leaves. */
  sent(peer: NodeId, bytes: number): void {
    const call = ++this.calls;
    this.add({ ...this.base(), kind: 'message', way: 'sent', peer, verb, bytes, call });
  }

  /** @internal The last frame is answered, or nobody was there for it. */
  answered(peer: NodeId, { noResponders, data }: BusMessage): void {
    const { calls: call } = this;
    const base = this.base();
    if (noResponders) this.add({ ...base, kind: 'step', what: 'outOfReach', about: peer });
    else {
      const about = { peer, verb, bytes: data.length, call, answers: true } as const;
      this.add({ ...base, kind: 'message', way: 'received', ...about });
    }
  }

  /** @internal */
  over(result: Over): void {
    const text = result.ok ? 'done' : `${result.error.message} (${result.error.outcome})`;
    this.add({ ...this.base(), kind: 'step', what: 'replied', text });
  }

  private base(): { atUs: number; node: string; trace: TraceId } {
    return { atUs: this.time.nowUs(), node: clientName, trace: this.id };
  }

  /** One that is given to many requests keeps to its bound. */
  private add(note: Note): void {
    if (this.made.length < insightLimits.traceNotesMax) this.made.push(note);
  }
}
