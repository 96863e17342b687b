/** What headers of plain requests say of uploads and ranges, and how answers tell of big values. */
import { limits } from '../../actors/rules/limits.js';
import { partLimits } from '../../actors/rules/limits/parts.js';
import { MalformedError } from '../errors.js';
import type { Manifest } from './manifest.js';
import { sha256Bytes } from './manifest.js';
import { uploadOfText, type UploadId } from './part-names.js';
import { headerNames } from './subjects.js';

interface Headers {
  header(name: string): string | undefined;
}

export type UploadDemand =
  | { readonly kind: 'begin'; readonly size: number | undefined }
  | { readonly kind: 'part'; readonly upload: UploadId; readonly index: number }
  | {
      readonly kind: 'commit';
      readonly upload: UploadId;
      readonly parts: number;
      readonly size: number | undefined;
      readonly sha256: Buffer | undefined;
    }
  | { readonly kind: 'giveUp'; readonly upload: UploadId };

/** Of a put or delete; undefined without `Kv-Upload`. Throws `MalformedError`. */
export function uploadDemand(message: Headers, deletes: boolean): UploadDemand | undefined {
  const text = message.header(headerNames.upload);
  if (!text) return outsideUpload(message);
  const size = wholeOf(message, headerNames.size, Number.MAX_SAFE_INTEGER);
  if (text === 'begin') {
    if (deletes) throw new MalformedError(`${headerNames.upload}: begin goes with a put`);
    return { kind: 'begin', size };
  }
  const upload = uploadOfText(text);
  if (deletes) return { kind: 'giveUp', upload };
  const index = wholeOf(message, headerNames.part, partLimits.partsMax - 1);
  const parts = wholeOf(message, headerNames.commit, partLimits.partsMax);
  if ((index === undefined) === (parts === undefined))
    throw new MalformedError(
      `${headerNames.upload} goes with ${headerNames.part}, the number of a part from 0, or with ${headerNames.commit}, how many there are`,
    );
  if (index !== undefined) return { kind: 'part', upload, index };
  const sha256 = sha256Of(message.header(headerNames.digest));
  return { kind: 'commit', upload, parts: parts!, size, sha256 };
}

/** A part whose upload was forgotten would become the value, and a commit would empty it. */
function outsideUpload(message: Headers): undefined {
  for (const name of [headerNames.part, headerNames.commit])
    if (message.header(name) !== undefined)
      throw new MalformedError(`${name} goes with ${headerNames.upload}, which names the upload`);
}

/** Which bytes of which value a get asks for. */
export interface ShareDemand {
  /** Both ends belong to it; the last may be `Infinity`. */
  readonly range: { readonly first: number; readonly last: number } | undefined;
  readonly sibling: number | undefined;
}

/** Undefined: the whole of what there is. Throws `MalformedError`. */
export function shareDemand(message: Headers): ShareDemand | undefined {
  const text = message.header(headerNames.range);
  const sibling = wholeOf(message, headerNames.sibling, limits.messageElementsMax);
  if (text === undefined && sibling === undefined) return undefined;
  return { range: text === undefined ? undefined : rangeOf(text), sibling };
}

function rangeOf(text: string): ShareDemand['range'] {
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(text);
  const first = Number(match?.[1]);
  const last = match?.[2] === '' ? Infinity : Number(match?.[2]);
  if (match === null || first > last)
    throw new MalformedError(`${headerNames.range} is bytes=FIRST-LAST or bytes=FIRST-`);
  return { first, last };
}

const digestPrefix = 'SHA-256=';

/** As object stores of NATS write it. */
export function digestText(sha256: Uint8Array): string {
  const text = Buffer.from(sha256).toString('base64');
  return digestPrefix + text.replaceAll('+', '-').replaceAll('/', '_');
}

function sha256Of(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const isDigest = text.startsWith(digestPrefix) && /^[\w+/-]+=?$/.test(text.slice(8));
  const sha256 = Buffer.from(isDigest ? text.slice(digestPrefix.length) : '', 'base64url');
  if (sha256.length !== sha256Bytes)
    throw new MalformedError(
      `${headerNames.digest} is ${digestPrefix} and the digest in base64url`,
    );
  return sha256;
}

export function manifestHeaders({ size, partBytes, sha256 }: Manifest): Record<string, string> {
  return {
    [headerNames.size]: String(size),
    [headerNames.digest]: digestText(sha256),
    [headerNames.partSize]: String(partBytes),
  };
}

function wholeOf(message: Headers, name: string, max: number): number | undefined {
  const text = message.header(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new MalformedError(`${name} is a number from 0 to ${max}`);
  return value;
}
