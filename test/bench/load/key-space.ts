/** The keys of one value size, and how the next one is chosen. */
import type { Chance } from './chance.js';
import type { Mix } from './mixes.js';
import { ScrambledZipfian, Zipfian } from './zipfian.js';

export class KeySpace {
  /** In the order they were made: those every client knows, then what this one has inserted. */
  private readonly names: string[];
  private inserts = 0;
  private scrambled: ScrambledZipfian | undefined;
  private latest: Zipfian | undefined;

  constructor(
    private readonly chance: Chance,
    private readonly options: {
      readonly valueBytes: number;
      readonly keys: number;
      /** Which of the client processes it is. */
      readonly client: number;
    },
  ) {
    const { valueBytes, keys } = options;
    this.names = Array.from({ length: keys }, (_, i) => `v${valueBytes}.key-${i}`);
  }

  /** Those that are there before anything is measured. */
  get founding(): readonly string[] {
    return this.names.slice(0, this.options.keys);
  }

  choose(by: Mix['keys']): string {
    return this.names[this.index(by)]!;
  }

  /** A name no client has used. */
  nextNew(): string {
    const { valueBytes, client } = this.options;
    return `v${valueBytes}.client-${client}-${this.inserts++}`;
  }

  /** It is acknowledged, so it may be read from now on. */
  inserted(key: string): void {
    this.names.push(key);
  }

  private index(by: Mix['keys']): number {
    const { keys } = this.options;
    if (by === 'uniform') return this.chance.below(keys);
    if (by === 'zipfian') {
      this.scrambled ??= new ScrambledZipfian(this.chance, keys);
      return this.scrambled.next();
    }
    const count = this.names.length;
    this.latest ??= new Zipfian(this.chance, count);
    if (this.latest.count < count) this.latest.grow(count);
    return count - 1 - this.latest.next();
  }
}
