/** What a bucket needs of its client, and one request through it. */
import type { ByteString } from '../../actors/rules/key.js';
import type { Clock } from '../seams/clock.js';
import type { Replicas } from './crdt/replicas.js';
import type { PlainQuestion } from './plain-ask.js';
import type { Question } from './questions.js';
import { Request, type RequestOptions, type RequestResult, type Terms } from './request.js';
import type { BucketWatch, WatchOptions } from './bucket-watch.js';
import type { ValueCodec } from './value-codec.js';
import type { Watch } from './watch.js';

export interface BucketClient {
  readonly prefix: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  intern(terms: Omit<Terms, 'id'>): Terms;
  nextOperation(): ByteString;
  submit(request: Request): void;
  /** Of values that merge by themselves. */
  readonly replicas: Replicas;
  /** Whether the cluster says so of the bucket. */
  isResolvedByService(bucket: string): boolean;
  /** As a plain client does. */
  ask<T>(question: PlainQuestion<T>): Promise<T>;
  /** Of whichever node answers, again and again until its time is over. */
  readonly askAny: (question: Question) => void;
  /** Where keys of the bucket are listed. */
  keysSubject(bucket: string): string;
  watch(bucket: string, pattern: string): Watch;
  follow<Out>(
    bucket: string,
    codec: ValueCodec<Out, never>,
    options: WatchOptions,
  ): BucketWatch<Out>;
}

export type Answer = Extract<RequestResult, { readonly ok: true }>;

/** For what comes one by one: requests by the thousand do without a promise of their own. */
export function answerTo(
  client: BucketClient,
  options: Omit<RequestOptions, 'onResult'>,
  { coordinated = false }: { readonly coordinated?: boolean } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new Request({
      ...options,
      onResult: (result) => {
        if (result.ok) resolve(result);
        else reject(result.error);
      },
    });
    if (coordinated) request.coordinate();
    client.submit(request);
  });
}
