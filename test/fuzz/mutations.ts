/**
 * From a valid message to one that is nearly valid: by its subject, headers, bytes, MessagePack, or
 * the key states inside of it.
 */
import { MalformedError } from '../../src/errors.js';
import { decode, encode, type WireValue } from '../../src/wire/message-pack.js';
import { actorBytes } from '../../actors/rules/actor.js';
import type { SimRandom } from '../simulation/core/sim-random.js';
import type { Message } from './corpus.js';

/** Headers as the bytes of the protocol, because no library would send most of them. */
export interface RawMessage {
  readonly subject: string;
  readonly reply: string;
  /** Undefined: none; else with the version line and the empty line behind. */
  readonly headers: Buffer | undefined;
  readonly payload: Buffer;
}

const payloadBytesMax = 900 * 1024;

export function mutated(message: Message, random: SimRandom): RawMessage {
  const { subject } = message;
  const reply = replyOf(message, random);
  const headers = headersOf(message, random);
  const payload = payloadOf(message.payload, random).subarray(0, payloadBytesMax);
  const isSubject = random.below(12) === 0;
  return { subject: isSubject ? oddSubject(subject, random) : subject, reply, headers, payload };
}

/**
 * What the server has written for an application's own inbox is its own again; a node answers
 * nothing else.
 */
function replyOf({ reply }: Message, random: SimRandom): string {
  if (!reply.startsWith('_R_') && !reply.startsWith('_INBOX')) return reply;
  return random.below(30) === 0 ? '' : '_INBOX.fuzz.replies';
}

function oddSubject(subject: string, random: SimRandom): string {
  const tokens = subject.split('.');
  const at = random.below(tokens.length);
  const odd = random.pick([
    'x',
    '-1',
    '65536',
    '99999999999',
    'ä',
    '\u0001',
    'a'.repeat(300),
    '0x10',
    '__proto__',
    'constructor',
    'toString',
  ]);
  const how = random.below(3);
  if (how === 0) tokens.splice(at, 0, odd);
  else if (how === 1) tokens.splice(at, 1);
  else tokens[at] = odd;
  // The first tokens decide who gets it.
  return [...subject.split('.').slice(0, 1), ...tokens.slice(1)]
    .filter((token) => token !== '')
    .join('.');
}

const known = [
  'Kv-R',
  'Kv-W',
  'Kv-Quorum',
  'Kv-Context',
  'Kv-TTL',
  'Kv-Timeout',
  'Kv-Op',
  'Kv-Accept',
  'Kv-Age',
  'Kv-Deadline',
  'Kv-Trace',
];
const oddNames = [
  'a b',
  'größe',
  'x ',
  ' x',
  '',
  'x\rb',
  'x\nb',
  '\u0000',
  'Kv-Op ',
  'kv-op',
  'KV-CONTEXT',
  '__proto__',
  'constructor',
  ':',
  'a'.repeat(5_000),
];
const oddValues = [
  '',
  ' ',
  '-',
  '0',
  '-1',
  '1e9',
  '99999999999999999999',
  'NaN',
  '\r',
  'a\rb',
  '\u0000',
  'ä',
  'json',
  'strict',
  'sloppy ',
  'x'.repeat(20_000),
  '%00',
  '__proto__',
];

function headersOf({ headers }: Message, random: SimRandom): Buffer | undefined {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  const changes = random.below(4);
  for (let i = 0; i < changes; i++) lines.push(oddHeader(random));
  if (random.below(200) === 0)
    for (let i = 0; i < random.pick([65, 1_000, 20_000]); i++) lines.push(`h${i}: v`);
  if (lines.length === 0) return undefined;
  const version =
    random.below(40) === 0
      ? random.pick(['NATS/1.0 503', 'NATS/1.0 x y', 'NATS/2.0', 'NATS/1.0 200 ok'])
      : 'NATS/1.0';
  const end = random.below(60) === 0 ? '\r\n' : '\r\n\r\n';
  const block = Buffer.from(`${version}\r\n${random.shuffled(lines).join('\r\n')}${end}`);
  return random.below(20) === 0 ? flipped(block, random, 10) : block;
}

function oddHeader(random: SimRandom): string {
  const name = random.below(4) === 0 ? random.pick(oddNames) : random.pick(known);
  const separator = random.pick([': ', ':', ' : ', ':\t', '']);
  if (name === 'Kv-Context' && random.below(2) === 0)
    return `${name}${separator}${forgedContext(random).toString('base64url')}`;
  return `${name}${separator}${random.pick(oddValues)}`;
}

/**
 * Entries as an encoded context has them: a count, actors of node ids that may be here, counters.
 */
function forgedContext(random: SimRandom): Buffer {
  const entries = random.pick([0, 1, 2, 3, 33, 255, 256, 257, 5_000]);
  const bytes = Buffer.alloc(2 + entries * (actorBytes + 4));
  bytes.writeUInt16BE(random.below(20) === 0 ? random.below(65_536) : entries, 0);
  for (let i = 0; i < entries; i++) {
    const at = 2 + i * (actorBytes + 4);
    if (random.below(3) === 0) random.bytes(actorBytes).copy(bytes, at);
    else bytes.writeUInt32BE(i, at + actorBytes - 4);
    bytes.writeUInt32BE(random.pick([0, 1, 2, 199, 0xffef_ffff, 0xffff_ffff]), at + actorBytes);
  }
  return bytes;
}

function payloadOf(payload: Buffer, random: SimRandom): Buffer {
  switch (random.below(8)) {
    case 0:
      return payload;
    case 1:
      return flipped(payload, random, 1 + random.below(8));
    case 2:
      return payload.subarray(0, random.below(payload.length + 1));
    case 3:
      return Buffer.concat([payload, random.bytes(random.pick([1, 16, 1_000]))]);
    default:
      return packed(payload, random);
  }
}

function flipped(bytes: Buffer, random: SimRandom, times: number): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < times && copy.length > 0; i++)
    copy[random.below(copy.length)] = random.below(256);
  return copy;
}

/** As MessagePack, if it is some: a part or a few are replaced. */
function packed(payload: Buffer, random: SimRandom): Buffer {
  try {
    let value = decode(payload);
    for (let i = 1 + random.below(3); i > 0; i--) value = changed(value, random, 0);
    return encode(value);
  } catch (error) {
    if (!(
      error instanceof MalformedError ||
      error instanceof RangeError ||
      error instanceof TypeError
    ))
      throw error;
    return flipped(payload, random, 4);
  }
}

function changed(value: WireValue, random: SimRandom, depth: number): WireValue {
  if (Array.isArray(value) && value.length > 0 && random.below(6) !== 0) {
    const list = [...(value as WireValue[])];
    const at = random.below(list.length);
    const what = random.below(12);
    if (what === 0) list.splice(at, 1);
    else if (what === 1) list.splice(at, 0, list[at]!);
    else if (what === 2) list.push(odd(random));
    else if (what === 3 && depth < 3)
      list.splice(at, 0, ...Array.from({ length: 600 }, () => list[at]!));
    else list[at] = changed(list[at]!, random, depth + 1);
    return list;
  }
  if (value instanceof Uint8Array && random.below(4) !== 0)
    return oddBytes(Buffer.from(value), random);
  if (typeof value === 'number' && random.below(3) === 0)
    return value + random.pick([-1, 1, 256, -256]);
  return odd(random);
}

function oddBytes(bytes: Buffer, random: SimRandom): Buffer {
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length + 1));
    case 1:
      return Buffer.concat([bytes, bytes]);
    case 2:
      return forgedContext(random);
    // Counts and lengths of a batch are four bytes, big-endian; this is where they are likely to
    // lie.
    case 3: {
      const copy = Buffer.from(bytes);
      if (copy.length >= 4)
        copy.writeUInt32BE(
          random.pick([0, 1, 0xffff, 0x7fff_ffff, 0xffff_ffff]),
          random.below(copy.length - 3),
        );
      return copy;
    }
    default:
      return flipped(bytes, random, 1 + random.below(6));
  }
}

function odd(random: SimRandom): WireValue {
  const numbers = [
    0,
    -1,
    1,
    0.5,
    255,
    65_536,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    1e308,
    Number.NaN,
    Infinity,
  ];
  const texts = [
    '',
    'x',
    'ä',
    '\u0000',
    'a.b',
    '*',
    '>',
    'a b',
    'a\r\nb',
    '__proto__',
    'x'.repeat(70_000),
    'ffffffffffffffff',
  ];
  switch (random.below(8)) {
    case 0:
    case 1:
      return random.pick(numbers);
    case 2:
    case 3:
      return random.pick(texts);
    case 4:
      return random.bytes(random.pick([0, 1, 8, 16, 5_000]));
    case 5:
      return random.pick([null, true, false]);
    case 6:
      return nested(random.pick([1, 5, 9, 200]));
    default:
      return Array.from({ length: random.pick([0, 1, 513, 20_000]) }, () => 0);
  }
}

function nested(depth: number): WireValue {
  let value: WireValue = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
