/**
 * Where an upload was, handed from one command to the next: as a word, or in a file that is kept
 * while it goes on, and is gone when it is done.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { partLimits } from '../../actors/rules/limits/parts.js';
import type { UploadPosition } from '../client/upload.js';
import { CommandError, exitCodes } from './exit-codes.js';

/** What `--resume` was told. */
export type Resume = { readonly word: UploadPosition } | { readonly file: string };

export function positionText({ upload, parts, digest }: UploadPosition): string {
  return `${upload}.${parts}.${digest}`;
}

/** Throws commander's InvalidArgumentError: of what looks like a word and is none. */
export function resumeOfText(text: string): Resume {
  if (!/^(?:[\w-]+\.\d+\.[\w-]+)?$/.test(text)) return { file: text };
  const word = positionOfText(text);
  if (word !== undefined) return { word };
  throw new InvalidArgumentError('It must be what an earlier put said, word for word, or a file.');
}

function positionOfText(text: string): UploadPosition | undefined {
  const match = /^([\w-]{22})\.(\d{1,5})\.([\w-]{43})$/.exec(text);
  const parts = Number(match?.[2]);
  if (match === null || parts > partLimits.partsMax) return undefined;
  return { upload: match[1]!, parts, digest: match[3]! };
}

/** Undefined: there is no such file yet. */
export function positionIn(file: string): UploadPosition | undefined {
  if (!existsSync(file)) return undefined;
  const position = positionOfText(readFileSync(file, 'utf8').trim());
  if (position !== undefined) return position;
  throw new CommandError(exitCodes.usage, `${file} does not hold where a put was`);
}

/** It is there as a whole, whenever this process ends. */
export function keepPosition(file: string, position: UploadPosition): void {
  writeFileSync(`${file}.new`, `${positionText(position)}\n`);
  renameSync(`${file}.new`, file);
}

export function dropPosition(file: string): void {
  rmSync(file, { force: true });
}
