/**
 * A configuration as bytes: on the disk of each node, and in messages, where it is one bin.
 *
 *   [version, cluster, number, layout, partitions, ring, members, leaving: bin, removed: bin, move,
 *    recoveries, buckets]
 *   member  [id: bin, name, host, zone, weight]
 *   move    [members, ring, moved: bin, changes], or null; `moved` has a bit a partition, the first
 *           in the highest bit of the first byte; without changes of buckets it ends before them
 *   recoveries  [from, name, from, name, …]
 *   buckets     and changes: `bucket-rows.ts`; it ends before them while it says nothing of buckets
 *
 * Each configuration has one form, and other bytes are refused: who compares the bytes of two
 * compares the two.
 */
import {
  type Configuration,
  type Move,
  type Place,
  type Recovery,
  type RingVersion,
} from '../../actors/rules/configuration.js';
import { objectionToReplicas } from '../../actors/rules/bucket-steps.js';
import { eraOf } from '../../actors/rules/era.js';
import { limits } from '../../actors/rules/limits.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import { MalformedError } from '../errors.js';
import { bookOf, bookRow, changesOf, changesRow } from './bucket-rows.js';
import { isInt, isList, isText } from './columns.js';
import { decode, encode, type WireValue } from './message-pack.js';
import { decodeNodeIds, encodeNodeIds } from './node-ids.js';
import { partitionBits, partitionsOf } from './partition-bits.js';
import { isLabelText } from './text.js';

const version = 1;
const { recoveriesMax } = chainLimits;

export function encodeConfiguration(configuration: Configuration): Buffer {
  const { cluster, number, layout, partitions, ring, members, move, buckets } = configuration;
  return encode([
    version,
    cluster,
    number,
    layout,
    partitions,
    ring,
    members.map(placeRow),
    encodeNodeIds(configuration.leaving),
    encodeNodeIds(configuration.removed),
    move === undefined ? null : moveRow(move, partitions),
    configuration.recoveries.flatMap(({ from, name }) => [from, name]),
    ...(buckets === undefined ? [] : [bookRow(buckets)]),
  ]);
}

/** Nothing of it is a view of `bytes`. Throws `MalformedError`. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  if (bytes.length > limits.configurationBytesMax)
    throw new MalformedError('a configuration that is too large');
  const configuration = configurationOf(decode(bytes));
  if (!encodeConfiguration(configuration).equals(bytes))
    throw new MalformedError('a configuration in another form than its own');
  return configuration;
}

function placeRow({ id, name, host, zone, weight }: Place): WireValue {
  return [encodeNodeIds([id]), name, host, zone, weight];
}

function moveRow({ members, ring, moved, replicas }: Move, partitions: number): WireValue {
  const row = [members.map(placeRow), ring, partitionBits(moved, partitions)];
  return replicas === undefined ? row : [...row, changesRow(replicas)];
}

function configurationOf(row: WireValue): Configuration {
  if (!isList(row) || row.length < 11 || row.length > 12 || row[0] !== version)
    throw new MalformedError(`not a configuration of version ${version}`);
  const number = whole(row[2], { min: 1, max: limits.configurationNumberMax });
  const partitions = whole(row[4], { min: 1, max: limits.partitionsMax });
  const configuration: Configuration = {
    cluster: whole(row[1], { min: 0, max: 0xffff_ffff }),
    number,
    layout: whole(row[3], { min: 1, max: number }),
    partitions,
    ring: ringVersion(row[5]),
    members: placesOf(row[6]),
    leaving: decodeNodeIds(row[7]),
    removed: decodeNodeIds(row[8]),
    move: row[9] === null ? undefined : moveOf(row[9], partitions),
    recoveries: recoveriesOf(row[10], number),
    ...(row.length > 11 && { buckets: bookOf(row[11]) }),
  };
  checkNodes(configuration);
  checkChanges(configuration);
  return configuration;
}

function moveOf(row: WireValue | undefined, partitions: number): Move {
  if (row === undefined || !isList(row) || row.length < 3 || row.length > 4)
    throw new MalformedError('not a move');
  const [members, ring, bits, changes] = row;
  const moved = partitionsOf(bits, partitions);
  const move = { members: placesOf(members), ring: ringVersion(ring), moved };
  return row.length === 3 ? move : { ...move, replicas: changesOf(changes) };
}

/** They are of buckets that there are. */
function checkChanges({ buckets, move }: Configuration): void {
  const objection = objectionToReplicas(buckets, move?.replicas ?? []);
  if (objection !== undefined) throw new MalformedError(objection);
}

/** One began each era but the first, from a configuration of the one before. */
function recoveriesOf(row: WireValue | undefined, number: number): Recovery[] {
  if (!isList(row) || row.length !== 2 * eraOf(number) || row.length > 2 * recoveriesMax)
    throw new MalformedError('not the recoveries that led to a configuration');
  return Array.from({ length: row.length / 2 }, (_, era) => {
    const from = whole(row[2 * era], { min: 1, max: number });
    if (eraOf(from) !== era) throw new MalformedError('a recovery from another era');
    return { from, name: whole(row[2 * era + 1], { min: 1, max: 0xffff_ffff }) };
  });
}

function placesOf(rows: WireValue | undefined): Place[] {
  if (rows === undefined || !isList(rows) || rows.length === 0 || rows.length > limits.membersMax)
    throw new MalformedError('not the members of a configuration');
  const places = rows.map(placeOf);
  if (places.some(({ id }, i) => i > 0 && id <= places[i - 1]!.id))
    throw new MalformedError('members do not ascend');
  if (places.every(({ weight }) => weight === 0))
    throw new MalformedError('members of which none holds anything');
  return places;
}

function placeOf(row: WireValue): Place {
  if (!isList(row) || row.length !== 5) throw new MalformedError('not a place');
  const [ids, name, host, zone, weight] = row;
  const [id, ...others] = decodeNodeIds(ids);
  if (id === undefined || others.length > 0) throw new MalformedError('a place of no one node');
  if (!isLabel(name) || !isLabel(host) || !isLabel(zone))
    throw new MalformedError('a place without its names');
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= limits.weightMax))
    throw new MalformedError('not a weight');
  return { id, name, host, zone, weight: Object.is(weight, -0) ? 0 : weight };
}

/** Who is named beside the members is no stranger, and has one part. */
function checkNodes({ members, move, leaving, removed }: Configuration): void {
  const ids = new Set([...members, ...(move?.members ?? [])].map(({ id }) => id));
  if (removed.some((id) => !ids.has(id))) throw new MalformedError('a stranger was removed');
  if (leaving.some((id) => ids.has(id))) throw new MalformedError('a member leaves that stays');
  if (ids.size + leaving.length > limits.membersMax)
    throw new MalformedError('a configuration of too many members');
}

function ringVersion(value: WireValue | undefined): RingVersion {
  if (value !== 1 && value !== 2) throw new MalformedError('a ring of an unknown version');
  return value;
}

function whole(
  value: WireValue | undefined,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (!isInt(value) || value < min || value > max)
    throw new MalformedError('a number of a configuration that is out of its range');
  return value;
}

function isLabel(value: WireValue | undefined): value is string {
  return isText(value) && isLabelText(value);
}
