/**
 * The configuration this node knows. It learns each that is later than that, has it on its disk,
 * and only then acts upon it. Which one follows is chosen by `voting.ts` and `proposing.ts`.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { pastWith } from '../../actors/rules/arrival.js';
import { type ClusterId, type Configuration, isMember } from '../../actors/rules/configuration.js';
import { areForked, lastRecoveryOf, type SaidEra } from '../../actors/rules/era.js';
import type { Tables } from '../seams/table.js';
import { decodeConfiguration, encodeConfiguration } from '../wire/configuration-codec.js';
import { ChainTable } from './chain-table.js';
import { type Departure, departureBy } from './departure.js';

/** Which configuration a node knows, as others are told of it. */
export interface KnownNumber extends SaidEra {
  readonly cluster: ClusterId;
}

export interface ChainOptions {
  readonly tables: Tables;
  readonly self: NodeId;
  readonly partitions: number;
  /** Whether a node that knows no configuration may be of the cluster that this one is of. */
  readonly mayBeOwn: (configuration: Configuration) => boolean;
  /** Whether this node is one of those who founded its cluster. */
  readonly isFounder: (configuration: Configuration) => boolean;
}

interface Stored {
  readonly configuration: Configuration;
  /** Its document. */
  readonly bytes: Buffer;
}

export class Chain {
  readonly table: ChainTable;
  private current: Stored | undefined;
  /** The latest that was heard of; not on disk yet, if it is another one than `known`. */
  private latest: Stored | undefined;
  private end: Departure | undefined;
  private readonly listeners: ((now: Configuration) => void)[] = [];
  private readonly departureListeners: (() => void)[] = [];
  private readonly forkListeners: ((other: Configuration) => void)[] = [];

  constructor(private readonly options: ChainOptions) {
    this.table = new ChainTable(options.tables);
    this.table.onWrite(() => this.wrote());
  }

  /**
   * Throws `MalformedError` when what is on disk can't be read, and `RangeError` when it is of
   * another number of partitions.
   */
  load(): void {
    const { configuration: bytes, wasMember, departure } = this.table.load();
    if (bytes === undefined) return;
    const configuration = decodeConfiguration(bytes);
    if (configuration.partitions !== this.options.partitions)
      throw new RangeError(
        `the data are of a cluster of ${configuration.partitions} partitions, and the node is told ${this.options.partitions}: that can't change`,
      );
    const isOut = wasMember && !isMember(configuration, this.options.self);
    this.end = departure ?? (isOut ? { kind: 'removed' } : undefined);
    this.latest = { configuration, bytes };
    this.actUpon(this.latest);
  }

  /** What `load` will take up. Throws `MalformedError`. */
  stored(): Configuration | undefined {
    const { configuration } = this.table.load();
    return configuration && decodeConfiguration(configuration);
  }

  /** On disk. */
  get known(): Configuration | undefined {
    return this.current?.configuration;
  }

  get self(): NodeId {
    return this.options.self;
  }

  /** The latest that was taken, on disk or not yet. */
  get heard(): Configuration | undefined {
    return this.latest?.configuration;
  }

  /** Its document. */
  get bytes(): Buffer | undefined {
    return this.current?.bytes;
  }

  get number(): KnownNumber | undefined {
    const { known } = this;
    if (known === undefined) return undefined;
    return { cluster: known.cluster, number: known.number, recovery: lastRecoveryOf(known) };
  }

  get isMember(): boolean {
    return this.known !== undefined && isMember(this.known, this.options.self);
  }

  /** This node is no member any more, by what it heard. */
  get departure(): Departure | undefined {
    return this.end;
  }

  /** Called when it is acted upon, with what is on disk by then too. */
  onLearned(listener: (now: Configuration) => void): void {
    this.listeners.push(listener);
  }

  /** Called as soon as this node hears that it is no member any more. */
  onDeparture(listener: () => void): void {
    this.departureListeners.push(listener);
  }

  /**
   * Called as often as it hears of a configuration of the same cluster, of which another recovery
   * is told than this node knows: those who go by it went on without this one, and it without them.
   */
  onRecoveredApart(listener: (other: Configuration) => void): void {
    this.forkListeners.push(listener);
  }

  isLater({ cluster, number }: Omit<KnownNumber, 'recovery'>): boolean {
    const latest = this.heard;
    return latest === undefined || (cluster === latest.cluster && number > latest.number);
  }

  /**
   * Takes it if it is later than what is known and of the same cluster. `done` is called once it,
   * or a later one, is on disk; never when this node can't take it.
   */
  learn(configuration: Configuration, done?: () => void): void {
    const latest = this.heard;
    if (configuration.partitions !== this.options.partitions) return;
    if (latest === undefined && !this.options.mayBeOwn(configuration)) return;
    if (latest !== undefined && latest.cluster !== configuration.cluster) return;
    if (latest !== undefined && areForked(latest, configuration)) {
      for (const listener of this.forkListeners) listener(configuration);
      return;
    }
    if (latest !== undefined && latest.number >= configuration.number) {
      if (this.known === latest) done?.();
      else if (done !== undefined) this.table.keep({}, done);
      return;
    }
    const past = pastWith(this.table.kept.past, latest, configuration);
    const bytes = encodeConfiguration(configuration);
    this.latest = { configuration, bytes };
    this.noteDeparture(configuration);
    const wasMember = this.table.kept.wasMember || isMember(configuration, this.options.self);
    // The votes stay: until it is on disk this node votes on, and must know what it said.
    const changes = { configuration: bytes, wasMember, departure: this.end, past };
    this.table.keep(changes, done);
  }

  /** Of several that came meanwhile only the last one counts. */
  private wrote(): void {
    const { latest, current, table } = this;
    if (latest === undefined || latest === current) return;
    if (table.onDisk.configuration === latest.bytes) this.actUpon(latest);
  }

  private actUpon(stored: Stored): void {
    this.current = stored;
    for (const listener of this.listeners) listener(stored.configuration);
  }

  private noteDeparture(configuration: Configuration): void {
    const { self } = this.options;
    if (this.end !== undefined || isMember(configuration, self)) return;
    if (!this.table.kept.wasMember && !this.options.isFounder(configuration)) return;
    const { emptied } = this.table.kept;
    this.end = departureBy(configuration, { self, before: this.known, emptied });
    for (const listener of this.departureListeners) listener();
  }
}
