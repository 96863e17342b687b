/**
 * The steps of one visit: each asks the peer one thing and tells the `tree-exchange` machine what
 * came of it.
 *
 * Keys are repaired only where they belong: pulled if this node is a primary for them, pushed if
 * the peer is one, by the N of the key's bucket. So a partition whose buckets differ in N never
 * looks equal between a node that has all of it and one that has some; such a pair compares keys at
 * each visit, and finds nothing to do.
 */
import type { ExchangeEvent } from '../../actors/replica/tree-exchange.machine.js';
import type { NodeId } from '../../actors/rules/actor.js';
import { unsaid } from '../../actors/rules/said-configuration.js';
import type { ByteString, StorageKey } from '../../actors/rules/key.js';
import { nameOfStorageKey, partitionOfStorageKey } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { differingKeys, differingPositions } from '../../actors/rules/tree-comparison.js';
import {
  emptyDigest,
  emptyState,
  merge,
  sameDigest,
  sameState,
  type Digest,
} from '../../actors/rules/versions.js';
import { QuorateError } from '../errors.js';
import type { CallId, PeerAnswer, Peers } from '../bus/peers.js';
import type { Counter } from '../seams/metrics.js';
import type { Store } from '../store/store.js';
import { asBuffer } from '../wire/as-buffer.js';
import { decodeDigests, encodeDigests } from '../wire/digests.js';
import { decodeState } from '../wire/key-state-codec.js';
import type { Request, Verb } from '../wire/protocol/bodies.js';
import { mergeBody, mergeReason, notOwed } from '../wire/protocol/merge.js';
import { foundOf, readBody, type Cut } from '../wire/protocol/read.js';
import {
  differingOf,
  keyRangeOf,
  leavesOf,
  treeQuestionBody,
  type KeyRange,
  type TreeQuestion,
} from '../wire/protocol/tree.js';
import type { BatchRecord } from '../wire/state-batch.js';
import { encodeBatch } from '../wire/state-batch.js';
import { recordsOf } from '../wire/state-parts.js';
import { storageKeyBins } from '../wire/storage-keys.js';
import type { WireValue } from '../wire/wire-value.js';
import type { Pace } from './pace.js';
import { keysOfLeaves } from './tree-handler.js';
import type { PartToPull, Visit } from './visit.js';
import { fromFirstPart, visitTo } from './visit.js';

export interface StepParts {
  readonly store: Store;
  readonly peers: Peers;
  readonly pace: Pace;
  readonly pulled: Counter;
  readonly pushed: Counter;
  /** Of both. */
  readonly bytes: Counter;
}

export interface StepSurroundings {
  send(event: ExchangeEvent): void;
  /** Whether it is to hold the keys there. */
  isPrimary(node: NodeId, place: { partition: number; bucket: ByteString }): boolean;
  isDamaged(partition: number): boolean;
}

export class ExchangeSteps {
  private visit: Visit = visitTo('', { pushes: true });
  private call: CallId | undefined;
  /** Partitions that differ from the peer's and are not looked through. */
  differing: readonly number[] = [];

  constructor(
    private readonly parts: StepParts,
    private readonly surroundings: StepSurroundings,
  ) {}

  compareRoots(visit: Pick<Visit, 'peer' | 'pushes'>, partitions: readonly number[]): void {
    this.visit = visitTo(visit.peer, visit);
    this.differing = [];
    this.askRoots(partitions);
  }

  confirmRoots(): void {
    this.askRoots(this.visit.partitions, () => (this.differing = [...this.visit.partitions]));
  }

  private askRoots(partitions: readonly number[], answered?: () => void): void {
    const { trees } = this.parts.store;
    const roots = partitions.map((partition) => trees.root(partition));
    this.askTree({ kind: 'roots', partitions: [...partitions], roots }, (body) => {
      const differing = new Set(differingOf(body));
      this.visit.partitions = partitions.filter(
        (partition) => differing.has(partition) || this.surroundings.isDamaged(partition),
      );
      answered?.();
      const count = this.visit.partitions.length;
      this.surroundings.send(
        count === 0 ? { type: 'roots.equal' } : { type: 'roots.differ', partitions: count },
      );
    });
  }

  mended(): void {
    this.differing = [];
  }

  compareLeaves(): void {
    const { visit } = this;
    this.differing = [...visit.partitions];
    const partition = visit.partitions.shift()!;
    visit.partition = partition;
    visit.after = '';
    this.askLeaves((differing, mine) =>
      this.surroundings.isDamaged(partition) ? mine.map((_, leaf) => leaf) : differing,
    );
  }

  /** What was equal once needs no look at its keys, whatever is written there since. */
  confirmLeaves(): void {
    const differed = new Set(this.visit.leaves);
    this.askLeaves((differing) => differing.filter((leaf) => differed.has(leaf)));
  }

  private askLeaves(
    toLookAt: (differing: readonly number[], mine: readonly Digest[]) => readonly number[],
  ): void {
    const { visit } = this;
    const { partition } = visit;
    this.askTree({ kind: 'leaves', partition }, (body) => {
      const mine = this.parts.store.trees.leafDigests(partition);
      const theirs = leavesOf(body, mine.length);
      visit.leaves = toLookAt(differingPositions(mine, theirs), mine);
      const { length } = visit.leaves;
      this.surroundings.send(
        length === 0 ? { type: 'leaves.equal' } : { type: 'leaves.differ', leaves: length },
      );
    });
  }

  compareKeys(): void {
    const { visit } = this;
    const { partition, leaves, after } = visit;
    this.askTree({ kind: 'keys', partition, leaves, after }, (body) => {
      const theirs = keyRangeOf(body);
      const mine = this.ownKeys(theirs.upTo);
      // Both lists are complete only up to where the shorter look ended.
      const upTo = earlier(mine.upTo, theirs.upTo);
      const within = ({ key }: { key: StorageKey }): boolean => upTo === '' || key <= upTo;
      const differing = differingKeys(mine.keys.filter(within), theirs.keys.filter(within));
      visit.toPull = differing.filter((key) => this.concerns(key));
      visit.part = fromFirstPart;
      visit.toPush = [];
      visit.partsToPush = [];
      visit.after = upTo;
      const type = visit.toPull.length === 0 ? 'keys.equal' : 'keys.differ';
      this.surroundings.send({ type, last: upTo === '' });
    });
  }

  private ownKeys(upTo: StorageKey): KeyRange {
    const { store } = this.parts;
    const { partition, leaves, after } = this.visit;
    const range = keysOfLeaves(store, { partition, leaves, after, upTo });
    if (!this.surroundings.isDamaged(partition)) return range;
    const readable = range.keys.filter(({ key }) => store.peek(key) !== undefined);
    return { keys: readable, upTo: range.upTo };
  }

  private concerns(key: StorageKey): boolean {
    return this.isPrimary(this.parts.peers.self, key) || this.isPrimary(this.visit.peer, key);
  }

  private isPrimary(node: NodeId, key: StorageKey): boolean {
    const partition = partitionOfStorageKey(key);
    return this.surroundings.isPrimary(node, { partition, bucket: nameOfStorageKey(key).bucket });
  }

  /**
   * Asks for the states that still differ: writes under way when the keys were compared have landed
   * by now.
   */
  pull(): void {
    const { store } = this.parts;
    const { part } = this.visit;
    const asked = this.visit.toPull.slice(0, limits.exchangeStatesMax);
    const keys = storageKeyBins(asked);
    const digests = asked.map((key) => store.peek(key)?.digest ?? emptyDigest);
    const { backgroundCallMsMax } = limits;
    const body = readBody(backgroundCallMsMax, keys, encodeDigests(digests), unsaid, {
      part: part.part,
    });
    this.ask('read', body, (answer) => this.takePulled(answer, asked.length));
  }

  private takePulled(answer: readonly WireValue[], asked: number): void {
    const { visit } = this;
    const [indexes, states, answered, cut] = foundOf(answer, asked);
    const arrived: BatchRecord[] = [];
    indexes.forEach((index, i) => {
      const key = visit.toPull[index]!;
      const isPart = cut !== undefined && i === indexes.length - 1;
      const theirs = this.compareStates(key, { bytes: asBuffer(states[i]!), isPart });
      if (theirs !== undefined) arrived.push({ key, bytes: theirs });
    });
    const next = partBehind(visit.part, cut);
    const [last] = visit.toPull.slice(answered - 1);
    visit.toPull = visit.toPull.slice(next === undefined ? answered : answered - 1);
    visit.part = next ?? fromFirstPart;
    const complete = visit.toPull.length === 0;
    const done = (): void => this.surroundings.send({ type: 'states.pulled', complete });
    this.parts.pulled.value += arrived.length;
    this.parts.bytes.value += bytesOf(arrived);
    if (arrived.length > 0)
      this.parts.store.merge(encodeBatch(arrived), {}, this.unlessGivenUp(done));
    if (cut !== undefined && next === undefined) this.noteIfTheyDiffer(last!, digestIn(cut));
    if (arrived.length === 0) done();
  }

  /** Of a state that came in parts, once all of them are merged. */
  private noteIfTheyDiffer(key: StorageKey, theirs: Digest): void {
    const held = this.parts.store.peek(key);
    if (held === undefined || sameDigest(held.digest, theirs)) return;
    this.notePush(key);
  }

  /** The peer lacks something of it. */
  private notePush(key: StorageKey): void {
    const { peer, pushes, toPush } = this.visit;
    if (pushes && this.isPrimary(peer, key)) toPush.push(key);
  }

  /**
   * Notes the key for pushing if the peer lacks something; gives their state back if this node
   * does.
   */
  private compareStates(
    key: StorageKey,
    { bytes, isPart }: { readonly bytes: Buffer; readonly isPart: boolean },
  ): Buffer | undefined {
    const { store, peers } = this.parts;
    const theirs = bytes.length === 0 ? emptyState : decodeState(bytes);
    const mine = store.peek(key)?.state ?? emptyState;
    const merged = merge(mine, theirs);
    // A part lacks something whatever the whole has.
    if (!isPart && !sameState(merged, theirs)) this.notePush(key);
    return sameState(merged, mine) || !this.isPrimary(peers.self, key) ? undefined : bytes;
  }

  push(): void {
    const { visit } = this;
    const records = this.recordsToPush();
    const done = (): void => {
      const complete = visit.toPush.length === 0 && visit.partsToPush.length === 0;
      this.surroundings.send({ type: 'states.pushed', complete });
    };
    if (records.length === 0) return done();
    this.parts.pushed.value += records.length;
    this.parts.bytes.value += bytesOf(records);
    const batch = encodeBatch(records);
    const body = mergeBody(
      mergeReason.exchange,
      notOwed,
      limits.backgroundCallMsMax,
      batch,
      unsaid,
    );
    this.ask('merge', body, done);
  }

  /**
   * As many as one message takes; a state that is larger than a message goes in several, one part
   * each.
   */
  private recordsToPush(): BatchRecord[] {
    const { store } = this.parts;
    const { visit } = this;
    const part = visit.partsToPush.shift();
    if (part !== undefined) return [part];
    const records: BatchRecord[] = [];
    let bytes = 0;
    const { exchangeBytesMax, exchangeStatesMax } = limits;
    while (visit.toPush.length > 0 && records.length < exchangeStatesMax) {
      const held = store.peek(visit.toPush[0]!);
      if (held !== undefined && bytes > 0 && bytes + held.bytes.length > exchangeBytesMax) break;
      const key = visit.toPush.shift()!;
      if (held === undefined) continue;
      const [first, ...rest] = recordsOf(key, held.bytes);
      visit.partsToPush.push(...rest);
      records.push(first!);
      bytes += held.bytes.length;
    }
    return records;
  }

  giveUp(): void {
    if (this.call !== undefined) this.parts.peers.giveUp(this.call);
    this.call = undefined;
    this.questions++;
  }

  /** Counts what was asked, so that a callback that can't be taken back knows it is late. */
  private questions = 0;

  private unlessGivenUp(callback: () => void): () => void {
    const { questions } = this;
    return () => {
      if (questions === this.questions) callback();
    };
  }

  private askTree(question: TreeQuestion, take: (body: readonly WireValue[]) => void): void {
    this.ask('tree', treeQuestionBody(question), take);
  }

  private ask<V extends Verb>(
    verb: V,
    body: Request<V>,
    take: (body: readonly WireValue[]) => void,
  ): void {
    this.call = this.parts.peers.call(this.visit.peer, verb, body, (answer) => {
      this.call = undefined;
      if (!this.parts.pace.work(() => taken(answer, take)))
        this.surroundings.send({ type: 'peer.silent' });
    });
  }
}

/** False when the peer refused, or answered what makes no sense: either ends the visit. */
function taken(answer: PeerAnswer, take: (body: readonly WireValue[]) => void): boolean {
  if (answer.kind !== 'ok') return false;
  try {
    take(answer.body);
    return true;
  } catch (error) {
    if (error instanceof QuorateError) return false;
    throw error;
  }
}

/**
 * Which part of a state that is larger than a message is to come; undefined: it is here as a whole.
 * A state that changed between its parts begins anew, so that nothing falls between two.
 */
function partBehind({ part, of }: PartToPull, cut: Cut | undefined): PartToPull | undefined {
  if (cut === undefined) return undefined;
  const [left] = cut;
  const digest = digestIn(cut);
  if (part > 0 && (of === undefined || !sameDigest(of, digest))) return fromFirstPart;
  return left === 0 ? undefined : { part: part + 1, of: digest };
}

function digestIn(cut: Cut): Digest {
  return decodeDigests(asBuffer(cut[1]))[0]!;
}

function bytesOf(records: readonly BatchRecord[]): number {
  return records.reduce((sum, { key, bytes }) => sum + key.length + bytes.length, 0);
}

/** Of two ends of a look, '' being the end of the partition. */
function earlier(a: StorageKey, b: StorageKey): StorageKey {
  if (a === '') return b;
  return b === '' || a < b ? a : b;
}
