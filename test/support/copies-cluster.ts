/**
 * A key on three nodes, as their coordinators mint for it; what one tells another is up to the
 * test.
 */
import { bucketOptionsDefault } from '../../actors/rules/bucket.js';
import { rememberedCount } from '../../actors/rules/operations.js';
import type { KeyState } from '../../actors/rules/versions.js';
import { emptyState, merge } from '../../actors/rules/versions.js';
import { valuesOf } from '../../actors/rules/view.js';
import { QuorateError } from '../../src/errors.js';
import { stateIn } from '../../src/wire/encoded-state.js';
import { decodeState, encodeState } from '../../src/wire/key-state-codec.js';
import { LoneMinter } from './lone-minter.js';
import { ManualClock } from './manual-clock.js';
import { putRequest } from './put-request.js';

export const timeoutMs = 5000;

/** A key on some nodes, whose clocks agree. */
export class CopiesCluster {
  readonly clock = new ManualClock();
  readonly minters = ['1', '2', '3'].map((id) => new LoneMinter(id.repeat(16), this.clock));
  readonly states: KeyState[] = this.minters.map(() => emptyState);
  private readonly marks = [0, 0, 0];

  constructor(readonly conflict: 'siblings' | 'last-writer-wins' = 'siblings') {}

  /** Returns the author's context, or the error. */
  put(
    at: number,
    value: string | null,
    over: Parameters<typeof putRequest>[0] = {},
  ): Buffer | QuorateError {
    const nowMs = this.clock.monotonicMs();
    const request = putRequest({
      value: value === null ? null : Buffer.from(value),
      askedMs: nowMs,
      deadlineMs: nowMs + timeoutMs,
      ...over,
    });
    const bytes = encodeState(this.states[at]!);
    // As the store lends it: objects are made anew whenever somebody asks for them.
    const local = {
      get state(): KeyState {
        return decodeState(bytes);
      },
      span: stateIn(bytes),
      mark: this.marks[at]!,
    };
    const bucket = { ...bucketOptionsDefault, conflict: this.conflict };
    const minted = this.minters[at]!.mint(request, local, bucket);
    if (minted instanceof QuorateError) return minted;
    // By way of bytes, as they go.
    const encoded = Buffer.alloc(minted.encoded.encodedBytes);
    minted.encoded.write(encoded, 0);
    this.states[at] = decodeState(encoded);
    this.marks[at] = minted.mark;
    return minted.context;
  }

  send(from: number, to: number): void {
    this.states[to] = merge(this.states[to]!, this.states[from]!);
  }

  shown(at: number): string[] {
    const how = { conflict: this.conflict, nowMs: this.clock.wallMs() };
    return valuesOf(this.states[at]!, how)
      .map((value) => String(value))
      .sort();
  }

  remembered(at: number): number {
    return rememberedCount(this.states[at]!.siblings);
  }
}
