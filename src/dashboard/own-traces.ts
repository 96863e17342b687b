/** What the client of this process noted of requests that pages had traced: the latest of them. */
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import type { RequestTrace } from '../client/request-trace.js';
import type { Note, TraceId } from '../insight/notes.js';

export class OwnTraces {
  private readonly traces = new Map<TraceId, RequestTrace>();

  add(trace: RequestTrace): void {
    this.traces.set(trace.id, trace);
    const [oldest] = this.traces.keys();
    if (this.traces.size > dashboardLimits.ownTracesMax) this.traces.delete(oldest!);
  }

  notesOf(id: TraceId): readonly Note[] {
    return this.traces.get(id)?.notes ?? [];
  }
}
