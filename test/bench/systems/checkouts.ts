/** Whose nodes and client a contender is: this checkout's, or those of another, built elsewhere. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SystemName } from '../plan.js';

export const ownRoot = fileURLToPath(new URL('../../../..', import.meta.url));

/** Throws where the other checkout is not named. */
export function rootOf(system: SystemName): string {
  if (!system.startsWith('before')) return ownRoot;
  const other = process.env['QUORATE_BENCH_BEFORE'];
  if (other === undefined)
    throw new Error('QUORATE_BENCH_BEFORE must name the checkout to compare with, and be built');
  return resolve(other);
}
