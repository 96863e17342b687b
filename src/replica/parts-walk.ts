/**
 * Walks over the uploads whose parts lie in the partitions this node answers for, a bounded step at
 * a time, and finds those of which the parts may go (`actors/rules/parts.ts`). Of an upload that
 * stays it looks at one part.
 */
import { hasRested } from '../../actors/rules/collection.js';
import { isPartBucket, nameOfStorageKey, partMark, storageKeyOf } from '../../actors/rules/key.js';
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import {
  givenUpIndex,
  namedBucket,
  partKey,
  partNameOf,
  type PartName,
} from '../../actors/rules/part-names.js';
import { isUnneeded, refersTo, type OwnerSeen } from '../../actors/rules/parts.js';
import { emptyDigest, emptyState } from '../../actors/rules/versions.js';
import type { ScannedKey, Store } from '../store/store.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeManifest, partsOf, uploadIn } from '../wire/manifest.js';
import type { AgreedKey } from '../wire/protocol/collection.js';

/** Parts that may go. */
export interface UnneededUpload {
  /** What the keys of its parts begin with. */
  readonly prefix: StorageKey;
  /** Its key as it is here; with the empty digest where it is absent. */
  readonly owner: AgreedKey;
  /** The key was not put for the grace period: no message about it is under way. */
  readonly hasRested: boolean;
}

export interface PartsWalkSurroundings {
  readonly partitions: number;
  readonly leaseMs: number;
  readonly graceMs: number;
  /** Agreed wall clock. */
  nowMs(): number;
  isMine(partition: number): boolean;
}

/** What lies in the partitions of this node, as the last whole pass over them found it. */
export interface PartsMet {
  uploads: number;
  /** Of values that keys refer to. */
  parts: number;
}

export class PartsWalk {
  met: Readonly<PartsMet> = { uploads: 0, parts: 0 };
  private meeting: PartsMet = { uploads: 0, parts: 0 };
  private partition = 0;
  private after: StorageKey = '';

  constructor(
    private readonly store: Pick<Store, 'scan' | 'peek'>,
    private readonly around: PartsWalkSurroundings,
  ) {}

  /** Those among the next uploads; none when there is nothing to look at. */
  step(): UnneededUpload[] {
    const found: UnneededUpload[] = [];
    let looks = 0;
    for (let passed = 0; passed < this.around.partitions; passed++) {
      if (!this.around.isMine(this.partition)) {
        this.advance();
        continue;
      }
      while (looks++ < partLimits.looksPerTickMax) {
        const part = this.nextPart();
        if (part === undefined) break;
        const upload = this.look(part);
        if (upload !== undefined) found.push(upload);
      }
      if (looks > partLimits.looksPerTickMax) return found;
      this.advance();
    }
    return found;
  }

  /** Parts of an upload as they are here, the first of them. */
  partsOf({ prefix }: UnneededUpload, limit: number): AgreedKey[] {
    const partition = this.partitionOf(prefix);
    return this.store
      .scan({ partition, after: prefix, limit })
      .filter(({ key }) => key.startsWith(prefix));
  }

  private partitionOf(key: StorageKey): number {
    return (key.charCodeAt(0) << 8) | key.charCodeAt(1);
  }

  private nextPart(): ScannedKey | undefined {
    const { partition } = this;
    const start = storageKeyOf({ partition, bucket: '', key: '' }).slice(0, 2) + partMark;
    const after = this.after === '' ? start : this.after;
    const [next] = this.store.scan({ partition, after, limit: 1 });
    return next !== undefined && isPartBucket(next.key.slice(2, 3)) ? next : undefined;
  }

  private look({ key }: ScannedKey): UnneededUpload | undefined {
    const { bucket, key: own } = nameOfStorageKey(key);
    const name = partNameOf(own);
    this.after = key;
    if (name === undefined) return undefined;
    const end = this.keyOf(bucket, partKey(name.owner, name.upload, givenUpIndex));
    this.after = end;
    this.meeting.uploads++;
    return this.unneeded(name, bucket, end);
  }

  private unneeded(
    { owner: ownerKey, upload }: PartName,
    bucket: ByteString,
    end: StorageKey,
  ): UnneededUpload | undefined {
    const key = this.keyOf(namedBucket(bucket), ownerKey);
    const held = this.store.peek(key);
    const state = held?.state ?? emptyState;
    const owner: OwnerSeen = { state, uploadOf: uploadIn };
    const { leaseMs, graceMs } = this.around;
    const at = { nowMs: this.around.nowMs(), leaseMs, graceMs };
    if (refersTo(owner, upload, at)) {
      this.meeting.parts += partsReferred(owner, upload);
      return undefined;
    }
    const givenUp = this.store.peek(end);
    const isGivenUp = givenUp !== undefined && hasRested(givenUp.state, at);
    if (!isUnneeded({ upload, owner, isGivenUp }, at)) return undefined;
    return {
      prefix: end.slice(0, -indexBytes),
      owner: { key, digest: held?.digest ?? emptyDigest },
      hasRested: hasRested(state, at),
    };
  }

  private keyOf(bucket: ByteString, key: ByteString): StorageKey {
    return storageKeyOf({ partition: this.partition, bucket, key });
  }

  private advance(): void {
    this.partition = (this.partition + 1) % this.around.partitions;
    this.after = '';
    if (this.partition !== 0) return;
    this.met = this.meeting;
    this.meeting = { uploads: 0, parts: 0 };
  }
}

const indexBytes = 4;

function partsReferred({ state }: OwnerSeen, upload: string): number {
  for (const { manifest, value } of state.siblings)
    if (manifest === true && value !== null && uploadIn(value) === upload)
      return partsOf(decodeManifest(asBuffer(value)));
  return 0;
}
