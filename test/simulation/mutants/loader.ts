/** Module hook that applies the mutant named by QUORATE_MUTANT to the files it concerns. */
import type { LoadHook } from 'node:module';
import { mutantOf, passagesOf } from './mutants.js';

const mutant = mutantOf(process.env['QUORATE_MUTANT'] ?? '');

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  if (!url.endsWith(`/dist/${mutant.file}`)) return loaded;
  const source = textOf(loaded.source);
  const passages = passagesOf(mutant, source);
  if (passages !== 1)
    throw new Error(`mutant ${mutant.name}: its passage is ${passages} times in ${mutant.file}`);
  return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
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
