/**
 * Who goes by another configuration counts for no quorum. Learned from what nodes and clients send
 * each other: a question says by which configuration it was asked; what a node goes by shows in the
 * questions it asks itself, and, while nothing it tells names one, it goes by none.
 *
 * Two things are held against that. Who went by a later configuration before it was asked, or by an
 * earlier one still after it had done as it was asked, should have refused; it may go on to another
 * between question and answer. And where an author is told of w or r nodes,
 * there is a coordinator that so many others have told, by one configuration, that they did as it
 * had asked, but for the coordinator itself; of answers, all as of the same side of a move.
 */
import type { PutResult } from '../client/plain-client.js';
import type { Publication } from '../seams/sim-nats.js';
import { tokenOf } from '../workload/values.js';
import type { History, Write } from './history.js';
import type { AckedMerge, AskedMerge } from './merge-watch.js';
import { nameOf, type Plain, readMessagePack } from './message-reader.js';
import type { Violations } from './violations.js';

/** `none`: it has not heard that its cluster is founded. */
type Configuration = number | 'none';

interface Told {
  generation: number;
  /** By which it went when it last told of it; undefined: it told nothing of that yet. */
  last: Configuration | undefined;
  /** Which it has left. */
  readonly left: Set<Configuration>;
  /** Done since then by another one. */
  readonly done: { readonly what: string; readonly configuration: number }[];
}

interface AskedRead {
  readonly from: string;
  readonly names: readonly string[];
  readonly configuration: number;
  /** Of a move, which is read. */
  readonly side: number | undefined;
  readonly wentBy: Configuration | undefined;
  readonly askedUs: number;
}

interface AskedFrame {
  readonly by: string;
  readonly configuration: number;
  /** Who was asked, when it was, as far as it had told. */
  readonly wentBy: Configuration | undefined;
}

/**
 * By `<coordinator> <configuration> <side>`, nodes with the time of the question they answered
 * last.
 */
type Answers = Map<string, Map<string, number>>;

type AskedColumns = [
  remainingMs: number,
  keys: Buffer[],
  digests: Buffer,
  configuration: number | null,
  part?: number | null,
  side?: number | null,
];

const forPut = 0;
const refusal = 2;
const ownRead = 3;

export class ConfigurationOracle {
  private readonly nodes = new Map<string, Told>();
  /** Reads without an answer, oldest first, by caller, callee and id. */
  private readonly reads = new Map<string, AskedRead[]>();
  /** Frames without one, by where it is to go. */
  private readonly frames = new Map<string, AskedFrame>();
  /** By which those went who were to merge, when they were asked. */
  private readonly merges = new WeakMap<AskedMerge, Configuration | undefined>();
  /** By token of what was put. */
  private readonly puts = new Map<string, Answers>();
  /** By name of what was read. */
  private readonly gets = new Map<string, Answers>();
  /** Somebody was told to go by another one. */
  hasRefused = false;

  constructor(
    private readonly history: History,
    private readonly violations: Violations,
    private readonly nowUs: () => number,
  ) {}

  /** To be told of every publication. */
  hear({ subject, reply, payload }: Publication): void {
    if (payload.length === 0) return;
    if (this.frames.size > 0) this.answeredFrame(subject, payload);
    if (subject.startsWith('kv.frame.')) this.askedFrame(subject.slice(9), reply, payload);
    if (!subject.startsWith('_')) return;
    const [, node = '', verb] = subject.split('.');
    if (verb === 'read') this.askedRead(node, readMessagePack(payload));
    else if (verb === 'answers') this.answered(node, readMessagePack(payload));
    else if (verb === 'gossip') this.gossip(readMessagePack(payload));
  }

  askedMerge(merge: AskedMerge): void {
    const { from, by, reason, configuration } = merge;
    this.merges.set(merge, this.told(by).last);
    if (configuration === null) return;
    const { last } = this.told(from);
    // A put that its author was answered goes on by the one it was planned by.
    const isOfItsPlan = reason === forPut && typeof last === 'number' && configuration <= last;
    if (!isOfItsPlan) this.goesBy(from, configuration);
  }

  ackedMerge(merge: AckedMerge): void {
    const { from, by, reason, configuration, records } = merge;
    if (configuration === null) return;
    this.did(by, 'a merge', { configuration, wentBy: this.merges.get(merge) });
    if (reason !== forPut) return;
    for (const { value } of records.flatMap(({ state }) => state.siblings)) {
      if (value === undefined) continue;
      note(this.puts, tokenOf(value), { from, by, configuration, askedUs: this.nowUs() });
    }
  }

  /** Of what nothing else was put over, and nothing was found done in its place. */
  written(write: Write, result: PutResult): void {
    const { token, name, isDelete, askedUs } = write;
    if (result.kind !== 'done' || isDelete) return;
    const isAlone = this.history
      .of(name)
      .every((other) => other === write || other.endedUs <= askedUs || other.outcome === 'none');
    if (!isAlone) return;
    this.checkCount(`w of ${token} of ${name}`, result.receipt, this.puts.get(token), 0);
  }

  /** By a plain client: the TypeScript client asks readers by itself. */
  read(read: { readonly name: string; readonly askedUs: number; readonly receipt: string }): void {
    const { name, askedUs, receipt } = read;
    this.checkCount(`r of ${name}`, receipt, this.gets.get(name), askedUs);
  }

  private checkCount(
    what: string,
    receipt: string,
    answers: Answers | undefined,
    sinceUs: number,
  ): void {
    const counted = Number(/^[rw]=(\d+)\//.exec(receipt)?.[1] ?? 0);
    let most = 0;
    for (const nodes of answers?.values() ?? []) {
      const told = [...nodes.values()].filter((askedUs) => askedUs >= sinceUs);
      most = Math.max(most, told.length);
    }
    if (counted <= most + 1) return;
    this.violations.add(
      'safety',
      'counted-by-another',
      `${what}: ${receipt}; by one configuration ${most} others did as one node had asked`,
    );
  }

  private askedRead(by: string, message: Plain): void {
    const [, from, id, body] = message as [number, string, number, Plain[]];
    const [, keys, , configuration, , side] = body as AskedColumns;
    if (configuration === null) return;
    this.goesBy(from, configuration);
    const names = keys.map((key) => nameOf(key.toString('latin1')));
    const key = `${from} ${by} ${id}`;
    const wentBy = this.told(by).last;
    // Nil in front of the traces of requests under the glass, else not there.
    const ofSide = side ?? undefined;
    const read = { from, names, configuration, side: ofSide, wentBy, askedUs: this.nowUs() };
    this.reads.set(key, [...(this.reads.get(key) ?? []), read]);
  }

  private answered(to: string, message: Plain): void {
    const [, by, ...answers] = message as [number, string, ...Plain[]];
    for (const [id, code, body] of answers as [number, number, Plain][]) {
      const key = `${to} ${by} ${id}`;
      const waiting = this.reads.get(key);
      const read = waiting?.shift();
      if (waiting?.length === 0) this.reads.delete(key);
      if (code === 421) this.hasRefused = true;
      if (read === undefined || code !== 0) continue;
      this.did(by, 'a read', read);
      const [, , about] = body as [Plain, Plain, number];
      for (const name of read.names.slice(0, about)) note(this.gets, name, { ...read, by });
    }
  }

  /** Its configuration is the last of its columns; behind that of an own read its side may be. */
  private askedFrame(by: string, reply: string, payload: Buffer): void {
    const columns = readMessagePack(payload) as Plain[];
    const configuration = columns[1] === ownRead ? columns[5] : columns.at(-1);
    if (reply !== '' && typeof configuration === 'number')
      this.frames.set(reply, { by, configuration, wentBy: this.told(by).last });
  }

  private answeredFrame(subject: string, payload: Buffer): void {
    const frame = this.frames.get(subject);
    if (frame === undefined) return;
    this.frames.delete(subject);
    const [, kind] = readMessagePack(payload) as Plain[];
    if (kind !== refusal) this.did(frame.by, 'a frame', frame);
  }

  /** News of members name the configuration, once one is on the disk of who tells. */
  private gossip(message: Plain): void {
    const [, from, , body] = message as [number, string, Plain, Plain];
    const [kind, , , chain, , rows] = Array.isArray(body) ? body : [];
    if (!['news', 'ask', 'hello'].includes(String(kind)) || !Array.isArray(rows)) return;
    const own = (rows as Plain[][]).find(([id]) => id === from);
    const generation = Number(own?.[6] ?? 0);
    const told = this.told(from);
    // What it knew in an earlier life it need not know in this one.
    if (generation > told.generation) this.nodes.set(from, { ...nothingTold(), generation });
    if (!Array.isArray(chain)) this.goesBy(from, 'none');
    else if (this.told(from).last === 'none')
      this.nodes.set(from, { ...nothingTold(), generation });
  }

  private goesBy(node: string, now: Configuration): void {
    const told = this.told(node);
    if (told.last === now)
      for (const { what, configuration } of told.done)
        this.violations.add(
          'safety',
          'served-by-another',
          `${node} did ${what} by configuration ${configuration}, and went by ${now} all the time`,
        );
    else if (told.last !== undefined) told.left.add(told.last);
    told.done.length = 0;
    told.last = now;
    if (told.left.has(now))
      this.violations.add(
        'safety',
        'configuration-taken-back',
        `${node} goes by configuration ${now} again, which it had left`,
      );
  }

  private did(
    node: string,
    what: string,
    asked: { readonly configuration: number; readonly wentBy: Configuration | undefined },
  ): void {
    const { configuration, wentBy } = asked;
    const { last, done } = this.told(node);
    const wasAhead = typeof wentBy === 'number' && wentBy > configuration;
    const isBehind = last === 'none' || (last !== undefined && last < configuration);
    if (wasAhead || isBehind) done.push({ what, configuration });
  }

  private told(node: string): Told {
    const told = this.nodes.get(node) ?? nothingTold();
    this.nodes.set(node, told);
    return told;
  }
}

function nothingTold(): Told {
  return { generation: 0, last: undefined, left: new Set(), done: [] };
}

function note(
  all: Map<string, Answers>,
  about: string,
  answer: {
    readonly from: string;
    readonly by: string;
    readonly configuration: number;
    readonly side?: number | undefined;
    readonly askedUs: number;
  },
): void {
  const { from, by, configuration, side = '', askedUs } = answer;
  const answers: Answers = all.get(about) ?? new Map();
  all.set(about, answers);
  const asked = `${from} ${configuration} ${side}`;
  const told = answers.get(asked) ?? new Map<string, number>();
  // Questions may overtake each other on their way.
  answers.set(asked, told.set(by, Math.max(askedUs, told.get(by) ?? 0)));
}
