/** A put round: its ledger and its chart in step. */
import { ChartedRound, type RoundOptions } from './charted-round.js';
import type { PutLedger, PutOrder, PutTally } from './put-ledger.js';
import {
  hintRefused,
  replicaAcked,
  replicaDiffers,
  replicaLost,
  silentForLong,
  silentToTheEnd,
  tallyOf,
} from './put-ledger.js';
import {
  putRoundTable,
  type PutRoundAction,
  type PutRoundEvent,
  type PutRoundState,
} from './put-round.machine.js';

/** What the round wants done; its runner does it. */
export interface PutRoundEffects {
  /** Answers come back as `replica.…` events. */
  carryOut(order: PutOrder): void;
  replyMet(tally: PutTally): void;
  replyFailed(reason: string): void;
  /** What waits for its answer goes to the owners as they are now. */
  planAnew(): void;
  /** Nothing of the round is awaited any more. */
  finish(): void;
}

export class PutRound extends ChartedRound<
  PutRoundState,
  PutRoundEvent,
  PutRoundAction,
  PutLedger
> {
  constructor(
    books: PutLedger,
    private readonly effects: PutRoundEffects,
    options: RoundOptions,
  ) {
    super(putRoundTable, books, options);
  }

  protected after(event: PutRoundEvent): PutLedger {
    const { books } = this;
    switch (event.type) {
      case 'log.durable':
        return replicaAcked(books, books.plan.self);
      case 'replica.acked':
        return replicaAcked(books, event.node);
      case 'replica.outOfReach':
      case 'replica.refused':
        return replicaLost(books, { ...event, refused: event.type === 'replica.refused' });
      case 'replica.differs':
        return replicaDiffers(books, event);
      case 'hint.refused':
        return hintRefused(books, event);
      case 'replica.slow':
        return silentForLong(books);
      default:
        return books;
    }
  }

  protected carryOut(order: PutOrder): void {
    this.effects.carryOut(order);
  }

  protected act(action: PutRoundAction): void {
    const { books, effects } = this;
    if (action === 'replyMet') effects.replyMet(tallyOf(books));
    else if (action === 'replyFailed') {
      if (books.verdict.kind === 'failed') effects.replyFailed(books.verdict.reason);
    } else if (action === 'planAnew') effects.planAnew();
    else if (action === 'oweSilentPrimaries') this.books = silentToTheEnd(books);
    else effects.finish();
  }
}
