/** A get round: its ledger and its chart in step. */
import type { NodeId } from '../rules/actor.js';
import type { Tally } from '../rules/quorum.js';
import { ChartedRound, type RoundOptions } from './charted-round.js';
import type { GetLedger } from './get-ledger.js';
import { askNext, replicaAnswered, replicaDiffers, replicaLost, tallyOf } from './get-ledger.js';
import {
  getRoundTable,
  type GetRoundAction,
  type GetRoundEvent,
  type GetRoundState,
} from './get-round.machine.js';

/** What the round wants done; its runner does it. */
export interface GetRoundEffects {
  /** The answer comes back as a `replica.…` event. */
  ask(node: NodeId): void;
  replyMet(tally: Tally): void;
  replyFailed(reason: string): void;
  /** What waits for its answer goes to the owners as they are now. */
  planAnew(): void;
  /**
   * Sends the merged states to the primaries that were behind; `repairs.answered` when all have
   * answered.
   */
  repair(): void;
  /** Nothing of the round is awaited any more. */
  finish(): void;
}

export class GetRound extends ChartedRound<
  GetRoundState,
  GetRoundEvent,
  GetRoundAction,
  GetLedger
> {
  constructor(
    books: GetLedger,
    private readonly effects: GetRoundEffects,
    options: RoundOptions,
  ) {
    super(getRoundTable, books, options);
  }

  protected after(event: GetRoundEvent): GetLedger {
    const { books } = this;
    switch (event.type) {
      case 'replica.answered':
        return replicaAnswered(books, event);
      case 'replica.outOfReach':
      case 'replica.refused':
        return replicaLost(books, event);
      case 'replica.differs':
        return replicaDiffers(books, event);
      case 'replica.slow':
        return askNext(books);
      default:
        return books;
    }
  }

  protected carryOut(node: NodeId): void {
    this.effects.ask(node);
  }

  protected act(action: GetRoundAction): void {
    const { books, effects } = this;
    if (action === 'replyMet') effects.replyMet(tallyOf(books));
    else if (action === 'replyFailed') {
      if (books.verdict.kind === 'failed') effects.replyFailed(books.verdict.reason);
    } else if (action === 'planAnew') effects.planAnew();
    else if (action === 'repair') effects.repair();
    else effects.finish();
  }
}
