/** Where an upload was, as a word that is handed from one command to the next. */
import { InvalidArgumentError } from 'commander';
import { partLimits } from '../../actors/rules/limits/parts.js';
import type { UploadPosition } from '../client/upload.js';

export function positionText({ upload, parts, digest }: UploadPosition): string {
  return `${upload}.${parts}.${digest}`;
}

/** Throws commander's InvalidArgumentError. */
export function positionOfText(text: string): UploadPosition {
  const match = /^([\w-]{22})\.(\d{1,5})\.([\w-]{43})$/.exec(text);
  const parts = Number(match?.[2]);
  if (match === null || parts > partLimits.partsMax)
    throw new InvalidArgumentError('It must be what an earlier put said, word for word.');
  return { upload: match[1]!, parts, digest: match[3]! };
}
