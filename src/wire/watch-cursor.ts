/**
 * Where a watch can go on, as a word that its listener keeps: places at several nodes. Only nodes
 * look into it.
 *
 *   base64url of MessagePack [1, partitions, [[node, life, position, bits | null], …]]
 *
 * `null`: all partitions.
 */
import { isNodeId } from '../../actors/rules/actor.js';
import type { Place } from '../../actors/rules/leads.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { MalformedError } from '../errors.js';
import { isInt, isList, isText } from './columns.js';
import { decode, encode } from './message-pack.js';
import { partitionBits, partitionsOf } from './partition-bits.js';
import type { WireValue } from './wire-value.js';

const version = 1;
const lifePattern = /^[0-9a-f]{16}$/;

/** As many of the places, from the first on, as a cursor takes. */
export function cursorText(places: readonly Place[], partitions: number): string {
  for (let count = places.length; count > 0; count--) {
    const text = encoded(places.slice(0, count), partitions);
    if (text.length <= watchLimits.cursorCharsMax) return text;
  }
  return encoded([], partitions);
}

function encoded(places: readonly Place[], count: number): string {
  const rows = places.map(({ node, life, position, partitions }) => [
    node,
    life,
    position,
    partitions.size === count ? null : partitionBits(partitions, count),
  ]);
  return encode([version, count, rows]).toString('base64url');
}

/** Throws `MalformedError`; also for one of a cluster with other partitions. */
export function cursorOf(text: string, partitions: number): Place[] {
  try {
    if (text.length > watchLimits.cursorCharsMax || !/^[\w-]+$/.test(text))
      throw new MalformedError('not a cursor');
    const value = decode(Buffer.from(text, 'base64url'));
    if (!isList(value) || value.length !== 3 || value[0] !== version || value[1] !== partitions)
      throw new MalformedError('not a cursor of this cluster');
    const rows = value[2];
    if (rows === undefined || !isList(rows)) throw new MalformedError('not a cursor');
    return rows.map((row) => placeOf(row, partitions));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new MalformedError('resumeFrom is no cursor that a watch of this cluster has given');
  }
}

function placeOf(row: WireValue, count: number): Place {
  if (!isList(row) || row.length !== 4) throw new MalformedError('not a place');
  const [node, life, position, bits] = row;
  if (!isText(node) || !isNodeId(node) || !isText(life) || !lifePattern.test(life))
    throw new MalformedError('not a place at a node');
  if (!isInt(position)) throw new MalformedError('not a place among changes');
  const partitions =
    bits === null ? Array.from({ length: count }, (_, at) => at) : partitionsOf(bits, count);
  return { node, life, position, partitions: new Set(partitions) };
}
