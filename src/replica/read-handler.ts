/**
 * Answers `read`: the states whose digest differs from the caller's, as many as one message takes.
 */
import { inject, injectable } from 'tsyringe';
import type { StorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { emptyDigest, emptyState, sameDigest } from '../../actors/rules/versions.js';
import type { IncomingCall, WireValue } from '../bus/peers.js';
import { Peers } from '../bus/peers.js';
import { DeadlineError, MalformedError, TooLargeError } from '../errors.js';
import { Store } from '../store/store.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeDigests } from '../wire/digests.js';
import { encodeState } from '../wire/key-state-codec.js';
import { partsOfBytes } from '../wire/state-parts.js';

@injectable()
export class ReadHandler {
  private readonly absent = encodeState(emptyState);

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(Store) private readonly store: Store,
  ) {}

  /** Answers reads from now on. */
  start(): void {
    this.peers.handle('read', (call) => this.read(call));
  }

  /** Throws become refusals, by `Peers`. */
  private read(call: IncomingCall): void {
    const [remainingMs, keys, digests, partsWelcome] = call.body;
    if (typeof remainingMs !== 'number' || !Array.isArray(keys) || !(digests instanceof Uint8Array))
      throw new MalformedError('a read is [remainingMs, keys, digests]');
    if (remainingMs <= 0) throw new DeadlineError('too late to be read', 'none');
    const theirs = decodeDigests(asBuffer(digests));
    if (theirs.length !== keys.length) throw new MalformedError('a read has a digest a key');
    const indexes: number[] = [];
    const states: Buffer[] = [];
    let bytes = 0;
    const names = keys.map(nameIn);
    for (const [i, record] of this.store.readAll(names).entries()) {
      if (sameDigest(record?.digest ?? emptyDigest, theirs[i]!)) continue;
      const state = record?.bytes ?? this.absent;
      if (state.length > limits.stateBytesMax && states.length === 0) {
        call.ok([[i], [firstPartOf(state, partsWelcome === true)], i + 1]);
        return;
      }
      if (states.length > 0 && bytes + state.length > limits.roundBytesMax) {
        call.ok([indexes, states, i]);
        return;
      }
      indexes.push(i);
      states.push(state);
      bytes += state.length;
    }
    call.ok([indexes, states, keys.length]);
  }
}

function nameIn(key: WireValue): StorageKey {
  if (!(key instanceof Uint8Array)) throw new MalformedError('a key is bytes');
  return asBuffer(key).toString('latin1');
}

/**
 * A state larger than a message can't be shown as it is, and a quorum must not take a part for the whole. A tree exchange
 * takes what it gets: the rest comes when this node pushes.
 */
function firstPartOf(state: Buffer, partsWelcome: boolean): Buffer {
  if (!partsWelcome)
    throw new TooLargeError(`the key's siblings take ${state.length} bytes, more than a message`);
  return partsOfBytes(state)[0]!;
}
