/**
 * Epochs: one counter a node, leased from disk. A start goes on beyond the last lease, since a
 * crash may have lost what was minted under it, and beyond the moment at which the start happens,
 * since a disk that was put back from a copy does not know what was drawn before. All earlier ones
 * are void. Leases reach hardly beyond the moment (`storeLimits`), so that a start doesn't either.
 */
import { limits } from '../../actors/rules/limits.js';
import { storeLimits } from '../../actors/rules/limits/store.js';
import { OverloadedError } from '../errors.js';
import type { Clock, TimerId } from '../seams/clock.js';
import type { Table, Tables } from '../seams/table.js';
import { decodeEpochs, encodeEpochs, metaKeys, metaRow } from './meta.js';

/** More than a life had leased, and told nobody of, when it ended. */
const epochBlock = 1 << 20;

const countedFromMs = Date.UTC(2024, 0, 1);

/** Of a wall clock, ms since 1970. */
function epochAt(wallMs: number): number {
  const moment = Math.floor((wallMs - countedFromMs) * storeLimits.epochsPerMs);
  // At most that of the year 2058, so that a wrong clock leaves room.
  return Math.min(Math.max(1, moment), limits.epochsMax / 2);
}

export interface EpochsOptions {
  readonly clock: Clock;
  readonly tables: Tables;
  readonly meta: Table;
  readonly onFatal: (error: Error) => void;
  /** The disk is full, or no longer: without a lease nothing may be minted. */
  readonly onFull: (full: boolean) => void;
}

export class Epochs {
  private next = 1;
  private leaseEnd = 1;
  private firstValid = 1;
  private renewing = false;
  private firstLease: (() => void) | undefined;
  /** No lease fits the disk. */
  private full = false;
  private stopped = false;
  private retry: TimerId;

  constructor(private readonly options: EpochsOptions) {}

  /** Whether the last stop was clean, by its own account. */
  get stoppedCleanly(): boolean {
    const row = metaRow(this.options.meta, metaKeys.epochs);
    return row === undefined || decodeEpochs(row).clean;
  }

  /**
   * Takes a lease; resolves once it is on disk, or does not fit it: what is there can be read all
   * the same, and nothing is drawn before a lease is had (`onLeased`, at once or later).
   */
  async start(onLeased: () => void): Promise<void> {
    const row = metaRow(this.options.meta, metaKeys.epochs);
    const last = row === undefined ? 1 : decodeEpochs(row).leaseEnd;
    this.firstLease = onLeased;
    await this.beginAt(Math.max(last, epochAt(this.options.clock.wallMs())));
  }

  /** The first one drawn since the start, or since earlier ones were voided. */
  get valid(): number {
    return this.firstValid;
  }

  /** Nothing was drawn from here on, and will not be before this has risen. */
  get leasedTo(): number {
    return this.leaseEnd;
  }

  /**
   * Goes on beyond what others have seen of a life this disk does not know, and a block more: it
   * may have leased one that it told nobody. All earlier epochs are void. Resolves once that is on
   * disk.
   */
  async skip(seen: number): Promise<void> {
    await this.beginAt(Math.max(this.leaseEnd, seen) + epochBlock);
  }

  draw(): number {
    if (this.next >= this.leaseEnd)
      throw new OverloadedError('epochs are drawn faster than leased');
    const epoch = this.next++;
    const { epochsLeased } = storeLimits;
    if (this.leaseEnd - this.next < epochsLeased / 2 && !this.renewing) this.renew(() => undefined);
    return epoch;
  }

  /** The row that makes a stop clean; nothing is drawn after it. */
  stop(): Buffer {
    this.stopped = true;
    this.options.clock.clearTimeout(this.retry);
    this.leaseEnd = this.next;
    return encodeEpochs({ leaseEnd: this.next, clean: true });
  }

  /** All below it is void. */
  private beginAt(epoch: number): Promise<void> {
    this.leaseEnd = epoch;
    this.next = epoch;
    this.firstValid = epoch;
    return new Promise((resolve) => this.renew(resolve));
  }

  private renew(done: () => void): void {
    this.renewing = true;
    const { tables, meta, onFatal } = this.options;
    const leaseEnd = Math.max(this.leaseEnd, this.next + storeLimits.epochsLeased);
    const row = encodeEpochs({ leaseEnd, clean: false });
    tables.commit(
      (batch) => batch.put(meta, metaKeys.epochs, row),
      (error?: NodeJS.ErrnoException) => {
        if (error !== undefined && error.code !== 'ENOSPC') return onFatal(error);
        if (!this.stopped) this.renewed(leaseEnd, error === undefined);
        done();
      },
    );
  }

  private renewed(leaseEnd: number, isOnDisk: boolean): void {
    // Of another one, which may have been asked for meanwhile.
    this.options.clock.clearTimeout(this.retry);
    if (isOnDisk) {
      this.leaseEnd = leaseEnd;
      this.renewing = false;
      this.firstLease?.();
      this.firstLease = undefined;
      this.setFull(false);
      return;
    }
    // A lease that is renewed has not run out yet.
    if (this.firstLease !== undefined) this.setFull(true);
    const again = (): void => this.renew(() => undefined);
    this.retry = this.options.clock.setTimeout(again, storeLimits.epochsRetryMs);
  }

  private setFull(full: boolean): void {
    if (full === this.full) return;
    this.full = full;
    this.options.onFull(full);
  }
}
