/**
 * Keys of a bucket as a program goes through them: page by page, several parts of the bucket side
 * by side, each with one page that waits to be taken and no more.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { MalformedError, type QuorateError } from '../errors.js';
import { bytesOfJson, jsonOfBytes, type KeysPage } from '../wire/keys-document.js';
import { headerNames } from '../wire/subjects.js';
import { keyOf, quorumOf, timeoutMsOf } from './bucket-options.js';
import type { Key } from './bucket-requests.js';
import type { Question } from './questions.js';

export interface ListingOptions {
  /** Only keys that begin so; all unless told. */
  readonly prefix?: Key | undefined;
  /** Nodes that must answer for each part of the bucket; its R unless told. */
  readonly r?: number | undefined;
  /** Only primaries count. */
  readonly strict?: boolean | undefined;
  /** Of each page with all its retries, ms; the client's unless told. */
  readonly timeoutMs?: number | undefined;
  /** Keys of a page at most, as many as fit a message unless told. */
  readonly pageKeys?: number | undefined;
}

export interface ListingTerms {
  readonly subject: string;
  readonly prefix: ByteString;
  readonly quorum: number;
  readonly strict: boolean;
  readonly timeoutMs: number;
  readonly pageKeys: number | undefined;
}

export interface ListedBucket {
  readonly subject: string;
  readonly r: number | undefined;
  readonly strict: boolean | undefined;
  readonly timeoutMs: number;
}

/** `usual`: of the bucket, where the listing says nothing. Throws `MalformedError`. */
export function listingTermsOf(
  { prefix, r, strict, timeoutMs, pageKeys }: ListingOptions,
  usual: ListedBucket,
): ListingTerms {
  if (pageKeys !== undefined && !(Number.isSafeInteger(pageKeys) && pageKeys >= 1))
    throw new MalformedError('pageKeys is a whole number from 1');
  return {
    subject: usual.subject,
    prefix: prefix === undefined || prefix.length === 0 ? '' : keyOf(prefix),
    quorum: quorumOf(r ?? usual.r, 'r'),
    strict: strict ?? usual.strict ?? false,
    timeoutMs: timeoutMsOf(timeoutMs ?? usual.timeoutMs),
    pageKeys,
  };
}

export type Ask = (question: Question) => void;

/** What a page of one part of the bucket holds, and what comes behind it. */
interface Part<Page> {
  readonly slice: readonly [i: number, n: number];
  cursor: string | undefined;
  /** Came and was not taken. */
  page: Page | undefined;
  isOver: boolean;
  isAsked: boolean;
}

/** Pages of all parts, as they come. */
export class Pages<Page> implements AsyncIterableIterator<Page> {
  private readonly parts: Part<Page>[];
  private waiting: ((result: IteratorResult<Page>) => void)[] = [];
  private refused: ((error: QuorateError) => void)[] = [];
  private failure: QuorateError | undefined;
  private hasEnded = false;

  constructor(
    private readonly ask: Ask,
    private readonly terms: ListingTerms,
    private readonly wanted: {
      readonly what: 'keys' | 'count';
      /** Throws `MalformedError`. */
      readonly pageOf: (answer: Readonly<Record<string, unknown>>) => Page;
    },
  ) {
    const n = clientLimits.listingParts;
    this.parts = Array.from({ length: n }, (_, i) => {
      return { slice: [i, n], cursor: undefined, page: undefined, isOver: false, isAsked: false };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Page>> {
    this.fetch();
    const part = this.parts.find(({ page }) => page !== undefined);
    if (part !== undefined && !this.hasEnded)
      return Promise.resolve({ done: false, value: this.taken(part) });
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      this.refused.push(reject);
    });
  }

  /** What `break` in a loop calls. */
  return(): Promise<IteratorResult<Page>> {
    this.hasEnded = true;
    this.settle();
    return Promise.resolve({ done: true, value: undefined });
  }

  private get isOver(): boolean {
    return this.hasEnded || this.parts.every(({ isOver, page }) => isOver && page === undefined);
  }

  private taken(part: Part<Page>): Page {
    const { page } = part;
    part.page = undefined;
    this.fetch();
    return page!;
  }

  private fetch(): void {
    if (this.hasEnded || this.failure !== undefined) return;
    for (const part of this.parts)
      if (!part.isOver && !part.isAsked && part.page === undefined) this.fetchPart(part);
  }

  private fetchPart(part: Part<Page>): void {
    const { subject, prefix, quorum, strict, timeoutMs, pageKeys } = this.terms;
    const { slice, cursor } = part;
    const { what } = this.wanted;
    part.isAsked = true;
    const question = {
      slice,
      ...(prefix !== '' && { prefix: jsonOfBytes(prefix) }),
      ...(cursor !== undefined && { cursor }),
      ...(pageKeys !== undefined && { limit: pageKeys }),
      ...(what === 'count' && { count: true }),
    };
    this.ask({
      subject,
      payload: Buffer.from(JSON.stringify(question)),
      headers: {
        ...(quorum !== 0 && { [headerNames.r]: String(quorum) }),
        ...(strict && { [headerNames.quorum]: 'strict' }),
      },
      timeoutMs,
      read: (bytes) => this.take(part, answerOf(bytes)),
      onFailure: (error) => {
        this.failure ??= error;
        this.settle();
      },
    });
  }

  private take(part: Part<Page>, answer: Readonly<Record<string, unknown>>): void {
    const { cursor } = answer;
    if (cursor !== undefined && typeof cursor !== 'string') throw notAPage();
    const page = this.wanted.pageOf(answer);
    part.isAsked = false;
    part.isOver = cursor === undefined;
    part.cursor = cursor;
    part.page = page;
    this.settle();
  }

  /** Who waits is given what there is. */
  private settle(): void {
    while (this.waiting.length > 0) {
      const part = this.hasEnded ? undefined : this.parts.find(({ page }) => page !== undefined);
      const isOver = this.isOver;
      if (part === undefined && this.failure === undefined && !isOver) return;
      const [resolve, reject] = [this.waiting.shift()!, this.refused.shift()!];
      if (part !== undefined) resolve({ done: false, value: this.taken(part) });
      else if (this.failure !== undefined) reject(this.failure);
      else resolve({ done: true, value: undefined });
    }
  }
}

/** `for await (const key of bucket.keys())`; text where a key is UTF-8, else its bytes. */
export class KeyListing implements AsyncIterableIterator<Key> {
  private readonly source: Pages<readonly Key[]>;
  private page: readonly Key[] = [];
  private at = 0;

  /** @internal */
  constructor(ask: Ask, terms: ListingTerms) {
    this.source = new Pages(ask, terms, { what: 'keys', pageOf: keysOfPage });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Key>> {
    const { page } = this;
    if (this.at < page.length) return Promise.resolve({ done: false, value: page[this.at++]! });
    return this.nextOfPage();
  }

  return(): Promise<IteratorResult<Key>> {
    this.page = [];
    return this.source.return() as Promise<IteratorResult<never>>;
  }

  /** The same many at a time: as they come, without a promise a key. */
  pages(): AsyncIterableIterator<readonly Key[]> {
    return this.source;
  }

  /** All of them, in no order; for as many as memory takes. */
  async all(): Promise<Key[]> {
    const keys: Key[] = [];
    for await (const page of this.source) for (const key of page) keys.push(key);
    return keys;
  }

  private async nextOfPage(): Promise<IteratorResult<Key>> {
    for (;;) {
      const next = await this.source.next();
      if (next.done === true) return { done: true, value: undefined };
      const [first] = next.value;
      if (first === undefined) continue;
      this.page = next.value;
      this.at = 1;
      return { done: false, value: first };
    }
  }
}

export async function countKeys(ask: Ask, terms: ListingTerms): Promise<number> {
  let count = 0;
  const pages = new Pages(ask, terms, { what: 'count', pageOf: countOfPage });
  for await (const counted of pages) count += counted;
  return count;
}

function answerOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  } catch {
    answer = undefined;
  }
  if (typeof answer !== 'object' || answer === null) throw notAPage();
  return answer as Readonly<Record<string, unknown>>;
}

function keysOfPage({ keys }: Partial<Readonly<Record<keyof KeysPage, unknown>>>): readonly Key[] {
  if (!Array.isArray(keys)) throw notAPage();
  // Most are text, and stay where they are.
  if (keys.every((key) => typeof key === 'string')) return keys;
  return (keys as readonly unknown[]).map((key) =>
    typeof key === 'string' ? key : Buffer.from(bytesOfJson(key, 'a key'), 'latin1'),
  );
}

function countOfPage({ count }: Readonly<Record<string, unknown>>): number {
  if (!Number.isSafeInteger(count)) throw notAPage();
  return count as number;
}

function notAPage(): MalformedError {
  return new MalformedError('not a page of keys');
}
