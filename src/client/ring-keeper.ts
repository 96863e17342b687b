/**
 * Keeps the ring fresh: asks `kv.ring` at the start, every few seconds of use, and at once when
 * something looks wrong.
 */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { UnavailableError } from '../errors.js';
import type { ToldClocks } from '../bus/told-clocks.js';
import type { BusMessage } from '../seams/bus.js';
import { decodeDocument } from '../wire/message-pack.js';
import { ringFromDocument } from '../wire/ring-document.js';
import type { Subjects } from '../wire/subjects.js';
import type { Flights } from './flights.js';
import type { NodeStates } from './node-states.js';
import type { RouteTable } from './route-table.js';

export class RingKeeper {
  private asking = false;
  private askedAtMs = Number.NEGATIVE_INFINITY;
  private wanted = true;

  constructor(
    private readonly parts: {
      readonly subjects: Subjects;
      readonly flights: Flights;
      readonly routes: RouteTable;
      readonly states: NodeStates;
      readonly clocks: ToldClocks;
      /** Routes have changed: requests that waited may go. */
      readonly onRing: () => void;
    },
  ) {}

  /** Something looks wrong. */
  want(): void {
    this.wanted = true;
  }

  /** Asks if it is time to. */
  tick(nowMs: number): void {
    const passedMs = nowMs - this.askedAtMs;
    if (this.asking && passedMs < clientLimits.ringAnswerMsMax) return;
    const missing = this.wanted || this.asking || this.parts.routes.partitions === 0;
    if (passedMs < (missing ? clientLimits.ringIntervalMsMin : clientLimits.ringIntervalMs)) return;
    this.asking = true;
    this.askedAtMs = nowMs;
    this.wanted = false;
    this.parts.flights.send(
      { kind: 'ring', sentAtMs: nowMs },
      { subject: this.parts.subjects.ring, payload: empty },
    );
  }

  answered(message: BusMessage, nowMs: number): void {
    this.asking = false;
    if (message.noResponders) {
      this.wanted = true;
      return;
    }
    try {
      const ring = ringFromDocument(decodeDocument(message.data));
      if (ring.groups.some((group) => group.length === 0))
        throw new UnavailableError('not founded');
      // By an older layout requests would go to owners that may have dropped what they held.
      if (this.parts.routes.isOlder(ring)) throw new UnavailableError('the node is behind');
      // The cluster's word that a node is down holds until the node itself says otherwise.
      for (const node of ring.nodes)
        if (node.reachability === 'down' && this.parts.states.of(node.id) === 'answers')
          this.parts.states.set(node.id, 'silent', nowMs);
      for (const { id, clock } of ring.nodes)
        if (clock !== undefined) this.parts.clocks.told(id, clock, nowMs);
      this.parts.states.keepOnly(ring.nodes.map((node) => node.id));
      this.parts.routes.set(ring);
    } catch {
      // Not a ring that helps: a node that is not ready answers with an error. Asked again soon.
      this.wanted = true;
      return;
    }
    this.parts.onRing();
  }
}

const empty = new Uint8Array(0);
