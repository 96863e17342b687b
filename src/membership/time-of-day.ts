/**
 * What other nodes tell of their clocks: how this one learns of them, and what it says when its own
 * is off.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { noMoment } from '../../actors/rules/told-clock.js';
import { boundsOf, isFarOff } from '../../actors/rules/wall-clocks.js';
import { Hearing } from '../bus/hearing.js';
import { LateWords } from '../bus/late-words.js';
import { OwnTime } from '../bus/own-time.js';
import { ToldClocks } from '../bus/told-clocks.js';
import { AgreedClock } from '../seams/agreed-clock.js';
import type { NewsOfClock } from '../wire/protocol/news.js';
import type { Problems } from './problems.js';

@scoped(Lifecycle.ContainerScoped)
export class TimeOfDay {
  private onTold = (): void => undefined;

  constructor(
    @inject(OwnTime) private readonly time: OwnTime,
    @inject(ToldClocks) private readonly clocks: ToldClocks,
    @inject(AgreedClock) private readonly agreed: AgreedClock,
    @inject(Hearing) private readonly hearing: Hearing,
    @inject(LateWords) private readonly lateWords: LateWords,
  ) {}

  /** `to`: with what is known of that node's clock, by which it learns more of this one's. */
  news(to?: NodeId): NewsOfClock {
    const { ms, process } = this.time.now();
    const yours = to === undefined ? noMoment : this.clocks.momentAt(to, ms, ms);
    return { process, ms, wallMs: this.agreed.ownWallMs(), yours };
  }

  /**
   * `counts`: among those whose median is the time. True: the word is late, and only one that was
   * asked for now tells when what lies in front of it has come.
   */
  hear(from: NodeId, told: NewsOfClock, { counts }: { readonly counts: boolean }): boolean {
    const { clocks } = this;
    clocks.told(from, told, this.agreed.monotonicMs());
    const isAnswer = told.yours.process === this.time.now().process;
    if (isAnswer) clocks.echoed(from, told.ms, told.yours.ms);
    this.compare(from, told, { counts, isAnswer });
    return isAnswer && this.lateWords.heard(from, told.yours.ms);
  }

  private compare(
    from: NodeId,
    told: NewsOfClock,
    { counts, isAnswer }: { readonly counts: boolean; readonly isAnswer: boolean },
  ): void {
    const { clocks, agreed, hearing } = this;
    if (!counts) return agreed.drop(from);
    // A word that lay unread says what time it was, and not what time it is.
    if (hearing.read(agreed.monotonicMs())) return;
    const { aheadMs, aheadMostMs } = clocks.of(from)!;
    const wallAheadMs = told.wallMs - told.ms;
    agreed.told(from, boundsOf(wallAheadMs + aheadMs, wallAheadMs + aheadMostMs));
    if (isAnswer && agreed.isTold) this.onTold();
  }

  /** Who is there, besides this node. */
  expect(nodes: readonly NodeId[]): void {
    this.agreed.expect(nodes);
  }

  drop(node: NodeId): void {
    this.clocks.drop(node);
    this.agreed.drop(node);
    this.lateWords.drop(node);
  }

  /**
   * Resolves when most of those who are there have answered, or after a moment. They answer at once
   * when they are greeted.
   */
  told(): Promise<void> {
    return new Promise((resolve) => {
      this.onTold = resolve;
      this.agreed.setTimeout(resolve, limits.claimMsMax);
    });
  }

  review(problems: Problems): void {
    const aheadMs = this.agreed.aheadMs();
    if (!isFarOff(aheadMs)) return problems.clear('clock');
    const where = aheadMs > 0 ? 'ahead of' : 'behind';
    problems.report(
      'clock',
      `the wall clock of this machine is more than ${limits.wallSkewMsMax} ms ${where} those of the other nodes, by which this node goes until it is set right`,
    );
  }
}
