/**
 * Actors: (node id, epoch) as 14 bytes in a latin1 string. Epochs come from `src/store` (leased
 * from disk).
 */
import type { Actor } from './versions.js';

/** 64 random bits as 16 hex digits; kept with the data. */
export type NodeId = string;

const nodeIdPattern = /^[0-9a-f]{16}$/;

/** What the network calls a node becomes part of subjects: nothing else may get into them. */
export function isNodeId(text: string): text is NodeId {
  return nodeIdPattern.test(text);
}

export const actorBytes = 14;
const epochBytes = 6;

export function actorOf(node: NodeId, epoch: number): Actor {
  return actorsOf(node)(epoch);
}

/** As `actorOf`, for many epochs of one node. */
export function actorsOf(node: NodeId): (epoch: number) => Actor {
  const bytes = Buffer.alloc(actorBytes);
  bytes.write(node, 'hex');
  return (epoch) => {
    bytes.writeUIntBE(epoch, actorBytes - epochBytes, epochBytes);
    return bytes.toString('latin1');
  };
}

export function nodeOf(actor: Actor): NodeId {
  return Buffer.from(actor, 'latin1').toString('hex', 0, actorBytes - epochBytes);
}

export function epochOf(actor: Actor): number {
  return Buffer.from(actor, 'latin1').readUIntBE(actorBytes - epochBytes, epochBytes);
}
