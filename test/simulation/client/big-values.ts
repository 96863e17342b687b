/**
 * Big values as `src/guide/plain-nats.md` tells plain clients to put and get them: parts, a commit
 * and ranges.
 */
import { createHash } from 'node:crypto';
import type { BusMessage } from '../../../src/seams/bus.js';
import { noteUpload, tokenOf } from '../workload/values.js';

export type Ask = (
  request: {
    readonly verb: 'put' | 'get' | 'del';
    readonly payload: Buffer;
    readonly headers: Readonly<Record<string, string>>;
  },
  done: (reply: BusMessage | undefined) => void,
) => void;

export type UploadEnd = 'commit' | 'abandon' | 'giveUp';

const nothing = Buffer.alloc(0);
const partTries = 3;

/**
 * Puts all but the commit. `done` is given the headers of that; undefined: it was not to be, or the
 * parts could not be put, and nothing shows.
 */
export function uploadParts(
  ask: Ask,
  value: Buffer,
  how: { readonly partBytes: number; readonly end: UploadEnd },
  done: (commit: Readonly<Record<string, string>> | undefined) => void,
): void {
  const parts = Math.ceil(value.length / how.partBytes);
  ask({ verb: 'put', payload: nothing, headers: { 'Kv-Upload': 'begin' } }, (begun) => {
    const upload = begun?.header('Kv-Upload');
    if (upload === undefined) return done(undefined);
    noteUpload(Buffer.from(upload, 'base64url').toString('hex'), tokenOf(value));
    let isOver = false;
    let missing = parts;
    const end = (): void => {
      if (how.end === 'commit') {
        const digest = createHash('sha256').update(value).digest('base64url');
        const size = String(value.length);
        const whole = { 'Kv-Size': size, 'Kv-Digest': `SHA-256=${digest}=` };
        return done({ 'Kv-Upload': upload, 'Kv-Commit': String(parts), ...whole });
      }
      if (how.end === 'abandon') return done(undefined);
      const headers = { 'Kv-Upload': upload };
      ask({ verb: 'del', payload: nothing, headers }, () => done(undefined));
    };
    const put = (index: number, tries: number): void => {
      const payload = value.subarray(index * how.partBytes, (index + 1) * how.partBytes);
      const headers = { 'Kv-Upload': upload, 'Kv-Part': String(index) };
      ask({ verb: 'put', payload, headers }, (reply) => {
        if (isOver) return;
        const isDone = reply?.noResponders === false && codeOf(reply) === undefined;
        if (!isDone && tries < partTries) return put(index, tries + 1);
        if (isDone) missing--;
        isOver = !isDone || missing === 0;
        if (!isDone) done(undefined);
        else if (isOver) end();
      });
    };
    for (let index = 0; index < parts; index++) put(index, 1);
  });
}

export interface BigTold {
  readonly size: number;
  readonly digest: string;
}

/** What a reply without a payload says of the big value there is. */
export function bigIn(reply: BusMessage): BigTold | undefined {
  const size = reply.header('Kv-Size');
  if (size === undefined) return undefined;
  return { size: Number(size), digest: reply.header('Kv-Digest')! };
}

/**
 * All bytes of it; undefined where it can't be read now, or is another one by now. Throws when what
 * is shown is not what its digest says.
 */
export function downloadBig(
  ask: Ask,
  big: BigTold & { readonly sibling: number | undefined },
  done: (value: Buffer | undefined) => void,
): void {
  const chunks: Buffer[] = [];
  const next = (at: number): void => {
    if (at >= big.size) return done(whole(Buffer.concat(chunks), big));
    // Two at least, so that ranges end within parts.
    const last = at + Math.max(0, Math.floor(big.size / 2));
    const sibling = big.sibling === undefined ? {} : { 'Kv-Sibling': String(big.sibling) };
    const headers = { 'Kv-Range': `bytes=${at}-${last}`, ...sibling };
    ask({ verb: 'get', payload: nothing, headers }, (reply) => {
      if (reply === undefined || reply.noResponders || codeOf(reply) !== undefined)
        return done(undefined);
      if (reply.header('Kv-Digest') !== big.digest) return done(undefined);
      const chunk = Buffer.from(reply.data);
      chunks.push(chunk);
      const end = at + chunk.length - 1;
      if (reply.header('Kv-Content-Range') !== `bytes ${at}-${end}/${big.size}`)
        throw new Error('another range than was asked for');
      next(end + 1);
    });
  };
  next(0);
}

function whole(value: Buffer, { digest }: BigTold): Buffer {
  const found = `SHA-256=${createHash('sha256').update(value).digest('base64url')}=`;
  if (found !== digest) throw new Error('a big value is not what its digest says');
  return value;
}

function codeOf(reply: BusMessage): string | undefined {
  return reply.header('Nats-Service-Error-Code');
}
