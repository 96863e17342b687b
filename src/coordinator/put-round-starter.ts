/**
 * From a batch of puts to rounds whose states are minted. Everything that can be refused with
 * outcome `none` is refused here, before anything is stored or sent.
 */
import { openPutLedger } from '../../actors/coordinator/put-ledger.js';
import type { PutLedger } from '../../actors/coordinator/put-ledger.js';
import { lookUpPlan, putPlan } from '../../actors/coordinator/round-plans.js';
import type { Durability } from '../../actors/rules/durability.js';
import type { Placement } from '../../actors/rules/placement.js';
import type { StorageKey } from '../../actors/rules/key.js';
import type { UploadId } from '../../actors/rules/part-names.js';
import { storageKeyOf } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { emptyState } from '../../actors/rules/versions.js';
import type { Buckets } from '../buckets/buckets.js';
import { LeavingError, OverloadedError, QuorateError, UnavailableError } from '../errors.js';
import type { ClusterView } from '../membership/cluster-view.js';
import { refused, type MintedRecord } from '../store/store.js';
import { encodeBatch, keyedStatesOf } from '../wire/state-batch.js';
import type { EncodableState } from '../wire/key-state-codec.js';
import { expired } from './admission.js';
import type { Compared, PutRequest } from './coordinator.js';
import { bucketRefusal } from './bucket-refusal.js';
import { absentRecord, type LocalRecord } from './local-record.js';
import type { MintedPut, Minter } from './minting.js';
import { claimsUnknown } from './minting.js';
import { replacedUploads } from './big-values.js';
import { LookUp } from './look-up.js';
import type { PutEntry } from './put-round-runner.js';
import { PutRoundRunner, bytesOf } from './put-round-runner.js';
import type { Batch } from './round-collector.js';
import type { RoundStore, RoundSurroundings } from './round-surroundings.js';
import { noteMinted, notePlan, underGlass } from './traced-round.js';

export interface PutRules {
  readonly view: ClusterView;
  readonly buckets: Buckets;
  readonly minter: Minter;
  /** Takes puts once more, with what was found of what their contexts claim. */
  readonly again: (requests: readonly PutRequest[]) => void;
  /** Of big values that the request's key had. */
  readonly uploadsReplaced: (request: PutRequest, uploads: readonly UploadId[]) => void;
}

/** What a key of the round has come to: the next put of the key builds on it. */
class DraftRow implements MintedRecord {
  constructor(
    readonly key: StorageKey,
    public minted: MintedPut,
  ) {}

  get mark(): number {
    return this.minted.mark;
  }

  get state(): EncodableState {
    return this.minted.encoded;
  }
}

/** A round that is being minted: what each of its keys has come to, and for whom. */
class Draft {
  readonly entries: PutEntry[] = [];
  readonly rows: DraftRow[] = [];
  private readonly rowOfKey = new Map<StorageKey, DraftRow>();
  private bytes = 0;

  rowOf(key: StorageKey): DraftRow | undefined {
    return this.rowOfKey.get(key);
  }

  /** Whether the state still fits the round's message; the first one always does. */
  hasRoomFor(row: DraftRow | undefined, minted: MintedPut): boolean {
    const bytes = this.bytes - (row?.state.encodedBytes ?? 0) + minted.encoded.encodedBytes;
    return this.entries.length === 0 || bytes <= limits.roundBytesMax;
  }

  /** `at`: the row of the key, or the key when it has none. */
  add(request: PutRequest, minted: MintedPut, at: DraftRow | StorageKey): void {
    const { context, encoded, seenPartly } = minted;
    const kept = request.compared === undefined ? request : onceCompared(request, request.compared);
    this.entries.push({ request: kept, context, seenPartly, isAnswered: false });
    this.bytes += encoded.encodedBytes;
    if (typeof at === 'string') {
      const row = new DraftRow(at, minted);
      this.rows.push(row);
      this.rowOfKey.set(at, row);
      return;
    }
    this.bytes -= at.state.encodedBytes;
    at.minted = minted;
  }
}

export class PutRoundStarter {
  private lookUps = 0;

  constructor(
    private readonly around: RoundSurroundings,
    private readonly rules: PutRules,
  ) {}

  start(batch: Batch<PutRequest>): void {
    const { store, clock } = this.around;
    const { view } = this.rules;
    const ledger = openPutLedger(putPlan(batch, view, store.nodeId));
    const leaving = view.isLeaving ? new LeavingError() : undefined;
    const refusal = storeRefusal(store) ?? leaving ?? quorumRefusal(ledger);
    if (refusal !== undefined) {
      this.refuseAll(batch.requests, refusal);
      return;
    }
    const nowMs = clock.monotonicMs();
    const keys = batch.requests.map(storageKeyOf);
    // Until something of this batch is stored.
    let known: readonly (LocalRecord | undefined)[] | undefined = store.readAll(keys);
    let draft = new Draft();
    const unknown: PutRequest[] = [];
    for (const [i, request] of batch.requests.entries()) {
      if (request.deadlineMs <= nowMs) {
        this.refuse(request, expired());
        continue;
      }
      const key = keys[i]!;
      const row = draft.rowOf(key);
      const local = known === undefined ? store.read(key) : known[i];
      const minted = this.mint(request, row?.minted ?? local);
      if (minted === claimsUnknown) {
        unknown.push(request);
        continue;
      }
      if (minted instanceof QuorateError) {
        this.refuse(request, minted);
        continue;
      }
      const replaced = replacedUploads(row?.minted ?? local ?? absentRecord, minted);
      if (replaced.length > 0) this.rules.uploadsReplaced(request, replaced);
      if (draft.hasRoomFor(row, minted)) draft.add(request, minted, row ?? key);
      else {
        this.begin(draft, batch, ledger);
        known = undefined;
        draft = new Draft();
        draft.add(request, minted, key);
      }
    }
    if (draft.entries.length > 0) this.begin(draft, batch, ledger);
    if (unknown.length > 0) this.lookUp(unknown, batch);
  }

  private lookUp(requests: readonly PutRequest[], batch: Batch<PutRequest>): void {
    const { view, again } = this.rules;
    const { placement } = batch;
    if (this.lookUps + requests.length > limits.lookUpsInFlightMax) {
      this.refuseAll(requests, new OverloadedError('too many contexts are being looked up'));
      return;
    }
    this.lookUps += requests.length;
    const plan = lookUpPlan(placement, view, this.around.store.nodeId);
    const id = `look-up-${++this.around.instruments.rounds.value}`;
    const onFound = (found: readonly PutRequest[]): void => {
      this.lookUps -= requests.length;
      again(found);
    };
    const around = this.around.tracing.isOn
      ? underGlass(this.around, requests, 'lookUp')
      : this.around;
    new LookUp(around, { id, requests, plan, onFound }).begin();
  }

  refuseAll(requests: readonly PutRequest[], error: QuorateError): void {
    for (const request of requests) this.refuse(request, error);
  }

  private mint(request: PutRequest, local: LocalRecord = absentRecord): ReturnType<Minter['mint']> {
    const bucket = this.rules.buckets.of(request.bucket);
    if (bucket.refused !== undefined) return bucketRefusal(bucket.refused, request);
    return this.rules.minter.mint(request, local, bucket);
  }

  private begin(draft: Draft, batch: Batch<PutRequest>, ledger: PutLedger): void {
    const { configuration, durability } = batch;
    const { entries, rows: records } = draft;
    const { again } = this;
    const id = `put-round-${++this.around.instruments.rounds.value}`;
    const content = { id, entries, records, configuration, durability, ledger, again };
    const around = this.around.tracing.isOn ? this.glassOver(draft, ledger) : this.around;
    try {
      new PutRoundRunner(around, content).begin();
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      for (const { request } of entries) this.refuse(request, error);
    }
  }

  private glassOver(draft: Draft, { plan }: PutLedger): RoundSurroundings {
    const { around } = this;
    const requests = draft.entries.map(({ request }) => request);
    notePlan(around, requests, plan);
    noteMinted(around, requests, (key) => draft.rowOf(key)?.minted);
    return underGlass(around, requests, 'put');
  }

  /**
   * The states were minted and sent by a configuration that is over: they go to the owners as they
   * are now, in rounds of those that share them. Nothing is minted twice.
   */
  private readonly again = (entries: readonly PutEntry[], minted: Buffer): void => {
    const { view, buckets } = this.rules;
    const groups = new Map<Placement, PutEntry[]>();
    for (const entry of entries) {
      const { bucket, partition } = entry.request;
      const placement = view.placement(partition, buckets.of(bucket).spread);
      groups.set(placement, [...(groups.get(placement) ?? []), entry]);
    }
    for (const [placement, share] of groups) this.takeUp(share, placement, minted);
  };

  private takeUp(entries: readonly PutEntry[], placement: Placement, minted: Buffer): void {
    const { around, again } = this;
    const { view } = this.rules;
    const { quorum, strict } = entries[0]!.request;
    const keys = new Set(entries.map(({ request }) => storageKeyOf(request)));
    const records = keyedStatesOf(minted).filter(({ key }) => keys.has(key));
    const ledger = openPutLedger(putPlan({ placement, quorum, strict }, view, around.store.nodeId));
    const id = `put-round-${++around.instruments.rounds.value}`;
    const durability = this.strictestOf(entries);
    const content = { id, entries, records: [], minted: encodeBatch(records), durability, again };
    try {
      if (ledger.verdict.kind === 'failed') throw new UnavailableError(ledger.verdict.reason);
      const { configuration } = view;
      const requests = entries.map(({ request }) => request);
      const glass = around.tracing.isOn ? underGlass(around, requests, 'put') : around;
      new PutRoundRunner(glass, { ...content, configuration, ledger }).begin();
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      const uncertain = new UnavailableError(error.message, 'unknown');
      for (const { request } of entries) this.refuse(request, uncertain);
    }
  }

  /** They were of rounds with one durability each; once more together, all get the better one. */
  private strictestOf(entries: readonly PutEntry[]): Durability | undefined {
    const all = entries.map(({ request }) => this.rules.buckets.of(request.bucket).durability);
    return (
      all.find((each) => each?.kind === 'sync') ?? all.find((each) => each === undefined) ?? all[0]
    );
  }

  private refuse(request: PutRequest, error: QuorateError): void {
    this.around.admission.release(bytesOf(request));
    this.around.instruments.failures.value++;
    request.onReply({ ok: false, error });
  }
}

/** What it was compared with has done its service: a round settles for seconds. */
function onceCompared(request: PutRequest, { nodes, strict }: Compared): PutRequest {
  return { ...request, compared: { nodes, strict, state: emptyState } };
}

function storeRefusal(store: RoundStore): QuorateError | undefined {
  const refusal = store.refusal();
  return refusal && refused(refusal);
}

/** A quorum that is known to be out of reach: refused before a dot is minted. */
function quorumRefusal({ verdict }: PutLedger): QuorateError | undefined {
  return verdict.kind === 'failed' ? new UnavailableError(verdict.reason) : undefined;
}
