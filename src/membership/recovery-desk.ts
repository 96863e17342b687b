/** Shows an operator what a recovery would cost, and has it come about (`recovering.ts`). */
import { nBefore } from '../../actors/rules/spread.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { membersOf } from '../../actors/rules/configuration.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { lossOf } from '../../actors/rules/recovery-loss.js';
import type { Buckets } from '../buckets/buckets.js';
import type { LossForm, RecoveryForm } from '../wire/recovery-form.js';
import type { MemberView } from './member-view.js';
import type { Outlook } from './outlook.js';
import type { Recovering } from './recovering.js';

export class RecoveryDesk {
  constructor(
    private readonly options: {
      readonly recovering: Recovering;
      readonly view: Pick<MemberView, 'members'>;
      readonly buckets: Buckets;
    },
  ) {}

  /** Throws `UnavailableError` with what stands in the way. */
  async show(): Promise<RecoveryForm> {
    const outlook = await this.options.recovering.look();
    const { base, survivors, lost, after, begun } = outlook;
    const known = new Map(this.options.view.members().map(({ id, name }) => [id, name]));
    const named = membersOf(base).map((id) => [id, known.get(id) ?? id] as const);
    return {
      from: base.number,
      number: after.number,
      partitions: base.partitions,
      survivors,
      lost,
      isBegun: begun !== undefined,
      endsMove: base.move !== undefined && after.move === undefined,
      losses: this.losses(outlook),
      names: Object.fromEntries(named),
    };
  }

  recover(from: number, lost: readonly NodeId[]): Promise<number> {
    return this.options.recovering.recover(from, lost);
  }

  private losses({ base, survivors }: Outlook): LossForm[] {
    const left = new Set(survivors);
    return this.options.buckets.replicaCounts.map((count) => {
      const { n, w, gone, exposed } = lossOf(base, left, count);
      const shown = gone.slice(0, chainLimits.shownPartsMax);
      return {
        n: nBefore(n),
        w,
        gone: shown,
        omitted: gone.length - shown.length,
        exposed: exposed.length,
      };
    });
  }
}
