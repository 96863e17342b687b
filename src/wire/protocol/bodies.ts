/**
 * What nodes say to each other: the verbs, and the bodies of their requests and answers.
 *
 * Each verb has a file of its name here, and nobody else builds or reads its bodies: types say what
 * they hold, `…Body` builds one, `…Of` reads one and throws `MalformedError` on anything else. Bins
 * that were read are views into the receive buffer: copy what is kept. Times are durations in ms,
 * since clocks differ between nodes.
 *
 * The envelope around bodies, and how answers find their way: `src/bus/peers.ts`.
 */
import { MalformedError } from '../../errors.js';
import { asBuffer } from '../as-buffer.js';
import { isBin } from '../columns.js';
import type { WireValue } from '../wire-value.js';

export type Verb =
  | 'merge'
  | 'read'
  | 'list'
  | 'count'
  | 'tree'
  | 'gossip'
  | 'collection'
  | 'transfer'
  | 'forward'
  | 'chain'
  | 'feed';

declare const request: unique symbol;
declare const answer: unique symbol;

/** Built by the codec of the verb: what others make up does not pass for one. */
export type Request<V extends Verb> = readonly WireValue[] & { readonly [request]: V };
export type Answer<V extends Verb> = readonly WireValue[] & { readonly [answer]: V };

/** For the codecs, and for tests that send what no codec builds. */
export function asRequest<V extends Verb>(body: readonly WireValue[]): Request<V> {
  return body as Request<V>;
}
export function asAnswer<V extends Verb>(body: readonly WireValue[]): Answer<V> {
  return body as Answer<V>;
}

/** The only part of a body. */
export function onlyOf(body: readonly WireValue[]): WireValue {
  if (body.length !== 1) throw new MalformedError('a body of one part expected');
  return body[0]!;
}

export function binOf(value: WireValue | undefined): Buffer {
  if (!isBin(value)) throw new MalformedError('bytes expected');
  return asBuffer(value);
}

/** What was read; undefined when it was none. */
export function understood<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return undefined;
  }
}
