/** What a run found wrong. The kind decides the exit code. */
export type ViolationKind = 'crash' | 'safety' | 'liveness';

export interface Violation {
  readonly kind: ViolationKind;
  readonly timeUs: number;
  /**
   * Names the rule, stable from run to run: shrinking keeps a failure only if it is of the same
   * rule.
   */
  readonly rule: string;
  readonly what: string;
}

export const exitCodes: Readonly<Record<ViolationKind, number>> = {
  crash: 10,
  safety: 11,
  liveness: 12,
};

/** Collects; a run goes on after the first, up to a bound. */
export class Violations {
  readonly list: Violation[] = [];
  /** Told as it is found; for trace files. */
  onAdded: ((violation: Violation) => void) | undefined;

  constructor(private readonly nowUs: () => number) {}

  add(kind: ViolationKind, rule: string, what: string): void {
    if (this.list.length >= 20) return;
    const violation = { kind, rule, what, timeUs: this.nowUs() };
    this.list.push(violation);
    this.onAdded?.(violation);
  }

  /** The worst first: a crash explains more than what follows from it. */
  get first(): Violation | undefined {
    for (const kind of ['crash', 'safety', 'liveness'] as const) {
      const found = this.list.find((violation) => violation.kind === kind);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
