/**
 * Which requests of plain clients are put under the glass: each of them asks here before it asks
 * the cluster. What a mark adds to messages is not in the simulator's trace (`plain-payload.ts`).
 */
import { createHash } from 'node:crypto';
import type { TraceId } from '../../../src/insight/notes.js';

export class Marks {
  private readonly clients = new Set<string>();
  private readonly ids = new Map<string, TraceId>();

  /** A client that asks here. */
  join(client: string): void {
    this.clients.add(client);
  }

  asksHere(client: string): boolean {
    return this.clients.has(client);
  }

  /** What the client asks for from now on; undefined: nobody looks at it. */
  mark(client: string, trace: TraceId | undefined): void {
    if (trace === undefined) this.ids.delete(client);
    else this.ids.set(client, trace);
  }

  of(client: string): TraceId | undefined {
    return this.ids.get(client);
  }
}

/** No chance is drawn for it: a run that is watched draws what one that is not draws. */
export function traceNamed(name: string): TraceId {
  return createHash('sha1').update(name).digest('hex').slice(0, 16);
}
