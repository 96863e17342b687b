/**
 * A client of the application's account that makes up contexts: well-formed ones, that claim
 * counters nobody gave, what nodes will give next, epochs to come, actors that do not exist, as
 * many as a context may name; or those of another key, or what it has read itself. It puts and
 * deletes on the keys that honest clients use.
 *
 * To the oracles its puts are as honest ones: what it has read and claims it replaces. What names
 * actors of nodes may cover whatever was there, as a blind put may; what names only strangers
 * covers nothing; and nothing covers what is put after it was answered.
 */
import type { PlainClient, PutOptions, PutResult } from '../client/plain-client.js';
import type { SimRandom } from '../core/sim-random.js';
import type { Write } from '../oracle/history.js';
import { readContext } from '../oracle/message-reader.js';
import { Pace } from './pace.js';
import { decodeValue, encodeValue } from './values.js';
import type { ClientSurroundings, WorkBucket, WorkOptions } from './work-client.js';

export interface ForgerOptions {
  readonly thinkUs: number;
  /** Of the work: it stops before, so that it is known what it can't have covered. */
  readonly forUs: number;
  readonly strictPpm: number;
}

export interface ForgerSurroundings extends ClientSurroundings {
  readonly work: WorkOptions;
  readonly options: ForgerOptions;
}

/** Actor in hex → counter. */
type Claims = ReadonlyMap<string, number>;

interface Forged {
  readonly how: keyof typeof forgeries;
  readonly bytes: Buffer;
  /** What the oracles go by: as `Write.seen`. */
  readonly seen: readonly string[] | undefined;
}

interface Knowledge {
  readonly context: Buffer;
  readonly claims: Claims;
  readonly tokens: readonly string[];
}

/** Where it goes to the key that is asked for most, so that claims and puts meet. */
const hotPpm = 600_000;

/** Bounds of a context, as the reference has them. */
const entriesMax = 256;
const counterMax = 0xfff0_0000;
const entryBytes = 18;

export class Forger {
  readonly pace: Pace;
  private readonly known = new Map<string, Knowledge>();
  private writes = 0;

  constructor(
    readonly name: string,
    private readonly client: PlainClient,
    private readonly around: ForgerSurroundings,
  ) {
    const { scheduler, process, random, options } = around;
    const { thinkUs } = options;
    this.pace = new Pace({ scheduler, process, random, thinkUs, act: () => this.act() });
  }

  start(): void {
    const { scheduler, options } = this.around;
    scheduler.in(options.forUs, undefined, () => (this.pace.stopped = true));
    this.pace.think();
  }

  private act(): void {
    const { random, work } = this.around;
    const bucket = random.pick(work.buckets);
    const key = random.chance(hotPpm) ? 0 : random.below(bucket.keys);
    const name = `${bucket.name}/k${key}`;
    if (random.below(2) === 0) this.look(name);
    else this.forge(bucket, name);
  }

  private look(name: string): void {
    this.client.get(name, { timeoutMs: this.around.work.timeoutMs }, (result) => {
      if (result.kind !== 'failed' && result.context !== '') {
        const bytes = result.kind === 'found' ? result.values : [];
        const values = bytes.filter((value) => value !== null).map(decodeValue);
        const context = Buffer.from(result.context, 'base64url');
        this.known.set(name, {
          context,
          claims: readContext(context).context,
          tokens: values.map(({ token }) => token),
        });
      }
      this.pace.answered();
    });
  }

  private forge(bucket: WorkBucket, name: string): void {
    const { random, scheduler, history, work, options, trace } = this.around;
    // What is made of sets and counters must not go: there it claims what nobody can have written.
    const isMerged = bucket.use === 'sets' || bucket.use === 'counters';
    const how = isMerged ? 'strangers' : random.pick(Object.keys(forgeries) as Forged['how'][]);
    const forged = this.forged(how, name);
    if (forged === undefined) return this.look(name);
    const token = `${this.name}.${++this.writes}`;
    const isDelete = !isMerged && bucket.use !== 'expiring' && random.chance(work.deletePpm);
    const strict = random.chance(options.strictPpm);
    const quorum = random.below(2) === 0 ? undefined : random.pick([1, 1, bucket.n]);
    const { timeoutMs } = work;
    const says = history.skewUs === 0;
    const isSingle = bucket.use === 'lww' || bucket.use === 'expiring' || bucket.use === 'blind';
    const write: Write = {
      token,
      name,
      isDelete,
      seen: isSingle ? undefined : forged.seen,
      maySeen: [],
      strict,
      quorum: quorum ?? Math.min(2, bucket.n),
      askedUs: scheduler.nowUs,
      vanishesUs: isDelete ? 0 : Infinity,
      goneUs: Infinity,
      mintByUs: says ? scheduler.nowUs + timeoutMs * 1000 : Infinity,
      outcome: 'pending',
      endedUs: Infinity,
    };
    history.begin(write);
    const request: PutOptions = {
      timeoutMs,
      context: forged.bytes.toString('base64url'),
      ...(quorum !== undefined && { w: quorum }),
      ...(strict && { strict }),
      ...(says && { untilMs: timeoutMs }),
    };
    const body = bucket.use === 'sets' ? [token] : [];
    const value = isDelete ? null : encodeValue({ token, body }, random.between(16, 64));
    const what = isDelete ? 'delete' : 'put';
    trace.add(scheduler.nowUs, this.name, `forged ${what} ${name} ${token} ${how}`);
    this.client.put(name, value, request, (result) => this.settle(write, result));
  }

  private settle(write: Write, result: PutResult): void {
    const { scheduler, trace, history, onWritten } = this.around;
    const { nowUs } = scheduler;
    const outcome = result.kind === 'done' ? result.receipt : `${result.code} ${result.message}`;
    trace.add(nowUs, this.name, `forged ${write.token} ${result.kind} ${outcome}`);
    if (result.kind === 'done' && result.receipt.includes('seen=partly')) {
      write.maySeen = write.seen ?? [];
      if (write.seen !== undefined) write.seen = [];
    }
    onWritten(write, result);
    history.end(write, result.kind === 'done' ? 'done' : result.outcome, nowUs);
    this.pace.answered();
  }

  private forged(how: Forged['how'], name: string): Forged | undefined {
    const { random } = this.around;
    const own = this.known.get(name);
    const others = [...this.known].filter(([other]) => other !== name);
    const known = own ?? (others.length > 0 ? random.pick(others)[1] : undefined);
    if (how === 'strangers') return { how, bytes: encodedContext(strangers(random)), seen: [] };
    if (how === 'tooMany') {
      const claims = strangers(random, entriesMax + 1);
      return { how, bytes: encodedContext(claims), seen: [] };
    }
    if (known === undefined) return undefined;
    if (how === 'replayed' || how === 'replayedWithStrangers') {
      if (own === undefined) return undefined;
      const { context, claims, tokens } = own;
      if (how === 'replayed') return { how, bytes: context, seen: tokens };
      const room = entriesMax - claims.size;
      return { how, bytes: encodedContext([...claims, ...strangers(random, room)]), seen: tokens };
    }
    return { how, bytes: forgeries[how](known, random), seen: undefined };
  }
}

type Forgery = (known: Knowledge, random: SimRandom) => Buffer;

const none: Forgery = () => Buffer.alloc(0);

const forgeries = {
  strangers: none,
  tooMany: none,
  replayed: none,
  replayedWithStrangers: none,
  /** Of another key too: the actors of nodes are the same for all. */
  asItWas: ({ context }) => context,
  /** What the nodes give next. */
  next: ({ claims }, random) => {
    const ahead = random.pick([1, 2, 199, 100_000]);
    return encodedContext(some(claims, random).map(([actor, counter]) => [actor, counter + ahead]));
  },
  most: ({ claims }, random) =>
    encodedContext(some(claims, random).map(([actor]) => [actor, counterMax])),
  /** A counter alone, with nothing that lies before it, as a dot beside the vector. */
  dots: ({ claims }, random) => {
    const ahead = random.between(1, 3);
    const dots = [...claims].map(([actor, counter]): Entry => [actor, counter + 1 + ahead]);
    return Buffer.concat([encodedContext([...claims]), encodedContext(dots.slice(0, 32))]);
  },
  /** Under which a node goes on when it starts anew. */
  epochs: ({ claims }, random) => {
    const nodes = [...new Set([...claims.keys()].map((actor) => actor.slice(0, 16)))];
    const newest = Math.max(...[...claims.keys()].map((actor) => parseInt(actor.slice(16), 16)));
    const each = Math.max(1, Math.floor(random.pick([3, entriesMax]) / nodes.length));
    const claimed = nodes.flatMap((node) =>
      Array.from({ length: each }, (_, i): Entry => {
        const epoch = (newest + i).toString(16).padStart(12, '0');
        return [`${node}${epoch}`, random.pick([1, 200, counterMax])];
      }),
    );
    return encodedContext(claimed.slice(0, entriesMax));
  },
} satisfies Record<string, Forgery>;

type Entry = readonly [actor: string, counter: number];

/** Of some actors alone: beside what it leaves out, claims are weighed in another way. */
function some(claims: Claims, random: SimRandom): Entry[] {
  const all = [...claims];
  const some = all.filter(() => random.below(2) === 0);
  return some.length > 0 ? some : all;
}

/** Actors of nodes that do not exist. */
function strangers(random: SimRandom, count = random.pick([1, 8, entriesMax])): Entry[] {
  return Array.from({ length: count }, (): Entry => {
    const actor = random.bytes(14).toString('hex');
    return [actor, random.pick([1, 200, counterMax])];
  });
}

/** As the reference has it: u16 entries · entries × (actor, counter u32), ascending. */
export function encodedContext(entries: readonly Entry[]): Buffer {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = Buffer.alloc(2 + entryBytes * sorted.length);
  bytes.writeUInt16BE(sorted.length);
  sorted.forEach(([actor, counter], i) => {
    bytes.write(actor, 2 + entryBytes * i, 'hex');
    bytes.writeUInt32BE(Math.min(counter, counterMax), 2 + entryBytes * i + 14);
  });
  return bytes;
}
