/** A new lifetime for the value of a key, by what any bucket can do. */
import { clientLimits } from '../../actors/rules/limits/client.js';
import { ConditionError } from '../errors.js';
import { encodeManifest } from '../wire/manifest.js';
import type { GetOptions, Lifetime, PutOptions } from './bucket-options.js';
import type { BucketRequests, Key, PutResult } from './bucket-requests.js';
import { ConflictError, type Entry } from './entry.js';

export interface TouchOptions
  extends Omit<PutOptions, 'context' | 'if' | 'ttlMs' | 'trace'>, Omit<GetOptions, 'trace'> {}

/** Undefined where the key has no value. */
export async function touch<Out, In>(
  requests: BucketRequests<Out, In>,
  touched: { readonly key: Key; readonly ttlMs: Lifetime; readonly options: TouchOptions },
): Promise<PutResult | undefined> {
  const { key, ttlMs, options } = touched;
  const { r, strict, timeoutMs } = options;
  for (let conflicts = 0; ; conflicts++) {
    const entry = await new Promise<Entry<Out>>((onEntry, reject) =>
      requests.fetch({ key, options: { r, strict, timeoutMs }, onEntry, reject }),
    );
    if (!entry.exists) return undefined;
    if (entry.inConflict) throw new ConflictError(entry);
    const manifest = entry.manifestOf(0);
    const value = manifest === undefined ? entry.siblingAt(0)! : encodeManifest(manifest);
    const { w, operation } = options;
    const seen = { context: entry.context, if: 'context' } as const;
    const given = { w, strict, timeoutMs, operation, ttlMs, ...seen };
    try {
      return await new Promise<PutResult>((resolve, reject) =>
        requests.write({
          key,
          value,
          isManifest: manifest !== undefined,
          options: given,
          resolve,
          reject,
        }),
      );
    } catch (error) {
      const wasChanged = error instanceof ConditionError && error.outcome === 'none';
      if (!wasChanged || conflicts >= clientLimits.updateConflictsMax) throw error;
    }
  }
}
