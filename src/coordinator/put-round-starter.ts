/**
 * From a batch of puts to rounds whose states are minted. Everything that can be refused with outcome
 * `none` is refused here, before anything is stored or sent.
 */
import { openPutLedger } from '../../actors/coordinator/put-ledger.js';
import type { PutLedger } from '../../actors/coordinator/put-ledger.js';
import type { StorageKey } from '../../actors/rules/key.js';
import { storageKeyOf } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { DeadlineError, OverloadedError, QuorateError, UnavailableError } from '../errors.js';
import type { ClusterView } from '../membership/cluster-view.js';
import { bucketOptions } from '../node/node-options.js';
import type { NodeOptions } from '../node/node-options.js';
import type { Store } from '../store/store.js';
import { encodeStates } from '../wire/state-batch.js';
import type { PutRequest } from './coordinator.js';
import type { LocalRecord, MintedPut, Minter } from './minting.js';
import { absentRecord } from './minting.js';
import type { PutEntry } from './put-round-runner.js';
import { PutRoundRunner, bytesOf } from './put-round-runner.js';
import type { Batch } from './round-collector.js';
import { putPlan } from './round-plans.js';
import type { RoundSurroundings } from './round-surroundings.js';

export interface PutRules {
  readonly view: ClusterView;
  readonly options: NodeOptions;
  readonly minter: Minter;
}

/** A round that is being minted: what each of its keys has come to, and for whom. */
class Draft {
  readonly entries: PutEntry[] = [];
  readonly locals = new Map<StorageKey, LocalRecord>();
  private readonly sizes = new Map<StorageKey, number>();
  bytes = 0;

  /** Whether the state still fits the round's message; the first one always does. */
  hasRoomFor(key: StorageKey, stateBytes: number): boolean {
    const bytes = this.bytes - (this.sizes.get(key) ?? 0) + stateBytes;
    return this.entries.length === 0 || bytes <= limits.roundBytesMax;
  }

  add(request: PutRequest, key: StorageKey, minted: MintedPut): void {
    this.bytes += minted.stateBytes - (this.sizes.get(key) ?? 0);
    this.sizes.set(key, minted.stateBytes);
    this.locals.set(key, minted.local);
    this.entries.push({ request, context: minted.context, isAnswered: false });
  }
}

export class PutRoundStarter {
  constructor(
    private readonly around: RoundSurroundings,
    private readonly rules: PutRules,
  ) {}

  start(batch: Batch<PutRequest>): void {
    const { store, clock } = this.around;
    const ledger = openPutLedger(putPlan(batch, this.rules.view, store.nodeId));
    const refusal = storeRefusal(store) ?? quorumRefusal(ledger);
    if (refusal !== undefined) {
      this.refuseAll(batch.requests, refusal);
      return;
    }
    const nowMs = clock.monotonicMs();
    let draft = new Draft();
    for (const request of batch.requests) {
      if (request.deadlineMs <= nowMs) {
        this.refuse(request, expired());
        continue;
      }
      const key = storageKeyOf(request);
      const minted = this.mint(request, key, draft);
      if (minted instanceof QuorateError) {
        this.refuse(request, minted);
        continue;
      }
      if (!draft.hasRoomFor(key, minted.stateBytes)) {
        this.begin(draft, ledger);
        draft = new Draft();
      }
      draft.add(request, key, minted);
    }
    if (draft.entries.length > 0) this.begin(draft, ledger);
  }

  refuseAll(requests: readonly PutRequest[], error: QuorateError): void {
    for (const request of requests) this.refuse(request, error);
  }

  /** Two puts of one key in a round build on each other: the draft knows more than the store. */
  private mint(request: PutRequest, key: StorageKey, draft: Draft): MintedPut | QuorateError {
    const local = draft.locals.get(key) ?? this.around.store.read(key) ?? absentRecord;
    const bucket = bucketOptions(this.rules.options, request.bucket);
    return this.rules.minter.mint(request, local, bucket);
  }

  private begin(draft: Draft, ledger: PutLedger): void {
    const { entries } = draft;
    const states = [...draft.locals].map(([key, { state, mark }]) => ({ key, state, mark }));
    const { batch, bytes } = encodeStates(states);
    const records = states.map(({ key, state, mark }, i) => ({
      key,
      state,
      mark,
      bytes: bytes[i]!,
    }));
    const id = `put-round-${++this.around.counters.rounds}`;
    const round = new PutRoundRunner(this.around, { id, entries, records, batch, ledger });
    try {
      round.begin();
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      for (const { request } of entries) this.refuse(request, error);
    }
  }

  private refuse(request: PutRequest, error: QuorateError): void {
    this.around.admission.release(bytesOf(request));
    this.around.counters.failures++;
    request.onReply({ ok: false, error });
  }
}

function storeRefusal(store: Store): QuorateError | undefined {
  const refusal = store.refusal();
  if (refusal === undefined) return undefined;
  return refusal.reason === 'overloaded'
    ? new OverloadedError(refusal.message)
    : new UnavailableError(refusal.message);
}

/** A quorum that is known to be out of reach: refused before a dot is minted. */
function quorumRefusal({ verdict }: PutLedger): QuorateError | undefined {
  return verdict.kind === 'failed' ? new UnavailableError(verdict.reason) : undefined;
}

function expired(): DeadlineError {
  return new DeadlineError('the deadline passed before anything was done', 'none');
}
