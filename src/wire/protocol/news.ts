/** News of members: what nodes tell each other with every beat, and no one answers. */
import type { NodeId } from '../../../actors/rules/actor.js';
import type { ClusterId } from '../../../actors/rules/configuration.js';
import type { RecoveryName } from '../../../actors/rules/era.js';
import type { FoundingVote } from '../../../actors/rules/founding.js';
import type { ByteString } from '../../../actors/rules/key.js';
import { bucketLimits } from '../../../actors/rules/limits/buckets.js';
import { limits } from '../../../actors/rules/limits.js';
import { gossipLimits } from '../../../actors/rules/limits/gossip.js';
import type { Member } from '../../../actors/rules/membership.js';
import type { ConfigurationNumber } from '../../../actors/rules/said-configuration.js';
import type { Moment } from '../../../actors/rules/told-clock.js';
import { MalformedError } from '../../errors.js';
import { isBin, isInt, isList } from '../columns.js';
import { memberOf, memberRow, voteOf, voteRow } from '../member-rows.js';
import { nodeIdBytes, rowsOfBytes } from '../node-ids.js';
import { latin1Of } from '../text.js';
import { partitionBits, partitionsOf } from '../partition-bits.js';
import type { WireValue } from '../wire-value.js';
import { asRequest, type Request } from './bodies.js';

/**
 * `gone`: down, and NATS says that nobody subscribes for it; who is only `down` may hang. `absent`:
 * NATS says so, but it was heard not long ago; others may ask themselves.
 */
export type Opinion = 'heard' | 'silent' | 'down' | 'gone' | 'absent';

/** For what the sender asks: a sign of life, or all that the receiver knows. */
export type Asked = 'nothing' | 'sign' | 'rows';

export interface Settings {
  readonly partitions: number;
  /** Of N and conflict policy of all buckets. */
  readonly bucketsHash: number;
  /** Of their R and W. */
  readonly quorumsHash: number;
}

export interface Vital {
  readonly id: NodeId;
  readonly generation: number;
  readonly heartbeat: number;
  /** What the sender thinks of the member. */
  readonly opinion: Opinion;
}

export interface News {
  readonly asks: Asked;
  readonly settings: Settings;
  /** undefined: the sender is of a cluster, and says more of it when it is asked. */
  readonly vote: FoundingVote | undefined;
  /** undefined: the sender knows no configuration. */
  readonly chain: NewsOfChain | undefined;
  /** Of the sender, the receiver, and a bounded number of others; or of all, when it was asked. */
  readonly vitals: readonly Vital[];
  /** Somebody hangs, by the sender's word or another's: to be passed on for so many beats. */
  readonly hangingBeats: number;
  readonly rows: readonly Member[];
  readonly clock: NewsOfClock;
}

/** Which configuration the sender knows. */
export interface NewsOfChain {
  readonly cluster: ClusterId;
  readonly number: ConfigurationNumber;
  /** That began the era it is of; 0: none. */
  readonly recovery: RecoveryName;
  /** Only of those who have to say something of it. */
  readonly progress: Progress | undefined;
}

/** How far the sender is with what the configuration wants of it. */
export interface Progress {
  readonly layout: ConfigurationNumber;
  /** Partitions of which it holds all that their owners before hold; ascending. */
  readonly received: readonly number[];
  /** It holds nothing that it has to hand on. */
  readonly isEmpty: boolean;
  /** Buckets that are removed, of which it holds nothing; left out where there is none. */
  readonly emptied?: readonly ByteString[];
}

/** What the sender's clocks showed when it told. */
export interface NewsOfClock extends Moment {
  readonly wallMs: number;
  /**
   * The receiver's monotonic clock at that time, at least; `noMoment` when the sender does not know
   * it.
   */
  readonly yours: Moment;
}

export function isDown(opinion: Opinion): boolean {
  return opinion === 'down' || opinion === 'gone';
}

/** It was asked, and did not answer: a testimony. */
export function isUnheard(opinion: Opinion): boolean {
  return opinion === 'silent' || isDown(opinion);
}

const kinds: ReadonlyMap<Asked, string> = new Map([
  ['nothing', 'news'],
  ['sign', 'ask'],
  ['rows', 'hello'],
]);
const opinions: readonly Opinion[] = ['heard', 'silent', 'down', 'gone', 'absent'];
/**
 * Id, generation u32, heartbeat u48, opinion u8: beats carry it, so it costs little to write and to
 * read.
 */
const vitalLength = nodeIdBytes + 4 + 6 + 1;

export function newsBody(news: News): Request<'gossip'> {
  const { settings } = news;
  return asRequest([
    kinds.get(news.asks)!,
    [settings.partitions, settings.bucketsHash, settings.quorumsHash],
    news.vote === undefined ? null : voteRow(news.vote),
    chainRow(news.chain, settings),
    vitalBytes(news.vitals),
    news.rows.map(memberRow),
    clockRow(news.clock),
    news.hangingBeats,
  ]);
}

/** Throws `MalformedError`. */
export function newsOf(body: readonly WireValue[]): News {
  const [kind, settings, vote, chain, vitals, rows, clock, hangingBeats] = body;
  const asks = [...kinds.keys()].find((asked) => kinds.get(asked) === kind);
  if (body.length !== 8 || asks === undefined || !isList(rows))
    throw new MalformedError('not news of members');
  if (rows.length > limits.membersMax) throw new MalformedError('news of too many members');
  const told = settingsOf(settings);
  return {
    asks,
    settings: told,
    vote: vote === null ? undefined : voteOf(vote),
    chain: newsOfChain(chain, told),
    vitals: vitalsOf(vitals),
    rows: rows.map(memberOf),
    clock: clockOf(clock),
    hangingBeats: beatsOf(hangingBeats),
  };
}

function beatsOf(value: WireValue | undefined): number {
  if (isInt(value) && value >= 0 && value <= gossipLimits.hangingBeatsMax) return value;
  throw new MalformedError('no number of beats in news of members');
}

function chainRow(chain: NewsOfChain | undefined, { partitions }: Settings): WireValue {
  if (chain === undefined) return null;
  const { cluster, number, recovery, progress } = chain;
  if (progress === undefined) return [cluster, number, recovery];
  const { layout, received, isEmpty, emptied } = progress;
  const bits = partitionBits(received, partitions);
  const row = [cluster, number, recovery, layout, bits, isEmpty];
  if (emptied === undefined) return row;
  return [...row, emptied.map((name) => Buffer.from(name, 'latin1'))];
}

function newsOfChain(
  row: WireValue | undefined,
  { partitions }: Settings,
): NewsOfChain | undefined {
  if (row === null) return undefined;
  if (row !== undefined && isList(row)) {
    const [cluster, number, recovery, layout, bits, isEmpty, emptied] = row;
    if (isInt(cluster) && isInt(number) && isInt(recovery)) {
      if (row.length === 3) return { cluster, number, recovery, progress: undefined };
      if (row.length >= 6 && row.length <= 7 && isInt(layout) && typeof isEmpty === 'boolean') {
        const received = partitionsOf(bits, partitions);
        const said = row.length === 7 ? { emptied: emptiedOf(emptied) } : {};
        return { cluster, number, recovery, progress: { layout, received, isEmpty, ...said } };
      }
    }
  }
  throw new MalformedError('no configuration in news of members');
}

function emptiedOf(value: WireValue | undefined): ByteString[] {
  if (!isList(value) || value.length === 0 || value.length > bucketLimits.emptiedToldMax)
    throw new MalformedError('no buckets in news of members');
  return value.map((name) => {
    if (!isBin(name) || name.length > limits.bucketBytesMax)
      throw new MalformedError('no bucket in news of members');
    return latin1Of(name);
  });
}

function clockRow({ process, ms, wallMs, yours }: NewsOfClock): WireValue[] {
  return [process, ms, wallMs, yours.process, yours.ms];
}

function clockOf(value: WireValue | undefined): NewsOfClock {
  if (isList(value) && value.length === 5 && value.every(isInt)) {
    const [process, ms, wallMs, yourProcess, yourMs] = value as [
      number,
      number,
      number,
      number,
      number,
    ];
    return { process, ms, wallMs, yours: { process: yourProcess, ms: yourMs } };
  }
  throw new MalformedError('no clock in news of members');
}

function settingsOf(value: WireValue | undefined): Settings {
  if (isList(value) && value.length === 3) {
    const [partitions, bucketsHash, quorumsHash] = value;
    const isCount = isInt(partitions) && partitions <= limits.partitionsMax;
    if (isCount && isInt(bucketsHash) && isInt(quorumsHash))
      return { partitions, bucketsHash, quorumsHash };
  }
  throw new MalformedError('no settings in news of members');
}

function vitalBytes(vitals: readonly Vital[]): Buffer {
  const bytes = Buffer.allocUnsafe(vitals.length * vitalLength);
  let at = 0;
  for (const { id, generation, heartbeat, opinion } of vitals) {
    bytes.write(id, at, 'hex');
    at = bytes.writeUInt32BE(generation, at + nodeIdBytes);
    at = bytes.writeUIntBE(heartbeat, at, 6);
    at = bytes.writeUInt8(opinions.indexOf(opinion), at);
  }
  return bytes;
}

/** Ascending by id, so nobody is named twice. */
function vitalsOf(value: WireValue | undefined): Vital[] {
  const bytes = rowsOfBytes(value, vitalLength);
  const vitals: Vital[] = [];
  let last = '';
  for (let at = 0; at < bytes.length; at += vitalLength) {
    const id = bytes.toString('hex', at, at + nodeIdBytes);
    const opinion = opinions[bytes.readUInt8(at + 18)];
    if (id <= last || opinion === undefined) throw new MalformedError('not vitals of members');
    last = id;
    const generation = bytes.readUInt32BE(at + 8);
    const heartbeat = bytes.readUIntBE(at + 12, 6);
    if (generation > limits.generationMax || heartbeat > limits.heartbeatMax)
      throw new MalformedError('vitals from the far future');
    vitals.push({ id, generation, heartbeat, opinion });
  }
  return vitals;
}
