/** A configuration's bytes, read by code that shares nothing with the code under test. */
import type { Configuration, Place, RingVersion } from '../../../actors/rules/configuration.js';
import { readBook, readReplicas } from './bucket-reader.js';
import { type Plain, readMessagePack } from './message-reader.js';

const idBytes = 8;

/** Throws on anything else. */
export function readConfiguration(bytes: Buffer): Configuration {
  const row = readMessagePack(bytes);
  if (!Array.isArray(row) || row.length < 11 || row.length > 12 || row[0] !== 1)
    throw new Error('not a configuration');
  const [, cluster, number, layout, partitions, ring, members, leaving, removed, move, eras] = row;
  const [book] = row.slice(11);
  const numbers = [cluster, number, layout, partitions, ring];
  if (!numbers.every((value) => typeof value === 'number'))
    throw new Error('not the numbers of a configuration');
  return {
    cluster: cluster as number,
    number: number as number,
    layout: layout as number,
    partitions: partitions as number,
    ring: ring as RingVersion,
    members: readPlaces(members!),
    leaving: readIds(leaving!),
    removed: readIds(removed!),
    move: move === null ? undefined : readMove(move!, partitions as number),
    recoveries: readRecoveries(eras!),
    ...(book !== undefined && { buckets: readBook(book) }),
  };
}

/** undefined: the bytes are something else. */
export function configurationIn(bytes: Buffer): Configuration | undefined {
  try {
    return readConfiguration(bytes);
  } catch {
    return undefined;
  }
}

function readMove(row: Plain, partitions: number): NonNullable<Configuration['move']> {
  if (!Array.isArray(row) || row.length < 3 || row.length > 4) throw new Error('not a move');
  const [members, ring, bits, changes] = row;
  if (!Buffer.isBuffer(bits)) throw new Error('not the partitions that have moved');
  const moved = Array.from({ length: partitions }, (_, i) => i).filter(
    (i) => ((bits[Math.floor(i / 8)] ?? 0) & (1 << (7 - (i % 8)))) !== 0,
  );
  const move = { members: readPlaces(members!), ring: ring as RingVersion, moved };
  return changes === undefined ? move : { ...move, replicas: readReplicas(changes) };
}

function readRecoveries(row: Plain): { readonly from: number; readonly name: number }[] {
  if (!Array.isArray(row) || row.length % 2 !== 0) throw new Error('not recoveries');
  return Array.from({ length: row.length / 2 }, (_, i) => {
    return { from: Number(row[2 * i]), name: Number(row[2 * i + 1]) };
  });
}

function readPlaces(rows: Plain): Place[] {
  if (!Array.isArray(rows)) throw new Error('not members');
  return rows.map((row) => {
    if (!Array.isArray(row) || row.length !== 5) throw new Error('not a place');
    const [id, name, host, zone, weight] = row;
    return {
      id: readIds(id!)[0]!,
      name: String(name),
      host: String(host),
      zone: String(zone),
      weight: Number(weight),
    };
  });
}

function readIds(bytes: Plain): string[] {
  if (!Buffer.isBuffer(bytes) || bytes.length % idBytes !== 0) throw new Error('not ids of nodes');
  return Array.from({ length: bytes.length / idBytes }, (_, i) =>
    bytes.toString('hex', i * idBytes, (i + 1) * idBytes),
  );
}
