/**
 * Somebody else, while an example goes on. Puts keys that it has to tell of, called `heard`, below
 * the prefix that is watched where there is one. Of a resolver: has a conflict that it has to
 * resolve.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { QuorateClient } from '../../../src/index.js';
import type { Program } from './program.js';

/** An array in JSON: what the codec of an example's bucket can read, whichever it is. */
const value = '["heard"]';
const betweenMs = 100;

/** Resolves to whether the program told of it before it ended. */
export async function isToldOf(
  client: QuorateClient,
  text: string,
  program: Program,
): Promise<boolean> {
  const told = program.says(/\bheard\b/);
  for (;;) {
    for (const [bucket, key] of keysToPut(text)) await client.bucket(bucket).put(key, value);
    const isTold = await Promise.race([told, sleep(betweenMs)]);
    if (isTold !== undefined) return isTold;
  }
}

/** The bucket whose conflicts a text resolves for others. */
export function bucketResolvedIn(text: string): string | undefined {
  return /\bkv\.resolve\.([\w-]+)/.exec(text)?.[1];
}

/** Resolves to whether it resolved a conflict before it ended. */
export async function isResolver(
  client: QuorateClient,
  bucket: string,
  program: Program,
): Promise<boolean> {
  const asked = client.bucket(bucket, { resolve: 'service' });
  for (const value of ['one', 'other']) await asked.put('heard', value, { context: '-' });
  const ended = program.ended.then(() => true);
  for (let isOver = false; !isOver; isOver = await Promise.race([ended, sleep(betweenMs, false)])) {
    const entry = await asked.get('heard');
    if (entry?.conflict !== undefined) return true;
  }
  return false;
}

/** In each bucket that the text names, for each prefix of keys it names. */
export function keysToPut(text: string): [bucket: string, key: string][] {
  const named = text.matchAll(
    /\bquorate watch ([\w-]+)|\bkv\.(?:watch|changed)\.([\w-]+)|\bbucket\(\s*['"]([\w-]+)/g,
  );
  const buckets = new Set(Array.from(named, ([, a, b, c]) => a ?? b ?? c!));
  const prefixes = Array.from(text.matchAll(/['"]([\w.-]+)\.>['"]/g), ([, prefix]) => prefix!);
  const keys = ['heard', ...prefixes.map((prefix) => `${prefix}.heard`)];
  return [...buckets].flatMap((bucket) => keys.map((key): [string, string] => [bucket, key]));
}
