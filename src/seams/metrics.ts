/**
 * What a node counts and measures. Each part registers its instruments once, when it is made, as
 * `part.name`, and from then on raises plain fields: an event costs an addition, and nothing is
 * looked up. `status` reads them all.
 */
/** Rises by what happened; raise `value`. */
export class Counter {
  value = 0;
}

/** How values are spread. */
export class Histogram {
  /**
   * Of the values up to each bound and above the one before; behind them, of those above all
   * bounds.
   */
  readonly counts: number[];
  sum = 0;

  constructor(
    /** Ascending. */
    readonly upTo: readonly number[],
  ) {
    this.counts = Array.from({ length: upTo.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const { upTo, counts } = this;
    let at = 0;
    while (at < upTo.length && value > upTo[at]!) at++;
    counts[at]!++;
    this.sum += value;
  }
}

/** Milliseconds; a bound is twice the one before. */
export const durationsMs: readonly number[] = [
  0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096,
];

export interface HistogramReading {
  readonly upTo: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface InstrumentDescription {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

type Instrument =
  | { readonly kind: 'counter'; readonly help: string; readonly counter: Counter }
  | { readonly kind: 'gauge'; readonly help: string; readonly read: () => number }
  | { readonly kind: 'histogram'; readonly help: string; readonly histogram: Histogram };

/** Each method that registers throws when the name is taken or is not of the form `part.name`. */
export class Metrics {
  private readonly instruments = new Map<string, Instrument>();

  counter(name: string, help: string): Counter {
    const counter = new Counter();
    this.register(name, { kind: 'counter', help, counter });
    return counter;
  }

  /** `read` is called whenever somebody asks for the status. */
  gauge(name: string, help: string, read: () => number): void {
    this.register(name, { kind: 'gauge', help, read });
  }

  /** `upTo`: the upper bounds of its buckets, ascending; what is above the last has one more. */
  histogram(name: string, help: string, upTo: readonly number[]): Histogram {
    const histogram = new Histogram(upTo);
    this.register(name, { kind: 'histogram', help, histogram });
    return histogram;
  }

  /** Counters and gauges by name, in the order in which they were registered. */
  values(): Record<string, number> {
    const values: Record<string, number> = {};
    for (const [name, instrument] of this.instruments)
      if (instrument.kind === 'counter') values[name] = instrument.counter.value;
      else if (instrument.kind === 'gauge') values[name] = instrument.read();
    return values;
  }

  /** By name, as they are now. */
  histograms(): Record<string, HistogramReading> {
    const readings: Record<string, HistogramReading> = {};
    for (const [name, instrument] of this.instruments) {
      if (instrument.kind !== 'histogram') continue;
      const { upTo, counts, sum } = instrument.histogram;
      readings[name] = { upTo, counts: [...counts], sum };
    }
    return readings;
  }

  /** A counter as it is now; 0 while nobody has registered it. */
  counted(name: string): number {
    const instrument = this.instruments.get(name);
    return instrument?.kind === 'counter' ? instrument.counter.value : 0;
  }

  describe(): InstrumentDescription[] {
    return Array.from(this.instruments, ([name, { kind, help }]) => ({ name, kind, help }));
  }

  private register(name: string, instrument: Instrument): void {
    if (!/^[a-z]+\.[a-zA-Z]+$/.test(name)) throw new Error(`${name} is no name of an instrument`);
    if (this.instruments.has(name)) throw new Error(`there is an instrument ${name} already`);
    this.instruments.set(name, instrument);
  }
}
