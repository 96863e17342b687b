/** Module hook that applies the mutant named by QUORATE_MUTANT to the files it concerns. */
import type { LoadHook } from 'node:module';
import { isOf, mutantOf, mutated } from './mutants.js';

const mutant = mutantOf(process.env['QUORATE_MUTANT'] ?? '');

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!isOf(mutant, url)) return loaded;
  return { ...loaded, source: mutated(mutant, textOf(loaded.source)) };
};

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined): string {
  if (typeof source === 'string') return source;
  if (source === undefined) return '';
  const bytes =
    source instanceof ArrayBuffer
      ? new Uint8Array(source)
      : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  return Buffer.from(bytes).toString();
}
