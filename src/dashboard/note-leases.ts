/**
 * Notes of all nodes, as they come: each node tells for as long as it was asked to, and is asked
 * again before that ends. What comes too fast for a page is left out and counted: single notes
 * here, whole rounds and requests in the nodes.
 */
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { MalformedError } from '../errors.js';
import { noteOrNone } from '../insight/note-reader.js';
import type { Note } from '../insight/notes.js';
import type { Bus, BusSubscription } from '../seams/bus.js';
import type { Clock, TimerId } from '../seams/clock.js';
import { decodeDocument, type DocumentValue } from '../wire/message-pack.js';
import { isCount, isFields } from './fields.js';
import type { NodeQuestions } from './node-questions.js';
import type { NoteBatch } from './wire.js';

export interface LeaseParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly questions: NodeQuestions;
  readonly tell: (batch: NoteBatch) => void;
}

interface Lease {
  readonly pid: number;
  readonly untilMs: number;
}

export class NoteLeases {
  private readonly leases = new Map<string, Lease>();
  private subscription: BusSubscription | undefined;
  /** One for all leases: a node that still has one takes the next for the same watcher. */
  private readonly inbox: string;
  private waiting: Note[] = [];
  private dropped = 0;
  private timer: TimerId;
  /** Why nodes tell nothing, by their ids. */
  readonly refusals = new Map<string, string>();

  constructor(private readonly parts: LeaseParts) {
    this.inbox = parts.bus.inbox();
  }

  /** With those that answer now; who was told before is told again when it is time. */
  renew(nodes: readonly { readonly id: string; readonly pid: number }[]): void {
    const nowMs = this.parts.clock.monotonicMs();
    this.listen();
    for (const { id, pid } of nodes) {
      const lease = this.leases.get(id);
      const isHeld = lease !== undefined && lease.pid === pid;
      if (isHeld && lease.untilMs - nowMs > dashboardLimits.leaseLeftMsMin) continue;
      this.leases.set(id, { pid, untilMs: nowMs + dashboardLimits.leaseMs });
      void this.ask(id);
    }
  }

  /** Nobody watches: the leases end by themselves. */
  stop(): void {
    const { clock } = this.parts;
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.leases.clear();
    this.refusals.clear();
    this.waiting = [];
    this.dropped = 0;
  }

  private async ask(id: string): Promise<void> {
    const answer = await this.parts.questions.insight(id, {
      ask: 'watch',
      to: this.inbox,
      charts: true,
      leaseMs: dashboardLimits.leaseMs,
    });
    // Nobody watches any more.
    if (this.subscription === undefined) return;
    const error: unknown = answer === undefined ? 'it does not answer' : answer['error'];
    if (error === undefined) this.refusals.delete(id);
    else {
      this.leases.delete(id);
      this.refusals.set(id, typeof error === 'string' ? error : 'it refuses without a reason');
    }
  }

  private listen(): void {
    if (this.subscription !== undefined) return;
    this.subscription = this.parts.bus.subscribe(this.inbox, ({ data }) => this.take(data));
  }

  private take(data: Uint8Array): void {
    if (this.subscription === undefined) return;
    const batch = batchIn(data);
    if (batch === undefined) this.dropped++;
    if (isFields(batch) && Array.isArray(batch['notes'])) {
      const { notes, dropped, unshown } = batch;
      for (const count of [dropped, unshown]) if (isCount(count)) this.dropped += count;
      for (const note of notes as readonly unknown[]) this.add(note);
    }
    this.timer ??= this.parts.clock.setTimeout(() => this.tell(), dashboardLimits.notesPeriodMs);
  }

  private add(told: unknown): void {
    const hasRoom = this.waiting.length < dashboardLimits.notesPerPeriodMax;
    const note = hasRoom ? noteOrNone(told) : undefined;
    if (note === undefined) this.dropped++;
    else this.waiting.push(note);
  }

  private tell(): void {
    this.timer = undefined;
    const { waiting, dropped } = this;
    this.waiting = [];
    this.dropped = 0;
    this.parts.tell({ notes: waiting.sort((a, b) => a.atUs - b.atUs), dropped });
  }
}

/** Of a node of another version, maybe: what can't be read is left out, and said to be. */
function batchIn(data: Uint8Array): DocumentValue | undefined {
  try {
    return decodeDocument(data);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
