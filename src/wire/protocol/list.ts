/**
 * The verb `list`: which keys of a bucket a node holds in parts of some partitions. Who holds the
 * same as the asker there says so, and lists nothing.
 */
import type { ByteString } from '../../../actors/rules/key.js';
import { limits } from '../../../actors/rules/limits.js';
import { listingLimits } from '../../../actors/rules/limits/listing.js';
import type { SideRead } from '../../../actors/rules/placement.js';
import type { SaidConfiguration } from '../../../actors/rules/said-configuration.js';
import type { Digest } from '../../../actors/rules/versions.js';
import { MalformedError } from '../../errors.js';
import { isBin, isInt, isIntOrNull, isList, isSide } from '../columns.js';
import { digestBytes } from '../digest-codec.js';
import { decodeDigests, encodeDigests } from '../digests.js';
import { listedColumns, listedOf, type ListedKeys } from '../listed-keys.js';
import { latin1Of } from '../text.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, binOf, onlyOf, type Answer, type Request } from './bodies.js';

/** Keys of one partition. */
export interface Span {
  readonly partition: number;
  /** Exclusive; '': from the first one on. */
  readonly after: ByteString;
  /** Inclusive; undefined: to the last one. */
  readonly upTo: ByteString | undefined;
}

export interface AskedSpan extends Span {
  /**
   * Of the partition's hash tree at the asker, when it listed the span; undefined: it did not, or
   * none fits.
   */
  readonly root: Digest | undefined;
}

export interface ListQuestion {
  readonly remainingMs: number;
  /** By which the answer counts for a quorum. */
  readonly configuration: SaidConfiguration;
  /** Which of the two sides of a move is read, of all the partitions. */
  readonly side: SideRead | undefined;
  readonly bucket: ByteString;
  /** '': all keys. */
  readonly prefix: ByteString;
  readonly spans: readonly AskedSpan[];
}

/** `same`: as the asker. Spans that are missing at the end were not looked at. */
export type ListedSpan = ListedKeys | 'same';

const parts = 6;

export function listBody(question: ListQuestion): Request<'list'> {
  const { remainingMs, configuration, side = null, bucket, prefix, spans } = question;
  return asRequest([
    remainingMs,
    configuration,
    side,
    Buffer.from(bucket, 'latin1'),
    Buffer.from(prefix, 'latin1'),
    spans.map(spanColumns),
  ]);
}

function spanColumns({ partition, after, upTo, root }: AskedSpan): WireValue {
  return [
    partition,
    Buffer.from(after, 'latin1'),
    upTo === undefined ? null : Buffer.from(upTo, 'latin1'),
    root === undefined ? null : encodeDigests([root]),
  ];
}

/** `partitions`: how many there are. */
export function listOf(body: readonly WireValue[], partitions: number): ListQuestion {
  const [remainingMs, configuration, side, bucket, prefix, spans] = body;
  if (
    body.length !== parts ||
    typeof remainingMs !== 'number' ||
    !isIntOrNull(configuration) ||
    !(side === null || isSide(side)) ||
    !isList(spans!) ||
    spans.length === 0 ||
    spans.length > partitions
  )
    throw new MalformedError('a list is [remainingMs, configuration, side, bucket, prefix, spans]');
  return {
    remainingMs,
    configuration,
    side: side ?? undefined,
    bucket: nameOf(bucket, limits.bucketBytesMax),
    prefix: nameOf(prefix, limits.keyBytesMax),
    spans: spans.map((span) => spanOf(span, partitions)),
  };
}

function spanOf(span: WireValue, partitions: number): AskedSpan {
  if (!isList(span) || span.length !== 4) throw new MalformedError('no span of keys');
  const [partition, after, upTo, root] = span;
  if (!isInt(partition) || partition >= partitions) throw new MalformedError('no such partition');
  return {
    partition,
    after: nameOf(after, limits.keyBytesMax),
    upTo: upTo === null ? undefined : nameOf(upTo, limits.keyBytesMax),
    root: root === null ? undefined : digestOf(root),
  };
}

function nameOf(value: WireValue | undefined, bytesMax: number): ByteString {
  if (!isBin(value) || value.length > bytesMax) throw new MalformedError('a name expected');
  return latin1Of(value);
}

function digestOf(value: WireValue | undefined): Digest {
  const bytes = binOf(value);
  if (bytes.length !== digestBytes) throw new MalformedError('a digest expected');
  return decodeDigests(bytes)[0]!;
}

export function listedBody(spans: readonly ListedSpan[]): Answer<'list'> {
  return asAnswer([spans.map((span) => (span === 'same' ? null : listedColumns(span)))]);
}

/** Of as many spans as were asked for, or fewer. */
export function listedSpansOf(
  body: readonly WireValue[],
  asked: readonly AskedSpan[],
): readonly ListedSpan[] {
  const spans = onlyOf(body);
  // Whoever looks at nothing at all would be asked again and again.
  if (!isList(spans) || spans.length === 0 || spans.length > asked.length)
    throw new MalformedError('a list for each span expected');
  return spans.map((span, i) => {
    if (span !== null) return within(listedOf(span), asked[i]!);
    if (asked[i]!.root === undefined) throw new MalformedError('the same as nothing');
    return 'same';
  });
}

/** What was not asked for would hide what lies beyond. */
function within(listed: ListedKeys, { after, upTo }: Span): ListedKeys {
  const { keys } = listed;
  if (keys.length > listingLimits.stepKeysMax)
    throw new MalformedError('more keys than fit a list');
  if (keys.length === 0 && !listed.isWhole) throw new MalformedError('a list that goes nowhere');
  const isBeyond = upTo !== undefined && keys.length > 0 && keys.at(-1)! > upTo;
  if (isBeyond || (keys.length > 0 && keys[0]! <= after))
    throw new MalformedError('keys beyond what was asked for');
  return listed;
}
