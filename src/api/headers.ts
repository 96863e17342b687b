/**
 * Headers of requests and replies. What can't be understood is refused with a text that names the
 * header.
 */
import { conditions, type OnlyIf } from '../../actors/rules/condition.js';
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { quorumFor } from '../../actors/rules/quorum.js';
import { nothingSeen, type SeenContext } from '../../actors/rules/versions.js';
import type { BucketTerms } from '../buckets/buckets.js';
import type { GetReply, PutReply } from '../coordinator/coordinator.js';
import { MalformedError, type Outcome, type QuorateError, TooLargeError } from '../errors.js';
import { isTraceId, type TraceId } from '../insight/notes.js';
import type { BusMessage } from '../seams/bus.js';
import { decodeSeen } from '../wire/key-state-codec.js';
import { receiptText } from '../wire/receipt.js';
import { headerNames } from '../wire/subjects.js';
import { byteStringOf } from '../wire/text.js';

type Headers = Pick<BusMessage, 'header'>;
type Quorums = Pick<BucketTerms, 'quorumMax' | 'r' | 'w'>;

/** What the headers of a get say. */
export interface GetDemands {
  readonly quorum: number;
  readonly strict: boolean;
  readonly timeoutMs: number;
}

/** What the headers of a put say. */
export interface PutDemands extends GetDemands {
  readonly context: SeenContext | undefined;
  /** Undefined: on none. */
  readonly onlyIf: OnlyIf | undefined;
  readonly ttlMs: number;
  readonly operation: ByteString;
  /** Wall clock of the author; Infinity: it names none. */
  readonly untilWallMs: number;
  /** Since its author first asked, for a put that is tried again; 0: it says nothing of that. */
  readonly ageMs: number;
}

/** Throws `MalformedError`. */
export function getDemands(message: Headers, bucket: Quorums): GetDemands {
  return commonDemands(message, headerNames.r, {
    n: bucket.quorumMax,
    usual: bucket.r,
  });
}

/** Throws `MalformedError`. */
export function putDemands(message: Headers, bucket: Quorums): PutDemands {
  const { quorum, strict, timeoutMs } = commonDemands(message, headerNames.w, {
    n: bucket.quorumMax,
    usual: bucket.w,
  });
  const operation = byteStringOf(message.header(headerNames.operation) ?? '');
  if (operation.length > limits.operationIdBytesMax)
    throw new MalformedError(
      `${headerNames.operation} has at most ${limits.operationIdBytesMax} bytes`,
    );
  const ageMs = integer(message, headerNames.age, { least: 1, most: limits.putAgeMsMax, usual: 0 });
  if (ageMs > 0 && operation === '')
    throw new MalformedError(
      `${headerNames.age} goes with ${headerNames.operation}, which tells what is tried again`,
    );
  return {
    quorum,
    strict,
    timeoutMs,
    context: contextOf(message.header(headerNames.context)),
    onlyIf: conditionOf(message, bucket.quorumMax),
    ttlMs: ttlOf(message),
    operation,
    untilWallMs: integer(message, headerNames.deadline, {
      least: 0,
      most: limits.wallMsMax,
      usual: Infinity,
    }),
    ageMs,
  };
}

/**
 * Whether a request is to be put under the glass: as which trace, if its author names one.
 * Throws `MalformedError`.
 */
export function traceDemand(text: string): TraceId | undefined {
  if (text === wantsTrace) return undefined;
  if (isTraceId(text)) return text;
  throw new MalformedError(
    `${headerNames.trace} is ${wantsTrace}, or the id of a trace: 16 hexadecimal digits`,
  );
}

const wantsTrace = '1';

function commonDemands(
  message: Headers,
  quorumName: string,
  bucket: { readonly n: number; readonly usual: number },
): GetDemands {
  const how = message.header(headerNames.quorum);
  if (how !== undefined && how !== 'strict' && how !== 'sloppy')
    throw new MalformedError(`${headerNames.quorum} is strict or sloppy`);
  const { n, usual } = bucket;
  const strict = how === 'strict';
  return {
    quorum: quorumFor(integer(message, quorumName, { least: 1, most: n, usual }), usual, strict),
    strict,
    timeoutMs: integer(message, headerNames.timeout, {
      least: 1,
      most: limits.requestTimeoutMsMax,
      usual: limits.requestTimeoutMsDefault,
    }),
  };
}

function integer(
  message: Headers,
  name: string,
  range: { readonly least: number; readonly most: number; readonly usual: number },
): number {
  const text = message.header(name);
  if (text === undefined) return range.usual;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.least && value <= range.most))
    throw new MalformedError(`${name} is a number from ${range.least} to ${range.most}`);
  return value;
}

const noTtlText = 'none';

function ttlOf(message: Headers): number {
  if (message.header(headerNames.ttl) === noTtlText) return limits.ttlMsNone;
  return integer(message, headerNames.ttl, { least: 1, most: limits.ttlMsMax, usual: 0 });
}

/** `Kv-R` of a put says with how many nodes its condition is compared. */
function conditionOf(message: Headers, n: number): OnlyIf | undefined {
  const is = message.header(headerNames.onlyIf);
  if (is === undefined) return undefined;
  const known = conditions.find((condition) => condition === is);
  if (known === undefined)
    throw new MalformedError(`${headerNames.onlyIf} is ${conditions.join(' or ')}`);
  return { is: known, r: integer(message, headerNames.r, { least: 1, most: n, usual: 0 }) };
}

const nothingSeenText = '-';

/** As `Kv-Context` says it. Throws `MalformedError`. */
export function contextOf(text: string | undefined): SeenContext | undefined {
  if (text === undefined) return undefined;
  if (text === nothingSeenText) return nothingSeen;
  try {
    if (/^[\w-]+=*$/.test(text)) return decodeSeen(Buffer.from(text, 'base64url'));
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
  }
  throw new MalformedError(`${headerNames.context} is none that a reply has given, nor -`);
}

/** Of an encoded context. */
export function contextText(context: Buffer): string {
  return context.toString('base64url');
}

export type ReplyHeaders = Readonly<Record<string, string>>;

export function putHeaders(reply: Extract<PutReply, { ok: true }>): ReplyHeaders {
  return {
    [headerNames.context]: contextText(reply.context),
    [headerNames.receipt]: receiptText(reply.receipt),
  };
}

export function getHeaders(reply: Extract<GetReply, { ok: true }>): ReplyHeaders {
  const context = contextText(reply.context);
  const receipt = receiptText(reply.receipt);
  const headers = { [headerNames.context]: context, [headerNames.receipt]: receipt };
  if (reply.expiresInMs !== undefined)
    return { ...headers, [headerNames.expires]: String(Math.ceil(reply.expiresInMs)) };
  if (reply.values.length === 1) return headers;
  return { ...headers, [headerNames.siblings]: String(reply.values.length) };
}

/**
 * `write`: its author wants to know whether it may still show. `doubled`: another node may have
 * been given it as well.
 * `context`: of the tombstones behind a 404.
 */
export function errorHeaders(
  error: QuorateError,
  about: {
    readonly write: boolean;
    readonly doubled?: boolean;
    readonly context?: Buffer | undefined;
  },
): ReplyHeaders {
  return {
    [headerNames.errorCode]: String(error.code),
    // A line break would end the header.
    [headerNames.error]: error.message.replaceAll(/[\r\n]+/g, ' '),
    ...(about.write ? { [headerNames.outcome]: outcomeOf(error, about) } : {}),
    ...(about.context === undefined ? {} : { [headerNames.context]: contextText(about.context) }),
  };
}

/** What is malformed, and a value that is too large, every node refuses. */
export function outcomeOf(
  { code, outcome, message }: QuorateError,
  { doubled = false }: { readonly doubled?: boolean },
): Outcome {
  return doubled && code !== 400 && message !== TooLargeError.valueText ? 'unknown' : outcome;
}
