/**
 * Shows one instance step by step, no faster than eyes can follow. Who falls behind goes on with
 * the latest step and counts what it passed over; an instance that has ended makes way for a later
 * one, unless it was chosen by hand.
 */
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { StateValue } from '../../../wire.js';
import { hasEnded, type Instance, type InstanceBook, type Step } from './instances.js';

/** What happened lately and how much of it was shown. */
export interface Sample {
  readonly steps: number;
  readonly stepsShown: number;
  readonly instances: number;
}

const nothing: Sample = { steps: 0, stepsShown: 0, instances: 0 };

export class Playback {
  instance: Instance | undefined;
  /** The step that is shown. */
  step: Step | undefined;
  /** Where the instance was before it; null: nobody knows. */
  before: StateValue | null = null;
  /** Of the last whole second. */
  sample = nothing;
  private position = 0;
  private shownMs = Number.NEGATIVE_INFINITY;
  private counting = nothing;
  private countedFromMs = 0;
  private begunBefore = Number.POSITIVE_INFINITY;

  /** `key`: undefined to follow whichever begins. */
  constructor(
    private readonly book: InstanceBook,
    private readonly chart: string,
    private readonly key: string | undefined,
  ) {}

  /** Goes on if it is time to; whether anything is to be drawn anew. */
  advance(nowMs: number): boolean {
    this.count(nowMs);
    const isOther = this.choose(nowMs);
    const { instance, position } = this;
    if (instance === undefined) return isOther;
    const { steps } = instance;
    const behind = steps.next - position;
    if (behind <= 0 || nowMs - this.shownMs < dashboardLimits.chartStepMs) return isOther;
    const isTooFar = behind > dashboardLimits.chartStepsBehindMax || position < steps.first;
    this.show(isTooFar ? steps.next - 1 : position, nowMs);
    return true;
  }

  private choose(nowMs: number): boolean {
    const { book, chart, key } = this;
    const chosen = key === undefined ? this.followed(nowMs) : book.find(chart, key);
    if (chosen === undefined || chosen === this.instance) return false;
    this.instance = chosen;
    this.step = undefined;
    this.before = null;
    this.shownMs = Number.NEGATIVE_INFINITY;
    // What has ended, or is about to, is seen from its beginning; of others where they are.
    const { first, next } = chosen.steps;
    this.position = hasEnded(chosen) || next - first < 3 ? first : next - 1;
    return true;
  }

  private followed(nowMs: number): Instance | undefined {
    const { book, chart, instance, position, shownMs } = this;
    if (instance === undefined) return book.newest(chart);
    const isKept = book.find(chart, instance.key) === instance;
    const isShown = position >= instance.steps.next;
    const hasRested = nowMs - shownMs >= dashboardLimits.chartRestMs;
    const isOver = !isKept || hasEnded(instance);
    return isOver && isShown && hasRested ? book.newest(chart) : instance;
  }

  private show(position: number, nowMs: number): void {
    const { steps } = this.instance!;
    const { counting } = this;
    this.counting = {
      ...counting,
      steps: counting.steps + position + 1 - this.position,
      stepsShown: counting.stepsShown + 1,
    };
    this.before = steps.at(position - 1)?.state ?? null;
    this.step = steps.at(position);
    this.position = position + 1;
    this.shownMs = nowMs;
  }

  private count(nowMs: number): void {
    if (nowMs - this.countedFromMs < dashboardLimits.chartSampleMs) return;
    const begun = this.book.begun(this.chart);
    this.sample = { ...this.counting, instances: begun - this.begunBefore };
    this.counting = nothing;
    this.countedFromMs = nowMs;
    this.begunBefore = begun;
  }
}

/** Undefined: all of it was shown. */
export function sampleText({ steps, stepsShown, instances }: Sample): string | undefined {
  if (instances > 1 && stepsShown > 0)
    return `${instances.toLocaleString()} began within a second: one is shown`;
  if (steps <= stepsShown) return undefined;
  return `${steps.toLocaleString()} steps within a second: ${stepsShown} of them shown`;
}
