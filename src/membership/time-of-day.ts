/** What other nodes tell of their clocks: how this one learns of them, and what it says when its own is off. */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { isFarOff } from '../../actors/rules/wall-clocks.js';
import { Hearing } from '../bus/hearing.js';
import { OwnTime } from '../bus/own-time.js';
import { ToldClocks } from '../bus/told-clocks.js';
import { AgreedClock } from '../seams/agreed-clock.js';
import type { NewsOfClock } from './member-codec.js';
import type { Problems } from './problems.js';

@scoped(Lifecycle.ContainerScoped)
export class TimeOfDay {
  private onTold = (): void => undefined;

  constructor(
    @inject(OwnTime) private readonly time: OwnTime,
    @inject(ToldClocks) private readonly clocks: ToldClocks,
    @inject(AgreedClock) private readonly agreed: AgreedClock,
    @inject(Hearing) private readonly hearing: Hearing,
  ) {}

  news(): NewsOfClock {
    return { ...this.time.now(), wallMs: this.agreed.ownWallMs() };
  }

  hear(from: NodeId, told: NewsOfClock): void {
    const { clocks, agreed, hearing } = this;
    const nowMs = agreed.monotonicMs();
    clocks.told(from, told, nowMs);
    // A word that lay unread says what time it was, and not what time it is.
    if (hearing.read(nowMs)) return;
    agreed.told(from, told.wallMs - told.ms + clocks.of(from)!.aheadMs);
    this.onTold();
  }

  forget(node: NodeId): void {
    this.clocks.forget(node);
    this.agreed.forget(node);
  }

  /** Resolves with the next word, or when nobody seems to be there. The others answer at once when they are greeted. */
  told(): Promise<void> {
    return new Promise((resolve) => {
      this.onTold = resolve;
      this.agreed.setTimeout(resolve, limits.claimMsMax);
    });
  }

  review(problems: Problems): void {
    const aheadMs = this.agreed.aheadMs();
    if (!isFarOff(aheadMs)) return problems.settle('clock');
    const where = aheadMs > 0 ? 'ahead of' : 'behind';
    problems.report(
      'clock',
      `the wall clock of this machine is more than ${limits.wallSkewMsMax} ms ${where} those of the other nodes, by which this node goes until it is set right`,
    );
  }
}
