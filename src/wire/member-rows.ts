/**
 * Members, and votes of founders (`actors/rules/founding.ts`), as rows: in news, and on the disk of
 * each node.
 *
 *   member  [id, name, host, zone, weight, pid, generation, heartbeat, status, epochs, removed]
 *           of one that waits to be a member also join, replaces; behind them false, where it
 *           founds no cluster
 *   vote    [attempt, stored: bin, founders: bin], 8 bytes a node id, ascending; empty: none;
 *           behind them the version of the ring, where it is not 1
 */
import { isNodeId } from '../../actors/rules/actor.js';
import { type FoundingVote, withRing } from '../../actors/rules/founding.js';
import { limits } from '../../actors/rules/limits.js';
import type { JoinWish, Member, MemberStatus } from '../../actors/rules/membership.js';
import { MalformedError } from '../errors.js';
import { isInt, isList, isText } from './columns.js';
import { decode, encode, type WireValue } from './message-pack.js';
import { decodeNodeIds, encodeNodeIds } from './node-ids.js';
import { isLabelText } from './text.js';

const joins: readonly JoinWish['join'][] = ['auto', 'ask'];
const statuses: readonly MemberStatus[] = ['joining', 'active', 'left'];

export function memberRow(member: Member): WireValue[] {
  const { id, name, host, zone, weight, pid, generation, heartbeat, status, epochs, wish } = member;
  const place = [id, name, host, zone, weight] as const;
  const removed = member.removed === true;
  const wished = wish === undefined ? [] : wishRow(wish);
  const beat = [generation, heartbeat] as const;
  return [...place, pid, ...beat, statuses.indexOf(status), epochs, removed, ...wished];
}

/** Throws `MalformedError`. */
export function memberOf(row: WireValue | undefined): Member {
  if (row === undefined || !isList(row)) throw new MalformedError('not a member');
  const [id, name, host, zone, weight, pid, generation, heartbeat, status] = row;
  // Rows on disk from before epochs were told, or members could be removed, end before that.
  const epochs = row.length === 9 ? 0 : row[9];
  const removed = row.length <= 10 ? false : row[10];
  if (
    row.length > 14 ||
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
  if (
    generation > limits.generationMax ||
    heartbeat > limits.heartbeatMax ||
    epochs > limits.epochsMax
  )
    throw new MalformedError('a member from the far future');
  const known = statuses[Number(status)];
  if (!isInt(status) || known === undefined) throw new MalformedError('no such status of a member');
  const member = { id, name, host, zone, weight, pid, generation, heartbeat, epochs };
  const wish = wishOf(row.slice(11));
  return { ...member, status: known, ...(removed && { removed }), ...(wish && { wish }) };
}

function wishRow({ join, replaces, founds }: JoinWish): WireValue[] {
  return [joins.indexOf(join), replaces, ...(founds === undefined ? [] : [founds])];
}

function wishOf(row: readonly WireValue[]): JoinWish | undefined {
  if (row.length === 0) return undefined;
  const [join, replaces, founds] = row;
  const known = joins[Number(join)];
  if (isInt(join) && known !== undefined && isLabel(replaces)) {
    if (founds === undefined) return { join: known, replaces };
    if (founds === false) return { join: known, replaces, founds };
  }
  throw new MalformedError('no such wish of a node that joins');
}

export function encodeMember(member: Member): Buffer {
  return encode(memberRow(member));
}

/** Throws `MalformedError`. */
export function decodeMember(bytes: Buffer): Member {
  return memberOf(decode(bytes));
}

export function voteRow({ attempt, stored, founders, ring }: FoundingVote): WireValue[] {
  const lists = [encodeNodeIds(stored), encodeNodeIds(founders)];
  return [attempt, ...lists, ...(ring === undefined ? [] : [ring])];
}

/** Throws `MalformedError`. */
export function voteOf(value: WireValue | undefined): FoundingVote {
  if (value === undefined || !isList(value) || value.length < 3 || value.length > 4)
    throw new MalformedError('not a vote of founders');
  const [attempt, stored, founders, ring] = value;
  if (ring !== undefined && ring !== 2) throw new MalformedError('a ring of no known version');
  if (!isInt(attempt) || attempt < 0) throw new MalformedError('not an attempt to found');
  const vote = { attempt, stored: decodeNodeIds(stored), founders: decodeNodeIds(founders) };
  return withRing(vote, ring);
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
  return typeof value === 'number' && value > 0 && value <= limits.weightMax;
}
