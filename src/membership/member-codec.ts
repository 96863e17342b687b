/**
 * Gossip as MessagePack, and rows of the members table.
 *
 * news   ['news' | 'hello', settings, vote, vitals: bin, rows, clock]     hello: please answer, with all rows
 *        settings [partitions, hash of what else must be equal]
 *        vote [attempt, stored: bin, founders: bin] of `actors/rules/founding.ts`: 8 bytes a node id, ascending; empty: none
 *        vitals, 19 bytes a member: id 8, generation u32, heartbeat u48, opinion u8 of the sender (0 heard in time, or itself ·
 *        1 silent · 2 down · 3 removed for good). This is what beats carry: it costs little to write and to read.
 *        rows: members the receiver may not know; a generation it does not know makes it ask for them
 *        row [id, name, host, zone, weight, pid, generation, heartbeat, status, epochs, removed]
 *        clock [process, monotonic ms, wall ms, receiver's process, receiver's monotonic ms] when it was sent, see
 *        `actors/rules/told-clock.ts`; the receiver's at least, as far as the sender knows it (process 0: not at all)
 * recall ['recall', row of the asker]   →  [generation, epochs] of the asker as they were known before; zeros: never seen
 * claim  ['claim', instance, generation, pid]   →  [instance, generation, pid] of another process with the same node id
 */
import { isNodeId, type NodeId } from '../../actors/rules/actor.js';
import type { FoundingVote } from '../../actors/rules/founding.js';
import { limits } from '../../actors/rules/limits.js';
import type { Member, MemberStatus } from '../../actors/rules/membership.js';
import type { Moment } from '../../actors/rules/told-clock.js';
import { weightMax } from '../../actors/rules/ring-tokens.js';
import { MalformedError } from '../errors.js';
import { isInt, isList, isText } from '../wire/columns.js';
import { decode, encode, type WireValue } from '../wire/message-pack.js';
import { decodeNodeIds, encodeNodeIds, nodeIdBytes, rowsOfBytes } from '../wire/node-ids.js';
import { isLabelText } from '../wire/text.js';

export type Opinion = 'heard' | 'silent' | 'down' | 'removed';

export interface Settings {
  readonly partitions: number;
  /** Of N and conflict policy of all buckets. */
  readonly bucketsHash: number;
}

export interface Vital {
  readonly id: NodeId;
  readonly generation: number;
  readonly heartbeat: number;
  /** What the sender thinks of the member. */
  readonly opinion: Opinion;
}

export interface News {
  /** The sender asks for an answer. */
  readonly hello: boolean;
  readonly settings: Settings;
  readonly vote: FoundingVote;
  readonly vitals: readonly Vital[];
  readonly rows: readonly Member[];
  readonly clock: NewsOfClock;
}

/** What the sender's clocks showed when it told. */
export interface NewsOfClock extends Moment {
  readonly wallMs: number;
  /** The receiver's monotonic clock at that time, at least; `noMoment` when the sender does not know it. */
  readonly yours: Moment;
}

export interface Claim {
  /** Drawn at the start of a process. */
  readonly instance: number;
  /** The one it started with: a process that refutes raises its generation, and is no younger for it. */
  readonly generation: number;
  readonly pid: number;
}

const statuses: readonly MemberStatus[] = ['joining', 'active', 'left'];
const opinions: readonly Opinion[] = ['heard', 'silent', 'down', 'removed'];
const vitalLength = nodeIdBytes + 4 + 6 + 1;
/** Half of what there are: nobody can be made to skip to the last ones, and a node can go on from any that is taken. */
const generationMax = 2 ** 31;
const heartbeatMax = 2 ** 47;
const epochsMax = 2 ** 47;

export function newsBody(news: News): WireValue[] {
  const { settings } = news;
  return [
    news.hello ? 'hello' : 'news',
    [settings.partitions, settings.bucketsHash],
    voteRow(news.vote),
    vitalBytes(news.vitals),
    news.rows.map(memberRow),
    clockRow(news.clock),
  ];
}

/** Throws `MalformedError`. */
export function newsOf(body: readonly WireValue[]): News {
  const [kind, settings, vote, vitals, rows, clock] = body;
  if (body.length !== 6 || (kind !== 'hello' && kind !== 'news') || !isList(rows))
    throw new MalformedError('not news of members');
  if (rows.length > limits.membersMax) throw new MalformedError('news of too many members');
  return {
    hello: kind === 'hello',
    settings: settingsOf(settings),
    vote: voteOf(vote),
    vitals: vitalsOf(vitals),
    rows: rows.map((row) => {
      if (!isList(row)) throw new MalformedError('not a member');
      return memberOf(row);
    }),
    clock: clockOf(clock),
  };
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
  if (isList(value) && value.length === 2) {
    const [partitions, bucketsHash] = value;
    if (isInt(partitions) && isInt(bucketsHash)) return { partitions, bucketsHash };
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
    if (generation > generationMax || heartbeat > heartbeatMax)
      throw new MalformedError('vitals from the far future');
    vitals.push({ id, generation, heartbeat, opinion });
  }
  return vitals;
}

export function claimBody({ instance, generation, pid }: Claim): WireValue[] {
  return ['claim', instance, generation, pid];
}

/** Of the request (with its kind) and of the answer (without). Throws `MalformedError`. */
export function claimOf(body: readonly WireValue[]): Claim {
  const [instance, generation, pid] = body[0] === 'claim' ? body.slice(1) : body;
  if (!isInt(instance) || !isInt(generation) || !isInt(pid))
    throw new MalformedError('not a claim');
  return { instance, generation, pid };
}

export function isClaim(body: readonly WireValue[]): boolean {
  return body[0] === 'claim';
}

/** What another node has seen of a member. */
export interface SeenLife {
  readonly generation: number;
  readonly epochs: number;
}

export function recallBody(self: Member): WireValue[] {
  return ['recall', memberRow(self)];
}

/** The asker's row. Throws `MalformedError`. */
export function rowOfRecall([, row]: readonly WireValue[]): Member {
  if (!isList(row)) throw new MalformedError('not a member');
  return memberOf(row);
}

export function isRecall(body: readonly WireValue[]): boolean {
  return body[0] === 'recall';
}

export function lifeBody(seen: SeenLife | undefined): WireValue[] {
  return [seen?.generation ?? 0, seen?.epochs ?? 0];
}

/** undefined: no answer to a recall. */
export function lifeOf(body: readonly WireValue[]): SeenLife | undefined {
  const [generation, epochs] = body;
  if (!isInt(generation) || !isInt(epochs)) return undefined;
  return generation > generationMax || epochs > epochsMax ? undefined : { generation, epochs };
}

export function isClaimAnswer(body: readonly WireValue[]): boolean {
  return body.length === 3 && body.every(isInt);
}

function memberRow(member: Member): WireValue[] {
  const { id, name, host, zone, weight, pid, generation, heartbeat, status, epochs } = member;
  const place = [id, name, host, zone, weight] as const;
  const removed = member.removed === true;
  return [...place, pid, generation, heartbeat, statuses.indexOf(status), epochs, removed];
}

function memberOf(row: readonly WireValue[]): Member {
  const [id, name, host, zone, weight, pid, generation, heartbeat, status] = row;
  // Rows on disk from before epochs were told, or members could be removed, end before that.
  const epochs = row.length === 9 ? 0 : row[9];
  const removed = row.length <= 10 ? false : row[10];
  if (
    row.length > 11 ||
    typeof removed !== 'boolean' ||
    !isInt(epochs) ||
    epochs < 0 ||
    !isText(id) ||
    !isNodeId(id) ||
    !isLabel(name) ||
    !isLabel(host) ||
    !isLabel(zone)
  )
    throw new MalformedError('not a member');
  if (!isWeight(weight) || !isInt(pid) || !isInt(generation) || !isInt(heartbeat))
    throw new MalformedError('not a member');
  if (generation > generationMax || heartbeat > heartbeatMax || epochs > epochsMax)
    throw new MalformedError('a member from the far future');
  const known = statuses[Number(status)];
  if (!isInt(status) || known === undefined) throw new MalformedError('no such status of a member');
  const member = { id, name, host, zone, weight, pid, generation, heartbeat, epochs };
  return { ...member, status: known, ...(removed && { removed }) };
}

export function encodeMember(member: Member): Buffer {
  return encode(memberRow(member));
}

/** Throws `MalformedError`. */
export function decodeMember(bytes: Buffer): Member {
  const row = decode(bytes);
  if (!isList(row)) throw new MalformedError('not a member');
  return memberOf(row);
}

function voteRow({ attempt, stored, founders }: FoundingVote): WireValue[] {
  return [attempt, encodeNodeIds(stored), encodeNodeIds(founders)];
}

function voteOf(value: WireValue | undefined): FoundingVote {
  if (!isList(value) || value.length !== 3) throw new MalformedError('not a vote of founders');
  const [attempt, stored, founders] = value;
  if (!isInt(attempt) || attempt < 0) throw new MalformedError('not an attempt to found');
  return { attempt, stored: decodeNodeIds(stored), founders: decodeNodeIds(founders) };
}

export function encodeVote(vote: FoundingVote): Buffer {
  return encode(voteRow(vote));
}

/** Also of what was written before votes were: the founders alone. Throws `MalformedError`. */
export function decodeVote(bytes: Buffer): FoundingVote {
  const value = decode(bytes);
  if (isList(value)) return voteOf(value);
  const founders = decodeNodeIds(value);
  return { attempt: 0, stored: founders, founders };
}

function isLabel(value: WireValue | undefined): value is string {
  return isText(value) && isLabelText(value);
}

function isWeight(value: WireValue | undefined): value is number {
  return typeof value === 'number' && value > 0 && value <= weightMax;
}
