/**
 * Mints the state a put leaves: under which actor, covering what, and whether the limits allow it.
 * Nothing is stored here, so a refusal means that the put will never show.
 */
import { actorsOf } from '../../actors/rules/actor.js';
import type { BucketOptions } from '../../actors/rules/bucket.js';
import { lifetimeMs } from '../../actors/rules/expiry.js';
import { isPartBucket } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import type { Actor, Dot, KeyState, Sibling } from '../../actors/rules/versions.js';
import {
  claimsBeyond,
  counterOf,
  hasSeen,
  merge,
  mint,
  nothingSeen,
  seenAll,
} from '../../actors/rules/versions.js';
import {
  copiesLeftMs,
  onlyIfLost,
  rememberedCount,
  standing,
} from '../../actors/rules/operations.js';
import { contextForAuthor, lastWritten } from '../../actors/rules/view.js';
import {
  OverloadedError,
  QuorateError,
  TooLargeError,
  TooManySiblingsError,
  UnavailableError,
} from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { Store } from '../store/store.js';
import {
  encodable,
  encodedStateBytes,
  encodeSeen,
  type EncodableState,
} from '../wire/key-state-codec.js';
import { hasCopies, hasOperation, ReplacingState, seesAllOf } from '../wire/replacing-state.js';
import { manifestRefusal, otherPart } from './big-values.js';
import { refusalByCondition } from './comparing.js';
import type { PutRequest } from './coordinator.js';
import { earlierCopy, otherValue, withCopied, withCopy, writtenSince } from './earlier-copies.js';
import type { LocalRecord } from './local-record.js';
import type { LostNodes } from './lost-nodes.js';

/** The context claims what is not here, and nobody else was asked yet. */
export const claimsUnknown = 'claims unknown';

/** The record as the put leaves it. */
export interface MintedPut extends LocalRecord {
  /** Something that the context claims could not be found, and may stay beside the new value. */
  readonly seenPartly: boolean;
  readonly encoded: EncodableState;
  /** What the author is handed back, encoded. */
  readonly context: Buffer;
}

export class Minter {
  /** Made when a put comes: before its recovery the store does not know who it is. */
  private actorOfEpoch: ((epoch: number) => Actor) | undefined;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly lost: LostNodes,
    private readonly uploadLeaseMs = partLimits.uploadLeaseMsDefault,
  ) {}

  /** Returns, not throws, the error of a put that is refused. */
  mint(
    given: PutRequest,
    held: LocalRecord,
    bucket: BucketOptions,
  ): MintedPut | QuorateError | typeof claimsUnknown {
    const { context, found, compared } = given;
    const known = found === undefined ? held : withFound(held, found);
    const local = compared === undefined ? known : withFound(known, compared.state);
    const request: PutRequest = this.lost.mayComeTwice(given, local)
      ? { ...given, copy: 'any' }
      : given;
    const earlier = earlierCopy(request, local);
    if (earlier !== undefined)
      return otherValue(request, local) ?? this.retried(request, local, { earlier, bucket });
    const refusal = this.bigValueRefusal(request, local);
    if (refusal !== undefined) return refusal;
    try {
      const replacing = this.replacing(request, local, bucket);
      if (replacing !== undefined) return replacing;
      const isUnknown =
        context !== undefined && found === undefined && claimsBeyond(context, local.state.context);
      if (isUnknown) return claimsUnknown;
      return (
        this.refusalByCondition(request, local, bucket) ?? this.mintNew(request, local, bucket)
      );
    } catch (error) {
      if (error instanceof QuorateError) return error;
      throw error;
    }
  }

  /** By all that is known in this moment: nothing of the key is minted here before it is. */
  private refusalByCondition(
    request: PutRequest,
    { state }: LocalRecord,
    { conflict }: BucketOptions,
  ): QuorateError | undefined {
    if (request.onlyIf === undefined) return undefined;
    const { nowMs, askedMs } = this.timesOf(request);
    return refusalByCondition(request, request.onlyIf, { state, conflict, nowMs, askedMs });
  }

  /** The state is decoded when it is asked for, and most puts are of neither kind. */
  private bigValueRefusal(request: PutRequest, local: LocalRecord): QuorateError | undefined {
    if (isPartBucket(request.bucket)) return otherPart(request, local.state);
    if (request.isManifest !== true) return undefined;
    const times = { nowMs: this.clock.wallMs(), leaseMs: this.uploadLeaseMs };
    return manifestRefusal(request, local.state, { store: this.store, times });
  }

  private mintNew(
    request: PutRequest,
    local: LocalRecord,
    bucket: BucketOptions,
  ): MintedPut | QuorateError {
    const state = this.told(request, local);
    const { nowMs: wallMs, askedMs, copiesUntilMs } = this.timesOf(request);
    const isLater = request.copy === 'later';
    const lastWriterWins = bucket.conflict === 'last-writer-wins';
    const seen = lastWriterWins ? seenAll(state.context) : request.context;
    const writtenMs = lastWriterWins ? Math.min(wallMs, askedMs) : wallMs;
    const { actor, mark } = this.actorFor(local);
    const minted = mint({
      local: state,
      seen,
      actor,
      value: request.value,
      isManifest: request.isManifest,
      writtenAtMs: lastWriterWins && !isLater ? afterAll(state.siblings, wallMs) : writtenMs,
      // A copy that comes late lives no longer than the one that came in time.
      expiresAtMs: expiryOf(request, bucket, isLater ? Math.min(wallMs, askedMs) : wallMs),
      operation: request.operation,
      copiesUntilMs,
      stays: isLater ? writtenSince(askedMs, request.context) : undefined,
      nowMs: wallMs,
    });
    const refusal = refusalOf(minted, state);
    if (refusal !== undefined) return refusal;
    const dot: Dot = { actor, counter: counterOf(minted.context, actor) };
    const isAllFound = request.isAllFound === true;
    const context = encodeSeen(contextForAuthor({ state: minted, seen, isAllFound, dot }));
    const seenPartly =
      request.found !== undefined && claimsBeyond(request.context ?? nothingSeen, state.context);
    return { state: minted, mark, encoded: encodable(minted), context, seenPartly };
  }

  /** With what is known of copies that may come: by its author, and because nodes were lost. */
  private told({ copied }: PutRequest, local: LocalRecord): KeyState {
    const state = this.lost.withMarks(local.state);
    if (copied === undefined) return state;
    const wallMs = this.clock.wallMs();
    const monotonicMs = this.clock.monotonicMs();
    const wallMsOf = (untilMs: number): number =>
      Math.ceil(wallMs + copiesLeftMs(untilMs, monotonicMs));
    return withCopied(state, copied, wallMsOf);
  }

  /** The usual put, on bytes: as `mintNew` would. Undefined: it is another. */
  private replacing(
    request: PutRequest,
    local: LocalRecord,
    bucket: BucketOptions,
  ): MintedPut | QuorateError | undefined {
    const { span } = local;
    const { context: seen, operation, value, copied } = request;
    if (span === undefined || bucket.conflict === 'last-writer-wins') return undefined;
    if (request.copy === 'later') return undefined;
    const { nowMs: writtenAtMs, copiesUntilMs } = this.timesOf(request);
    if (hasCopies(span, writtenAtMs) || this.lost.concern(span)) return undefined;
    if (copied?.some((put) => hasOperation(span, put.operation)) === true) return undefined;
    if (span.entries >= limits.contextEntriesMax) return undefined;
    if (seen !== undefined && !seesAllOf(span, seen)) return undefined;
    const { actor, mark } = this.actorFor(local);
    const dot: Dot = { actor, counter: span.counterOf(actor) + 1 };
    const expiresAtMs = expiryOf(request, bucket, writtenAtMs);
    const context = span.contextWith(dot);
    const encoded = new ReplacingState(context, {
      dot,
      value,
      writtenAtMs,
      expiresAtMs,
      operation,
      ...(copiesUntilMs === undefined ? {} : { copiesUntilMs }),
      ...(request.isManifest === true ? { manifest: true } : undefined),
    });
    if (encoded.encodedBytes > limits.stateBytesMax) return tooLarge(encoded.encodedBytes);
    return new ReplacingPut(encoded, mark);
  }

  /**
   * The put was minted before: the state it has become is stored and sent once more, and the author
   * answered as if it were new. Where nobody knew that copies of it come, the state knows now.
   *
   * Two copies of the largest part, minted at two nodes, are more than is sent. Whatever was put
   * under the name of a part is the same, so there one more takes the place of all.
   */
  private retried(
    request: PutRequest,
    local: LocalRecord,
    { earlier, bucket }: { readonly earlier: Sibling; readonly bucket: BucketOptions },
  ): MintedPut | QuorateError {
    const { copiesUntilMs } = this.timesOf(request);
    const state =
      copiesUntilMs === undefined ? local.state : withCopy(local.state, earlier, copiesUntilMs);
    const encoded = encodable(state);
    if (encoded.encodedBytes > limits.stateBytesMax) {
      if (isPartBucket(request.bucket))
        return this.mintNew({ ...request, operation: '', copy: 'first' }, local, bucket);
      return new UnavailableError('the key with its siblings is too large to be sent', 'unknown');
    }
    const seen = request.context ?? nothingSeen;
    const isAllFound = request.isAllFound === true;
    const context = encodeSeen(contextForAuthor({ state, seen, isAllFound, dot: earlier.dot }));
    // Whether all was found the first time shows in what is left.
    const isLeft = ({ dot, operation }: Sibling): boolean =>
      operation !== request.operation && hasSeen(seen, dot);
    const seenPartly = claimsBeyond(seen, state.context) || standing(state.siblings).some(isLeft);
    return { state, mark: local.mark, encoded, context, seenPartly };
  }

  /** By the wall clock. */
  private timesOf({ copy, operation, deadlineMs, askedMs, isPassedOn }: PutRequest): PutTimes {
    const nowMs = this.clock.wallMs();
    const copiesUntilMs = isPassedOn === true && operation !== '' ? onlyIfLost : undefined;
    if (copy === 'first') return { nowMs, askedMs: nowMs, copiesUntilMs };
    const monotonicMs = this.clock.monotonicMs();
    const leftMs = copiesLeftMs(deadlineMs, monotonicMs);
    return {
      nowMs,
      askedMs: Math.max(0, nowMs - Math.max(0, monotonicMs - askedMs)),
      copiesUntilMs: operation === '' ? undefined : Math.ceil(nowMs + leftMs),
    };
  }

  /** On with the epoch of the mark while it is valid, else a fresh one: decision 7. */
  private actorFor(local: LocalRecord): { readonly actor: Actor; readonly mark: number } {
    const { store } = this;
    const actorOf = (this.actorOfEpoch ??= actorsOf(store.nodeId));
    if (local.mark !== 0 && local.mark >= store.validEpoch()) {
      const actor = actorOf(local.mark);
      if (claimedBy(local, actor) < limits.contextCounterMax) return { actor, mark: local.mark };
    }
    const epoch = store.drawEpoch();
    return { actor: actorOf(epoch), mark: epoch };
  }
}

/**
 * As the replacing put leaves the record: objects are made when a second put of its round builds on
 * it.
 */
class ReplacingPut implements MintedPut {
  readonly seenPartly = false;

  constructor(
    readonly encoded: ReplacingState,
    readonly mark: number,
  ) {}

  get state(): KeyState {
    return this.encoded.state;
  }

  get context(): Buffer {
    return this.encoded.context;
  }
}

interface PutTimes {
  readonly nowMs: number;
  readonly askedMs: number;
  readonly copiesUntilMs: number | undefined;
}

/** As it would be if what was found had come as a merge. */
function withFound({ state, mark }: LocalRecord, found: KeyState): LocalRecord {
  return { state: merge(state, found), mark };
}

/** 0: never; nor does a tombstone. */
function expiryOf(request: PutRequest, bucket: BucketOptions, fromMs: number): number {
  const ttlMs = lifetimeMs(request.ttlMs, bucket.ttlMs);
  return ttlMs === 0 || request.value === null ? 0 : fromMs + ttlMs;
}

function claimedBy(local: LocalRecord, actor: Actor): number {
  const { span } = local;
  return span === undefined ? counterOf(local.state.context, actor) : span.counterOf(actor);
}

/** Last-writer-wins goes by the wall clock, which may stand behind a write this one replaces. */
function afterAll(held: readonly Sibling[], wallMs: number): number {
  const siblings = standing(held);
  if (siblings.length === 0) return wallMs;
  return Math.max(wallMs, lastWritten(siblings).writtenAtMs + 1);
}

/**
 * Siblings that other nodes took add up past the cap, but no put leaves more: so those of one
 * actor, which holds all its own, never do. Who has seen them all, or does not look, can still put
 * the key in order.
 */
function refusalOf(minted: KeyState, before: KeyState): QuorateError | undefined {
  const siblings = standing(minted.siblings).length;
  if (siblings > limits.siblingsMax)
    return new TooManySiblingsError(
      `the key has ${standing(before.siblings).length} siblings: get it, merge them, and put with the context`,
    );
  const remembered = rememberedCount(minted.siblings);
  if (remembered > limits.operationsRememberedMax)
    return new OverloadedError(
      `the key remembers ${remembered} replaced puts whose copies may still come: put it more slowly, or with shorter timeouts`,
    );
  const entries = minted.context.length;
  const known = before.context.length;
  if (entries > limits.contextEntriesMax && entries > known)
    return new TooManySiblingsError(
      `the key's context has ${known} entries and none to spare: they are shortened within twice --tombstone-grace once all members are up or removed, see the problems in the nodes' logs`,
    );
  const bytes = encodedStateBytes(minted);
  return bytes > limits.stateBytesMax ? tooLarge(bytes) : undefined;
}

function tooLarge(bytes: number): TooLargeError {
  return new TooLargeError(
    `the key with all its siblings would take ${bytes} bytes, more than ${limits.stateBytesMax}`,
  );
}
