/**
 * Node ids side by side, 8 bytes each, ascending; and other rows of bytes that are all of one
 * length.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import { asBuffer } from './as-buffer.js';
import { isBin } from './columns.js';
import type { WireValue } from './message-pack.js';

export const nodeIdBytes = 8;

export function encodeNodeIds(ids: readonly NodeId[]): Buffer {
  return Buffer.from(ids.join(''), 'hex');
}

/** Throws `MalformedError` unless they ascend. */
export function decodeNodeIds(value: WireValue | undefined): NodeId[] {
  const bytes = rowsOfBytes(value, nodeIdBytes);
  const ids: NodeId[] = [];
  for (let at = 0; at < bytes.length; at += nodeIdBytes) {
    const id = bytes.toString('hex', at, at + nodeIdBytes);
    if (id <= (ids.at(-1) ?? '')) throw new MalformedError('node ids do not ascend');
    ids.push(id);
  }
  return ids;
}

/**
 * A row a member. Throws `MalformedError` on other lengths, and on more rows than there can be
 * members.
 */
export function rowsOfBytes(value: WireValue | undefined, length: number): Buffer {
  if (value === undefined || !isBin(value)) throw new MalformedError('not rows of bytes');
  if (value.length % length !== 0 || value.length / length > limits.membersMax)
    throw new MalformedError('rows of bytes of a wrong length');
  return asBuffer(value);
}
