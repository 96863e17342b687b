/** Mints puts of a coordinator that finds nothing at others of what contexts claim. */
import type { BucketOptions } from '../../actors/rules/bucket.js';
import { emptyState } from '../../actors/rules/versions.js';
import type { PutRequest } from '../../src/coordinator/coordinator.js';
import type { LocalRecord } from '../../src/coordinator/local-record.js';
import { LostNodes } from '../../src/coordinator/lost-nodes.js';
import { claimsUnknown, Minter, type MintedPut } from '../../src/coordinator/minting.js';
import type { QuorateError } from '../../src/errors.js';
import { ManualClock } from './manual-clock.js';
import { MapStore } from './map-store.js';

export class LoneMinter {
  readonly lost: LostNodes;
  private readonly minter: Minter;

  constructor(node: string, clock = new ManualClock()) {
    this.lost = new LostNodes(clock);
    this.minter = new Minter(new MapStore(node, clock), clock, this.lost);
  }

  mint(request: PutRequest, local: LocalRecord, bucket: BucketOptions): MintedPut | QuorateError {
    const minted = this.minter.mint(request, local, bucket);
    if (minted !== claimsUnknown) return minted;
    const again = this.minter.mint({ ...request, found: emptyState }, local, bucket);
    if (again === claimsUnknown) throw new Error('looked up twice');
    return again;
  }
}
