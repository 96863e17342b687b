/**
 * Makes one page of a listing: step by step it lists some partitions, a round for those that are
 * read of the same nodes, reads the keys on which replicas differ, and goes on behind what it has
 * until the page is full, or has taken enough.
 */
import type { BucketTerms } from '../buckets/buckets.js';
import type { ByteString } from '../../actors/rules/key.js';
import { listingLimits } from '../../actors/rules/limits/listing.js';
import type { MergedList } from '../../actors/rules/listing.js';
import type { Placement } from '../../actors/rules/placement.js';
import { DeadlineError, type QuorateError } from '../errors.js';
import type { TurnQueue } from '../store/turn-queue.js';
import type { Span } from '../wire/protocol/list.js';
import type { Coordinator } from './coordinator.js';
import { ListRound, type ListRoundResult, type ListSurroundings } from './list-round.js';
import type { ListPosition, ListReply, ListRequest } from './listings.js';

export interface PageSurroundings extends ListSurroundings {
  readonly coordinator: Pick<Coordinator, 'get'>;
  /** What a node does for listings in one go is bounded by a step. */
  readonly steps: TurnQueue;
  /** Keys of a partition, about, of whatever buckets. */
  readonly keysOfPartition: () => number;
}

export interface PageContent {
  readonly id: string;
  readonly request: ListRequest;
  readonly bucket: BucketTerms;
  readonly onReply: (reply: ListReply) => void;
}

/** Of one step; their lists come with the rounds. */
interface Group {
  readonly placement: Placement;
  /** Ascending. */
  readonly spans: Span[];
}

interface Found {
  readonly partition: number;
  readonly key: ByteString;
  /** Undefined until it is read. */
  shows: boolean | undefined;
}

export class PageMaker {
  private readonly keys: ByteString[] = [];
  private position: ListPosition;
  private bytes = 0;
  private scanned = 0;
  /** Of this bucket, as far as is known. */
  private keysOfPartition: number;
  private steps = 0;
  private readonly startedMs: number;

  constructor(
    private readonly around: PageSurroundings,
    private readonly content: PageContent,
  ) {
    this.position = content.request.from;
    this.startedMs = around.clock.monotonicMs();
    this.keysOfPartition = Math.max(1, around.keysOfPartition());
  }

  begin(): void {
    this.around.steps.add(() => this.step());
  }

  private step(): void {
    const { request } = this.content;
    const { position } = this;
    if (position.partition >= request.endPartition) return this.answer(undefined);
    if (this.around.clock.monotonicMs() >= request.deadlineMs)
      return this.fail(new DeadlineError('the keys were not listed in time', 'none'));
    const groups = this.groupsFrom(position, this.partitionsOfStep());
    const lists = new Map<number, MergedList>();
    let left = groups.length;
    let failure: QuorateError | undefined;
    const onResult = (group: Group, result: ListRoundResult): void => {
      if (result.kind === 'failed') failure ??= result.error;
      if (result.kind === 'listed')
        for (const [i, list] of result.lists.entries()) lists.set(group.spans[i]!.partition, list);
      if (--left === 0) this.stepIsOver(lists, failure);
    };
    for (const group of groups) this.list(group, (result) => onResult(group, result));
  }

  /** As many as are thought to fill the page, or to be looked at in one go. */
  private partitionsOfStep(): number {
    const { limit, endPartition } = this.content.request;
    const room = Math.min(limit - this.keys.length, listingLimits.stepKeysMax);
    const wanted = Math.ceil(room / this.keysOfPartition);
    return Math.min(Math.max(1, wanted), endPartition - this.position.partition);
  }

  private groupsFrom({ partition: first, after }: ListPosition, partitions: number): Group[] {
    const { view } = this.around;
    const { spread: n } = this.content.bucket;
    const groups = new Map<string, Group>();
    for (let partition = first; partition < first + partitions; partition++) {
      const placement = view.placement(partition, n);
      const { readers, primaries, incoming, sideRead } = placement;
      const sets = [readers, primaries, incoming].map((nodes) => nodes.toSorted().join());
      const name = `${sets.join(';')};${sideRead ?? ''}`;
      let group = groups.get(name);
      if (group === undefined) {
        group = { placement, spans: [] };
        groups.set(name, group);
      }
      group.spans.push({ partition, after: partition === first ? after : '', upTo: undefined });
    }
    return [...groups.values()];
  }

  private list(group: Group, onResult: (result: ListRoundResult) => void): void {
    const { request, bucket, id } = this.content;
    const { quorum, strict, deadlineMs } = request;
    const { spread: n, conflict } = bucket;
    new ListRound(this.around, {
      id: `${id}-${++this.steps}`,
      bucket: {
        bucket: request.bucket,
        prefix: request.prefix,
        conflict,
        nowMs: this.around.clock.wallMs(),
      },
      n,
      quorum,
      strict,
      deadlineMs,
      ...group,
      onResult,
    }).begin();
  }

  private stepIsOver(
    lists: ReadonlyMap<number, MergedList>,
    failure: QuorateError | undefined,
  ): void {
    const start = this.position;
    const found = this.foundIn(lists);
    const isStuck = this.position === start;
    // What others own by now is listed anew; nothing is there twice.
    if (isStuck && failure !== undefined) return this.fail(failure);
    this.readDiffering(found, 0, start);
  }

  /** As far as the lists go without a gap, and there is room; moves on behind it. */
  private foundIn(lists: ReadonlyMap<number, MergedList>): Found[] {
    const { limit, bytesOf } = this.content.request;
    const first = this.position.partition;
    const found: Found[] = [];
    let looked = 0;
    for (let partition = first; ; partition++) {
      const list = lists.get(partition);
      if (list === undefined) break;
      looked++;
      for (const [i, key] of list.keys.entries()) {
        const shows = list.shown[i];
        this.scanned++;
        this.position = { partition, after: key };
        if (shows === false) continue;
        found.push({ partition, key, shows });
        this.bytes += bytesOf(key);
        const isFull =
          this.keys.length + found.length >= limit || this.bytes >= listingLimits.pageBytesMax;
        if (isFull) return found;
      }
      if (list.upTo !== undefined) break;
      this.position = { partition: partition + 1, after: '' };
    }
    if (looked > 0) this.keysOfPartition = Math.max(found.length / looked, 1 / looked);
    return found;
  }

  /** From the `at`-th on. `start`: of the step. */
  private readDiffering(found: Found[], at: number, start: ListPosition): void {
    const differing: Found[] = [];
    let next = at;
    for (; next < found.length && differing.length < listingLimits.readsAtOnceMax; next++)
      if (found[next]!.shows === undefined) differing.push(found[next]!);
    if (differing.length === 0) return this.take(found);
    let left = differing.length;
    let failure: QuorateError | undefined;
    for (const one of differing)
      this.read(one, (error) => {
        failure ??= error;
        if (--left > 0) return;
        if (failure === undefined) return this.readDiffering(found, next, start);
        this.takeBefore(found, start, failure);
      });
  }

  private read(one: Found, onRead: (error: QuorateError | undefined) => void): void {
    const { bucket, quorum, strict, deadlineMs } = this.content.request;
    const { partition, key } = one;
    this.around.coordinator.get({
      bucket,
      key,
      partition,
      quorum,
      strict,
      deadlineMs,
      onReply: (reply) => {
        if (reply.ok || reply.error.code === 404) {
          one.shows = reply.ok;
          onRead(undefined);
        } else onRead(reply.error);
      },
    });
  }

  /** A key could not be read: the page ends in front of it. */
  private takeBefore(found: Found[], start: ListPosition, error: QuorateError): void {
    const at = found.findIndex(({ shows }) => shows === undefined);
    const before = found[at - 1];
    this.position =
      before === undefined ? start : { partition: before.partition, after: before.key };
    this.keep(found.slice(0, at));
    if (this.keys.length === 0) this.fail(error);
    else this.answer(this.position);
  }

  private take(found: readonly Found[]): void {
    const { limit } = this.content.request;
    this.keep(found);
    const isOver =
      this.keys.length >= limit ||
      this.bytes >= listingLimits.pageBytesMax ||
      this.scanned >= listingLimits.pageScannedMax ||
      this.around.clock.monotonicMs() - this.startedMs >= listingLimits.pageMsMax;
    if (!isOver) return this.begin();
    const isLast = this.position.partition >= this.content.request.endPartition;
    this.answer(isLast ? undefined : this.position);
  }

  private keep(found: readonly Found[]): void {
    for (const { key, shows } of found) if (shows === true) this.keys.push(key);
  }

  /** What is listed already is worth a page; the next one fails, or does not. */
  private fail(error: QuorateError): void {
    if (this.keys.length > 0) this.answer(this.position);
    else this.content.onReply({ ok: false, error });
  }

  private answer(next: ListPosition | undefined): void {
    this.content.onReply({ ok: true, keys: this.keys, next });
  }
}
