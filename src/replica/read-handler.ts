/**
 * Answers `read`: the states whose digest differs from the caller's, as many as one message takes.
 */
import { inject, injectable } from 'tsyringe';
import { isServed } from '../../actors/rules/said-configuration.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { isReadAlike, type SideRead } from '../../actors/rules/placement.js';
import { emptyDigest, emptyState, sameDigest, type Digest } from '../../actors/rules/versions.js';
import { Buckets } from '../buckets/buckets.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, OtherConfigurationError, TooLargeError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { Tracing } from '../seams/tracing.js';
import { Store } from '../store/store.js';
import { encodeDigests } from '../wire/digests.js';
import { encodeState } from '../wire/key-state-codec.js';
import type { Answer } from '../wire/protocol/bodies.js';
import { foundBody, isTraced, readOf, readTraces } from '../wire/protocol/read.js';
import { statePartsOfBytes } from '../wire/state-parts.js';
import { serveTraced } from './traced-call.js';

@injectable()
export class ReadHandler {
  private readonly absent = encodeState(emptyState);

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
    @inject(Buckets) private readonly buckets: Buckets,
    @inject(Tracing) private readonly tracing: Tracing,
  ) {}

  /** Answers reads from now on. */
  start(): void {
    this.peers.handle('read', (call) => {
      if (isTraced(call.body)) this.readTraced(call);
      else this.read(call);
    });
  }

  private readTraced(call: IncomingCall<'read'>): void {
    const how = { verb: 'read', traces: readTraces(call.body), yes: 'answered' } as const;
    serveTraced(this.tracing, call, how, (served) => this.read(served));
  }

  /** Throws become refusals, by `Peers`. */
  private read(call: IncomingCall<'read'>): void {
    const { remainingMs, keys, digests, configuration, part, side } = readOf(call.body);
    if (!isServed(configuration, this.view.configuration)) throw new OtherConfigurationError();
    if (side !== undefined && !keys.every((key) => this.isReadOf(side, key)))
      throw new OtherConfigurationError();
    if (remainingMs <= 0) throw new DeadlineError('too late to be read', 'none');
    const indexes: number[] = [];
    const states: Buffer[] = [];
    let bytes = 0;
    for (const [i, record] of this.store.readAll(keys).entries()) {
      if (sameDigest(record?.digest ?? emptyDigest, digests[i]!)) continue;
      const state = record?.bytes ?? this.absent;
      if (state.length > limits.stateBytesMax && states.length === 0) {
        call.ok(partBody(i, { state, digest: record!.digest, part }));
        return;
      }
      if (states.length > 0 && bytes + state.length > limits.roundBytesMax) {
        call.ok(foundBody(indexes, states, i));
        return;
      }
      indexes.push(i);
      states.push(state);
      bytes += state.length;
    }
    call.ok(foundBody(indexes, states, keys.length));
  }

  /** Whatever it holds itself: it may own the key on both sides. */
  private isReadOf(side: SideRead, key: StorageKey): boolean {
    const { spread: n } = this.buckets.of(nameOfStorageKey(key).bucket);
    return isReadAlike(side, this.view.placement(partitionOfStorageKey(key), n));
  }
}

/**
 * A state larger than a message can't be shown as it is, and a quorum must not take a part for the
 * whole. A tree exchange asks for one part after the other.
 */
function partBody(
  index: number,
  { state, digest, part }: { state: Buffer; digest: Digest; part: number | undefined },
): Answer<'read'> {
  if (part === undefined)
    throw new TooLargeError(`the key's siblings take ${state.length} bytes, more than a message`);
  const parts = statePartsOfBytes(state);
  // It has fewer than it had: its asker sees by the digest that it is another state.
  const at = index === 0 && part < parts.length ? part : 0;
  const cut = [parts.length - 1 - at, encodeDigests([digest])] as const;
  return foundBody([index], [parts[at]!], index + 1, cut);
}
