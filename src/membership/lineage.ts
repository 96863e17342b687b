/**
 * Whether this node's disk knows all its lives. Others keep the generation of each member, which rises with every start: who has
 * seen a later one than the disk has knows that the disk is an old one that was put back.
 *
 * A starting node asks before it serves, and tells in the same message who it is now: so a life that others have seen anything of is
 * one they know. An old disk goes on beyond all epochs it can have given out.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { CallId, Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import { understood } from '../wire/protocol/bodies.js';
import { lifeOf, recallBody, type SeenLife } from '../wire/protocol/gossip.js';
import type { Roster } from './roster.js';

/** The epochs of the node's store. */
export interface EpochKeeper {
  leasedEpochs(): number;
  skipEpochs(seen: number): Promise<void>;
}

export class Lineage {
  /** Everybody who can be asked was, and what they said has been acted upon. */
  asked = false;
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

  /** Resolves when all have answered, are not there, or were silent for too long. */
  async ask(others: readonly NodeId[]): Promise<void> {
    const { roster } = this.options;
    this.lease();
    const seen = await this.recall(others);
    if (seen.generation >= roster.self.generation) {
      roster.hear({ generation: seen.generation, heartbeat: Infinity }, { calledDown: false });
      await this.renounce(seen);
      // Should this life be short, the next must hear of it.
      await this.recall(others);
    }
    this.asked = true;
  }

  /** Somebody who could not be asked in time has seen a later life after all. */
  async askLate(peer: NodeId): Promise<void> {
    await this.renounce(await this.recall([peer]));
  }

  private async renounce({ epochs }: SeenLife): Promise<void> {
    await this.keeper?.skipEpochs(epochs);
    this.lease();
    this.onOldDisk();
  }

  private async recall(others: readonly NodeId[]): Promise<SeenLife> {
    const { peers, clock, roster } = this.options;
    let seen: SeenLife = { generation: 0, epochs: 0 };
    if (others.length === 0) return seen;
    const calls: CallId[] = [];
    await new Promise<void>((resolve) => {
      const deadline = clock.setTimeout(resolve, limits.recallMsMax);
      let open = others.length;
      for (const id of others) {
        const call = peers.call(id, 'gossip', recallBody(roster.self), (answer) => {
          if (answer.kind === 'ok')
            seen = later(
              seen,
              understood(() => lifeOf(answer.body)),
            );
          if (--open > 0) return;
          clock.clearTimeout(deadline);
          resolve();
        });
        calls.push(call);
      }
    });
    for (const call of calls) peers.forget(call);
    return seen;
  }
}

function later(a: SeenLife, b: SeenLife | undefined): SeenLife {
  if (b === undefined) return a;
  const generation = Math.max(a.generation, b.generation);
  return { generation, epochs: Math.max(a.epochs, b.epochs) };
}
