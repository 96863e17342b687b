/**
 * Answers `read`: the states whose digest differs from the caller's, as many as one message takes.
 */
import { inject, injectable } from 'tsyringe';
import { isServed } from '../../actors/rules/said-configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { emptyDigest, emptyState, sameDigest } from '../../actors/rules/versions.js';
import type { IncomingCall } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, OtherConfigurationError, TooLargeError } from '../errors.js';
import { ClusterView } from '../membership/cluster-view.js';
import { Store } from '../store/store.js';
import { encodeState } from '../wire/key-state-codec.js';
import { foundBody, readOf } from '../wire/protocol/read.js';
import { statePartsOfBytes } from '../wire/state-parts.js';

@injectable()
export class ReadHandler {
  private readonly absent = encodeState(emptyState);

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
    @inject(ClusterView) private readonly view: ClusterView,
  ) {}

  /** Answers reads from now on. */
  start(): void {
    this.peers.handle('read', (call) => this.read(call));
  }

  /** Throws become refusals, by `Peers`. */
  private read(call: IncomingCall<'read'>): void {
    const { remainingMs, keys, digests, configuration, partsWelcome } = readOf(call.body);
    if (!isServed(configuration, this.view.configuration)) throw new OtherConfigurationError();
    if (remainingMs <= 0) throw new DeadlineError('too late to be read', 'none');
    const indexes: number[] = [];
    const states: Buffer[] = [];
    let bytes = 0;
    for (const [i, record] of this.store.readAll(keys).entries()) {
      if (sameDigest(record?.digest ?? emptyDigest, digests[i]!)) continue;
      const state = record?.bytes ?? this.absent;
      if (state.length > limits.stateBytesMax && states.length === 0) {
        call.ok(foundBody([i], [firstPartOf(state, partsWelcome)], i + 1));
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
}

/**
 * A state larger than a message can't be shown as it is, and a quorum must not take a part for the
 * whole. A tree exchange takes what it gets: the rest comes when this node pushes.
 */
function firstPartOf(state: Buffer, partsWelcome: boolean): Buffer {
  if (!partsWelcome)
    throw new TooLargeError(`the key's siblings take ${state.length} bytes, more than a message`);
  return statePartsOfBytes(state)[0]!;
}
