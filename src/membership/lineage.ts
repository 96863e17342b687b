/**
 * What others have seen of this node's lives. They keep the generation of each member, which rises
 * with every start, and the epochs it had leased: so a disk that was put back from a copy is found
 * out, and goes on beyond all epochs it can have given out (`identity.machine.ts`).
 *
 * The question tells who this node is now: so a life that others have seen anything of is one they
 * know.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { laterLife, type SeenLife } from '../../actors/rules/identity.js';
import { limits } from '../../actors/rules/limits.js';
import type { CallId, Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import { understood } from '../wire/protocol/bodies.js';
import { lifeOf, recallBody } from '../wire/protocol/gossip.js';
import type { Roster } from './roster.js';

/** The epochs of the node's store. */
export interface EpochKeeper {
  leasedEpochs(): number;
  skipEpochs(seen: number): Promise<void>;
}

export class Lineage {
  private keeper: EpochKeeper | undefined;
  private onOldDisk: () => void = () => undefined;

  constructor(
    private readonly options: {
      readonly peers: Peers;
      readonly clock: Clock;
      readonly roster: Roster;
    },
  ) {}

  guard(keeper: EpochKeeper, onOldDisk: () => void): void {
    this.keeper = keeper;
    this.onOldDisk = onOldDisk;
  }

  /** Into the own row, so that others keep it. */
  lease(): void {
    if (this.keeper !== undefined) this.options.roster.lease(this.keeper.leasedEpochs());
  }

  /** The life that was seen is none this disk knows. */
  async renounce({ epochs }: SeenLife): Promise<void> {
    await this.keeper?.skipEpochs(epochs);
    this.lease();
    this.onOldDisk();
  }

  /** Resolves when all have answered, are not there, or were silent for too long. */
  async recall(others: readonly NodeId[]): Promise<SeenLife> {
    const { peers, clock, roster } = this.options;
    this.lease();
    let seen: SeenLife = { generation: 0, epochs: 0 };
    if (others.length === 0) return seen;
    const calls: CallId[] = [];
    await new Promise<void>((resolve) => {
      const deadline = clock.setTimeout(resolve, limits.recallMsMax);
      let open = others.length;
      for (const id of others) {
        const call = peers.call(id, 'gossip', recallBody(roster.ownRow), (answer) => {
          const life = answer.kind === 'ok' ? understood(() => lifeOf(answer.body)) : undefined;
          if (life !== undefined) seen = laterLife(seen, life);
          if (--open > 0) return;
          clock.clearTimeout(deadline);
          resolve();
        });
        calls.push(call);
      }
    });
    for (const call of calls) peers.giveUp(call);
    return seen;
  }
}
