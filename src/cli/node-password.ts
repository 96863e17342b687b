/**
 * The password of the nodes of `quorate up`: a random one for each data directory, so that on a
 * machine with several users none of them can speak as a node. It lies in the directory, which is
 * for its own user alone (`private-directory.ts`).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../seams/random.js';

const fileName = 'node-password';
const passwordBytes = 24;

/** Undefined where there is none, or where it is not ours to read. */
export function readNodePassword(directory: string): string | undefined {
  try {
    const text = readFileSync(join(directory, fileName), 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Draws one where there is none. */
export function nodePasswordIn(directory: string, random: Random): string {
  const known = readNodePassword(directory);
  if (known !== undefined) return known;
  const drawn = random.bytes(passwordBytes).toString('base64url');
  writeFileSync(join(directory, fileName), `${drawn}\n`, { mode: 0o600, flush: true });
  return drawn;
}
