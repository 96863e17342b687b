/**
 * When nodes were lost, and which puts may be two because of it. A node that passed a put on and
 * lost the other one does it itself (`src/api/put-ordering.ts`). That copy says that others may
 * come; the first one says only that it was passed on, since hardly any is done twice, and a key
 * would have to remember all of them. It was under way when a node was lost: of what stands then
 * each key has one at most, and that is marked as if its author had named it. Where the first copy
 * lay in a slow route meanwhile, it is begun after that, and says itself that others may come.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { Reachability } from '../../actors/rules/membership.js';
import {
  copied,
  forgottenAtMs,
  onlyIfLost,
  rememberedCount,
} from '../../actors/rules/operations.js';
import type { KeyState, Sibling } from '../../actors/rules/versions.js';
import type { Clock } from '../seams/clock.js';
import type { EncodedState } from '../wire/encoded-state.js';
import type { PutRequest } from './coordinator.js';
import type { LocalRecord } from './local-record.js';

export class LostNodes {
  /** Wall clock; the last one last. */
  private readonly lostAtMs: number[] = [];
  private readonly away = new Set<NodeId>();

  constructor(private readonly clock: Clock) {}

  /** What this node believes of another, when that changes. */
  follow(node: NodeId, now: Reachability): void {
    if (now === 'alive') this.away.delete(node);
    else if (!this.away.has(node)) {
      this.note();
      // Nobody has so many members: these are names somebody made up.
      if (this.away.size >= limits.membersMax) this.away.clear();
      this.away.add(node);
    }
  }

  /** A first copy that was passed on before a node was lost, and is begun only now. */
  mayComeTwice({ copy, isPassedOn, askedMs }: PutRequest, local: LocalRecord): boolean {
    if (copy !== 'first' || isPassedOn !== true || !this.since(askedMs)) return false;
    return hasRoom(local.state);
  }

  /** Whether `withMarks` marks any of them. */
  concern(held: EncodedState): boolean {
    if (this.lostAtMs.length === 0) return false;
    const { end } = held;
    for (let at = held.firstSibling; at < end; at = held.nextSibling(at))
      if (held.copiesUntilMs(at) === onlyIfLost && this.wasUnderway(held.writtenAtMs(at)))
        return true;
    return false;
  }

  withMarks(state: KeyState): KeyState {
    if (this.lostAtMs.length === 0 || !hasRoom(state)) return state;
    const siblings = state.siblings.map((sibling) =>
      this.mayBeTwo(sibling) ? copied(sibling, overAtMs(sibling.writtenAtMs)) : sibling,
    );
    return { context: state.context, siblings };
  }

  private mayBeTwo({ copiesUntilMs, writtenAtMs }: Sibling): boolean {
    return copiesUntilMs === onlyIfLost && this.wasUnderway(writtenAtMs);
  }

  private wasUnderway(writtenAtMs: number): boolean {
    for (const lostAtMs of this.lostAtMs)
      if (writtenAtMs <= lostAtMs && lostAtMs < overAtMs(writtenAtMs)) return true;
    return false;
  }

  /** Whether one was lost since then, on the monotonic clock. */
  private since(ms: number): boolean {
    const last = this.lostAtMs.at(-1);
    if (last === undefined) return false;
    return last > this.clock.wallMs() - (this.clock.monotonicMs() - ms);
  }

  private note(): void {
    const { lostAtMs } = this;
    const nowMs = this.clock.wallMs();
    if (lostAtMs.at(-1) === nowMs) return;
    while (lostAtMs.length >= limits.lossesNotedMax || isOver(lostAtMs[0], nowMs)) lostAtMs.shift();
    lostAtMs.push(nowMs);
  }
}

/** A key that remembers many has forgotten others for it: of these it remembers no more. */
function hasRoom({ siblings }: KeyState): boolean {
  return rememberedCount(siblings) < limits.operationsRememberedKept;
}

/** What was under way then is remembered no more. */
function isOver(lostAtMs: number | undefined, nowMs: number): boolean {
  return lostAtMs !== undefined && forgottenAtMs(overAtMs(lostAtMs)) < nowMs;
}

/** When the request of what was written then has ended. */
function overAtMs(writtenAtMs: number): number {
  return writtenAtMs + limits.requestTimeoutMsMax;
}
