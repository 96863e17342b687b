/**
 * One client of a simulated application: thinks, picks a key, reads or writes it, checks what it is
 * shown, and goes on. What it asks for depends on the bucket: each bucket has one kind of use.
 */
import type {
  GetOptions,
  GetResult,
  ListOptions,
  ListResult,
  PutOptions,
  PutResult,
} from '../client/plain-client.js';
import type { UploadEnd } from '../client/big-values.js';
import type { Scheduler, SimProcess } from '../core/scheduler.js';
import type { SimRandom } from '../core/sim-random.js';
import type { Trace } from '../core/trace.js';
import type { History, Write } from '../oracle/history.js';
import { checkListing } from '../oracle/listing-oracle.js';
import { checkCompared, checkInstead, checkRead, type ReadRules } from '../oracle/read-oracle.js';
import { Pace } from './pace.js';
import {
  bodyOfCounts,
  countsOf,
  decodeValue,
  encodeValue,
  tokenOf,
  unionOf,
  type Value,
} from './values.js';

/** What every way into the cluster offers. Names are `<bucket>/<key>`. */
export interface KeyValueApi {
  put(
    name: string,
    value: Buffer | null,
    options: PutOptions,
    done: (result: PutResult) => void,
  ): void;
  get(name: string, options: GetOptions, done: (result: GetResult) => void): void;
  list(bucket: string, options: ListOptions, done: (result: ListResult) => void): void;
}

/**
 * `blind`: puts and deletes without context. `siblings`: each write says it has seen nothing, or
 * what a get showed. `sets`, `counters`: read, merge, write back. `piles`: nobody ever looks before
 * it writes, until the cap on siblings refuses. `turns`: nobody looks either, and each write has
 * the context of its author's last one. `lww`: blind, and the last writer wins. `expiring`: blind,
 * most with a TTL. `conditional`: creates, and replaces or deletes what its author has seen, each
 * only if that is so; a delete without condition now and then.
 */
export type BucketUse =
  | 'blind'
  | 'siblings'
  | 'sets'
  | 'counters'
  | 'piles'
  | 'turns'
  | 'lww'
  | 'expiring'
  | 'conditional';

export interface WorkBucket {
  readonly name: string;
  readonly use: BucketUse;
  readonly n: number;
  readonly keys: number;
}

export interface WorkOptions {
  readonly buckets: readonly WorkBucket[];
  readonly thinkUs: number;
  readonly timeoutMs: number;
  /**
   * Chances in a million: that a request is strict, that quorums are drawn for it, that a read goes
   * to the hottest key.
   */
  readonly strictPpm: number;
  readonly quorumPpm: number;
  readonly hotPpm: number;
  readonly deletePpm: number;
  readonly valueBytesMax: number;
  /** How often a plain client asks for one put, under one `Kv-Op`; undefined: once, without. */
  readonly triesMax?: number;
  /** Some list keys. */
  readonly listing?: ListingWork;
  /** Plain clients put most values in so large parts; some uploads they leave, or give up. */
  readonly partBytes?: number;
  /** Where the last writer wins, some puts have the context of what their author saw. */
  readonly lastWritersTell?: boolean;
}

export interface ListingWork {
  /** In a million: how often a client lists a bucket in place of a read or a write. */
  readonly ppm: number;
  readonly strictPpm: number;
  readonly pageKeys: number;
}

/** What a client knows under a context. */
interface Knowledge {
  readonly context: string;
  readonly values: readonly Value[];
  /**
   * Tokens that the context may claim: of what was seen, and could not be found when the context
   * was given.
   */
  readonly may: readonly string[];
}

/** Of any client that works. */
export interface ClientSurroundings {
  readonly scheduler: Scheduler;
  readonly process: SimProcess;
  readonly random: SimRandom;
  readonly trace: Trace;
  readonly history: History;
  readonly onWritten: (write: Write, result: PutResult) => void;
}

export interface WorkSurroundings extends ClientSurroundings {
  readonly rules: ReadRules;
  readonly options: WorkOptions;
  /** It names the moment on the clock of who is asked. */
  readonly usesFrames: boolean;
  readonly onResult: (result: PutResult | GetResult, name: string, askedUs: number) => void;
}

export class WorkClient {
  readonly pace: Pace;
  slowestUs = 0;
  readonly tally = new Map<string, number>();
  private readonly known = new Map<string, Knowledge>();
  private writes = 0;
  private readonly counts = new Map<string, number>();
  private readonly acknowledged = new Map<string, number>();

  constructor(
    readonly name: string,
    private readonly api: KeyValueApi,
    private readonly around: WorkSurroundings,
  ) {
    const { scheduler, process, random, options } = around;
    const { thinkUs } = options;
    this.pace = new Pace({ scheduler, process, random, thinkUs, act: () => this.act() });
  }

  start(): void {
    this.pace.think();
  }

  /** Of a counter: what it must say of this client at least, and at most. */
  countsOf(name: string): readonly [number, number] {
    return [this.acknowledged.get(name) ?? 0, this.counts.get(name) ?? 0];
  }

  private act(): void {
    const { random, options } = this.around;
    const bucket = random.pick(options.buckets);
    const { listing } = options;
    if (listing !== undefined && random.chance(listing.ppm)) return this.list(bucket, listing);
    const key = random.chance(options.hotPpm) ? 0 : random.below(bucket.keys);
    const name = `${bucket.name}/k${key}`;
    const isRead = random.below(100) < 45;
    if (isRead) this.read(bucket, name);
    else this.write(bucket, name);
  }

  private list(bucket: WorkBucket, listing: ListingWork): void {
    const { random, options, scheduler, trace, rules } = this.around;
    const strict = random.chance(listing.strictPpm);
    const request = { timeoutMs: options.timeoutMs, limit: listing.pageKeys, strict };
    const askedUs = scheduler.nowUs;
    trace.add(askedUs, this.name, `list ${bucket.name} ${JSON.stringify(request)}`);
    this.api.list(bucket.name, request, (result) => {
      const endedUs = scheduler.nowUs;
      trace.add(endedUs, this.name, `listed ${bucket.name} ${listedText(result)}`);
      if (result.kind === 'failed') {
        this.around.onResult(result, `${bucket.name}/`, askedUs);
        return this.done(`list ${outcomeText(result)}`);
      }
      const quorum = Math.min(2, bucket.n);
      const asked = { bucket: bucket.name, strict, quorum, askedUs, endedUs };
      checkListing({ ...asked, keys: result.keys }, rules);
      this.done('list done');
    });
  }

  private done(what: string): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + 1);
    this.pace.answered();
  }

  private read(bucket: WorkBucket, name: string): void {
    this.get(bucket, name, (result) => this.done(`get ${outcomeText(result)}`));
  }

  private write(bucket: WorkBucket, name: string): void {
    const { random, options } = this.around;
    const token = `${this.name}.${++this.writes}`;
    const isDelete = random.chance(options.deletePpm);
    if (bucket.use === 'conditional') return this.writeIf(bucket, name, token);
    if (bucket.use === 'expiring') {
      const ttlMs = random.pick([0, 100, 1000, 5000, 20_000]) || undefined;
      return this.put(
        bucket,
        name,
        { token, body: [] },
        { isDelete: false, basis: undefined, ttlMs },
      );
    }
    if (bucket.use === 'lww') {
      const tells = options.lastWritersTell === true && random.below(2) === 0;
      const context = tells ? this.known.get(name)?.context : undefined;
      return this.put(
        bucket,
        name,
        { token, body: [] },
        { isDelete, basis: undefined, ...(context !== undefined && { context }) },
      );
    }
    if (bucket.use === 'blind')
      return this.put(bucket, name, { token, body: [] }, { isDelete, basis: undefined });
    if (bucket.use === 'piles')
      return this.put(bucket, name, { token, body: [] }, { isDelete: false, basis: nothingKnown });
    if (bucket.use === 'turns')
      return this.put(
        bucket,
        name,
        { token, body: [] },
        { isDelete, basis: this.known.get(name) ?? nothingKnown },
      );
    if (bucket.use === 'siblings') {
      const basis = random.below(3) === 0 ? nothingKnown : this.known.get(name);
      return this.put(
        bucket,
        name,
        { token, body: [] },
        { isDelete, basis: basis ?? nothingKnown },
      );
    }
    // Sets and counters build on what is there now.
    this.get(bucket, name, (result) => {
      if (result.kind === 'failed') return this.done(`get ${outcomeText(result)}`);
      const basis = this.known.get(name) ?? nothingKnown;
      const body =
        bucket.use === 'sets'
          ? [...unionOf(basis.values), token].sort()
          : this.counted(name, basis);
      this.put(bucket, name, { token, body }, { isDelete: false, basis });
    });
  }

  private writeIf(bucket: WorkBucket, name: string, token: string): void {
    const { random } = this.around;
    const drawn = random.below(10);
    const value = { token, body: [] };
    const basis = this.known.get(name);
    if (drawn === 0) return this.put(bucket, name, value, { isDelete: true, basis: undefined });
    if (drawn < 6 && basis !== undefined && basis !== nothingKnown)
      return this.put(bucket, name, value, { isDelete: drawn < 3, basis, onlyIf: 'context' });
    const ttlMs = random.pick([0, 0, 0, 300, 2000]) || undefined;
    const how = { isDelete: false, basis: undefined, onlyIf: 'absent' } as const;
    this.put(bucket, name, value, { ...how, ttlMs });
  }

  /**
   * One more than this client's last count, whether or not that one is known to have been stored.
   */
  private counted(name: string, basis: Knowledge): string[] {
    const counts = countsOf(basis.values);
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    counts.set(this.name, count);
    return bodyOfCounts(counts);
  }

  private get(bucket: WorkBucket, name: string, done: (result: GetResult) => void): void {
    const { random, options, scheduler, trace, rules } = this.around;
    const askedUs = scheduler.nowUs;
    const asked = this.quorum(bucket);
    const request: GetOptions = { timeoutMs: options.timeoutMs, ...asked.r };
    trace.add(askedUs, this.name, `get ${name} ${JSON.stringify(request)}`);
    this.api.get(name, request, (result) => {
      trace.add(scheduler.nowUs, this.name, `got ${name} ${resultText(result)}`);
      this.slowestUs = Math.max(this.slowestUs, scheduler.nowUs - askedUs);
      this.around.onResult(result, name, askedUs);
      if (result.kind !== 'failed') {
        const bytes = result.kind === 'found' ? result.values : [];
        const values = bytes.filter((value) => value !== null).map(decodeValue);
        const shown = values.map(({ token }) => token);
        const quorum = request.r ?? Math.min(2, bucket.n);
        const strict = request.strict === true;
        const endedUs = scheduler.nowUs;
        checkRead({ name, strict, quorum, askedUs, endedUs, shown }, rules);
        const isEmpty = result.context === '';
        if (random.below(4) > 0 && bucket.use !== 'turns')
          this.known.set(
            name,
            isEmpty ? nothingKnown : { context: result.context, values, may: [] },
          );
      }
      done(result);
    });
  }

  private put(
    bucket: WorkBucket,
    name: string,
    value: Value,
    how: {
      readonly isDelete: boolean;
      readonly basis: Knowledge | undefined;
      readonly ttlMs?: number | undefined;
      readonly onlyIf?: 'absent' | 'context';
      /** Of what it does not build on: where the last writer wins. */
      readonly context?: string;
    },
  ): void {
    const { random, options, scheduler, history, trace } = this.around;
    const { isDelete, basis, ttlMs } = how;
    const asked = this.quorum(bucket);
    // Every other plain put says until when, unless clocks jump: then that says nothing.
    const says = !this.around.usesFrames && history.skewUs === 0 && this.writes % 2 === 0;
    const promised = this.around.usesFrames || says;
    const write: Write = {
      token: value.token,
      name,
      isDelete,
      seen: basis?.values.map(({ token }) => token),
      maySeen: basis?.may ?? [],
      strict: asked.w.strict === true,
      quorum: asked.w.w ?? Math.min(2, bucket.n),
      askedUs: scheduler.nowUs,
      vanishesUs: this.vanishesUs(how),
      goneUs: Infinity,
      mintByUs: promised ? scheduler.nowUs + options.timeoutMs * 1000 : Infinity,
      outcome: 'pending',
      endedUs: Infinity,
    };
    history.begin(write);
    const bytes = isDelete
      ? null
      : encodeValue(value, random.between(16, Math.max(16, options.valueBytesMax)));
    const request: PutOptions = {
      timeoutMs: options.timeoutMs,
      ...asked.w,
      ...(basis === undefined ? {} : { context: basis.context }),
      ...(how.context === undefined ? {} : { context: how.context }),
      ...(this.triesMax > 1 ? { operation: value.token } : {}),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(how.onlyIf === undefined ? {} : { onlyIf: how.onlyIf }),
      ...(says ? { untilMs: options.timeoutMs } : {}),
      ...this.inParts(bucket, isDelete),
    };
    const what = isDelete ? 'delete' : 'put';
    trace.add(scheduler.nowUs, this.name, `${what} ${name} ${value.token} ${putText(request)}`);
    this.tryPut({ write, bytes, request, promised, tries: 1, isUnknown: false }, (result) => {
      if (how.onlyIf !== undefined) this.checkCondition(bucket, { write, basis, result });
      const partly = result.kind === 'done' && result.receipt.includes('seen=partly');
      if (partly) write.maySeen = [...write.maySeen, ...(write.seen ?? [])];
      if (partly) write.seen = [];
      this.around.onWritten(write, result);
      history.end(write, result.kind === 'done' ? 'done' : result.outcome, scheduler.nowUs);
      if (write.outcome === 'done' && ttlMs !== undefined)
        write.goneUs = write.endedUs + ttlMs * 1000 + clockStepUs + history.skewUs;
      if (bucket.use === 'counters' && result.kind === 'done')
        this.acknowledged.set(name, this.counts.get(name) ?? 0);
      const goesOn = random.below(3) === 0 || bucket.use === 'turns';
      if (result.kind === 'done' && result.context !== '' && goesOn) {
        // The author's own context: it has seen what it gave, found or not, and its own write.
        const values = isDelete ? [] : [value];
        this.known.set(name, {
          context: result.context,
          values: [...(basis?.values ?? []), ...values],
          may: write.maySeen,
        });
      }
      this.done(`${what} ${outcomeText(result)}`);
    });
  }

  /** One put is one upload, whatever becomes of it: no copies of it are asked for. */
  private inParts(bucket: WorkBucket, isDelete: boolean): Pick<PutOptions, 'inParts'> {
    const { random, options, usesFrames } = this.around;
    const { partBytes } = options;
    if (partBytes === undefined || isDelete || usesFrames || this.triesMax > 1) return {};
    if (bucket.use === 'conditional' || random.below(4) === 0) return {};
    const end = random.pick<UploadEnd>(['commit', 'commit', 'commit', 'abandon', 'giveUp']);
    return { inParts: { partBytes, end } };
  }

  private checkCondition(bucket: WorkBucket, { write, basis, result }: Compared): void {
    const { scheduler, rules } = this.around;
    const { name, token, strict, askedUs } = write;
    if (result.kind === 'done') {
      const shown = [...(basis?.values.map((value) => value.token) ?? []), ...(basis?.may ?? [])];
      const quorum = Math.min(2, bucket.n);
      checkCompared({ name, strict, quorum, askedUs, endedUs: scheduler.nowUs, shown }, rules);
      return;
    }
    const { instead } = result;
    if (instead === undefined) return;
    const values = instead.values.filter((value) => value !== null).map(decodeValue);
    const shown = values.map((value) => value.token);
    checkInstead({ name, token, askedUs, shown }, rules);
    if (instead.context !== '') this.known.set(name, { context: instead.context, values, may: [] });
  }

  private get triesMax(): number {
    return this.around.usesFrames ? 1 : (this.around.options.triesMax ?? 1);
  }

  /**
   * Asks again, for the same under the same `Kv-Op`, as long as another try may bring another
   * answer.
   */
  private tryPut(attempt: Attempt, done: (result: PutResult) => void): void {
    const { scheduler, process, random, options, trace } = this.around;
    const { write, bytes, request, promised, tries } = attempt;
    const askedUs = scheduler.nowUs;
    const what = bytes === null ? 'delete' : 'put';
    this.api.put(write.name, bytes, request, (result) => {
      trace.add(scheduler.nowUs, this.name, `${what} ${write.token} ${resultText(result)}`);
      this.slowestUs = Math.max(this.slowestUs, scheduler.nowUs - askedUs);
      this.around.onResult(result, write.name, askedUs);
      if (result.kind === 'done') return done(result);
      const isUnknown = attempt.isUnknown || result.outcome === 'unknown';
      const failed: PutResult = { ...result, outcome: isUnknown ? 'unknown' : 'none' };
      if (tries >= this.triesMax || !passing.has(result.code)) return done(failed);
      scheduler.in(random.between(1, 500) * 1000, process, () => {
        if (this.pace.stopped) return done(failed);
        if (promised) write.mintByUs = scheduler.nowUs + options.timeoutMs * 1000;
        this.tryPut({ ...attempt, tries: tries + 1, isUnknown }, done);
      });
    });
  }

  private vanishesUs(how: {
    readonly isDelete: boolean;
    readonly ttlMs?: number | undefined;
  }): number {
    const { scheduler, history } = this.around;
    if (how.isDelete) return 0;
    if (how.ttlMs === undefined) return Infinity;
    const fromUs = scheduler.nowUs - clockStepUs - olderUs - history.skewUs;
    return Math.max(0, fromUs + how.ttlMs * 1000);
  }

  private quorum(bucket: WorkBucket): {
    readonly w: { readonly w?: number; readonly strict?: boolean };
    readonly r: { readonly r?: number; readonly strict?: boolean };
  } {
    const { random, options } = this.around;
    const strict = random.chance(options.strictPpm) ? { strict: true } : {};
    if (!random.chance(options.quorumPpm)) return { w: strict, r: strict };
    const count = random.between(1, bucket.n);
    return { w: { w: count, ...strict }, r: { r: count, ...strict } };
  }
}

/** One put, and the tries of it so far. */
interface Attempt {
  readonly write: Write;
  readonly bytes: Buffer | null;
  readonly request: PutOptions;
  /** No try is begun after its deadline. */
  readonly promised: boolean;
  readonly tries: number;
  /** What became of an earlier one. */
  readonly isUnknown: boolean;
}

/** A write on a condition, and what came of it. */
interface Compared {
  readonly write: Write;
  readonly basis: Knowledge | undefined;
  readonly result: PutResult;
}

/** What may be otherwise a moment later. */
const passing = new Set([0, 429, 503, 504]);

/** Wall clocks tell milliseconds. */
const clockStepUs = 2000;
/**
 * A put that is tried again expires as from when its author first asked. Nodes know that moment by
 * what they were told of each other's clocks, and take it for so much earlier.
 */
const olderUs = 50_000;

const nothingKnown: Knowledge = { context: '-', values: [], may: [] };

function outcomeText(result: PutResult | GetResult): string {
  return result.kind === 'failed' ? `${result.code} ${result.outcome}` : result.kind;
}

function putText({ context, ...rest }: PutOptions): string {
  return `${JSON.stringify(rest)} context=${context ?? 'blind'}`;
}

export function listedText(result: ListResult): string {
  if (result.kind === 'failed') return `${outcomeText(result)} ${result.message}`;
  return `[${result.keys.join(' ')}]`;
}

export function resultText(result: PutResult | GetResult): string {
  if (result.kind === 'failed') return `${outcomeText(result)} ${result.message}`;
  const values =
    result.kind === 'found'
      ? result.values.map((value) => (value === null ? '†' : tokenOf(value))).join(' ')
      : '';
  return `${result.kind} [${values}] ${result.receipt} ${result.context}`;
}
