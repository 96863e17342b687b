/**
 * What nodes say to each other, without the ids of requests under the glass: the same bytes as if
 * nobody looked. Lines of the trace are made of these, so that a run that is watched has the trace
 * of the one that is not.
 */
import { encode } from '../../../src/wire/message-pack.js';
import { type Plain, readMessagePack } from '../oracle/message-reader.js';

/** By verb, how many parts a message has at most and at least where nothing of it is traced. */
const plainParts: Readonly<Record<string, readonly [most: number, least: number]>> = {
  merge: [5, 5],
  read: [6, 4],
  forward: [16, 15],
};

export function withoutTraces(subject: string, payload: Buffer): Buffer {
  if (!subject.startsWith('_')) return payload;
  const verb = subject.slice(subject.lastIndexOf('.') + 1);
  if (!Object.hasOwn(plainParts, verb)) return payload;
  const message = readMessagePack(payload) as Plain[];
  const traced = partsIn(verb, message);
  const plain = plainOf(verb, traced);
  if (plain === traced) return payload;
  const body = verb === 'forward' ? [plain] : plain;
  return encode([...message.slice(0, 3), body]);
}

/** Of what was read already, by its verb; empty: of none. */
export function tracesIn(verb: string, message: readonly Plain[]): readonly string[] {
  if (!Object.hasOwn(plainParts, verb)) return [];
  const parts = partsIn(verb, message);
  const traces = parts[plainParts[verb]![0]];
  return Array.isArray(traces) ? traces.filter((id) => typeof id === 'string') : [];
}

/** A forward has the columns of a frame, the others their own. */
function partsIn(verb: string, message: readonly Plain[]): Plain[] {
  const body = message[3] as Plain[];
  return verb === 'forward' ? (body[0] as Plain[]) : body;
}

/** The list itself where nothing is to go. Nil stands for what goes where others follow it. */
function plainOf(verb: string, parts: Plain[]): Plain[] {
  const [most, least] = plainParts[verb]!;
  if (parts.length <= most || parts[most] === null) return parts;
  const plain = [...parts];
  plain[most] = null;
  while (plain.length > least && plain.at(-1) === null) plain.pop();
  return plain;
}
