/**
 * Puts that left in more than one copy, by key. The first copy of each could not say that others
 * would come, so whoever did it does not remember the put when it is replaced, and another copy,
 * done elsewhere, would come back. Later puts of the key say so (`src/wire/copied-puts.ts`), for as
 * long as a replaced put is remembered.
 */
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';
import { clientLimits } from '../../actors/rules/limits/client.js';
import { forgottenAtMs } from '../../actors/rules/operations.js';
import type { CopiedPut } from '../wire/copied-puts.js';
import type { Request } from './request.js';

interface Noted extends CopiedPut {
  readonly bucket: ByteString;
}

export class CopiedPuts {
  /** Those of keys that were noted last come last. */
  private readonly byKey = new Map<ByteString, readonly Noted[]>();
  private count = 0;

  /** A request is on its way, for the first time or once more. */
  meet(request: Request, nowMs: number): void {
    if (request.mayBeStored) this.note(request, nowMs);
    else if (this.byKey.size > 0 && request.kind === 'put')
      request.copied = this.of(request, nowMs);
  }

  /** Each copy of one that its author has named says that there are others. */
  private note({ key, terms, operation, isNamed, deadlineMs }: Request, nowMs: number): void {
    if (isNamed) return;
    const known = this.byKey.get(key) ?? [];
    if (known.some((put) => put.operation === operation)) return;
    const put = { bucket: terms.bucket, operation, untilMs: deadlineMs };
    this.keep(key, [...known.slice(1 - limits.copiedPutsMax), put]);
    for (const [oldest, puts] of this.byKey) {
      if (this.count <= clientLimits.copiedPutsMax && !areOver(puts, nowMs)) break;
      this.keep(oldest, []);
    }
  }

  private of({ key, terms }: Request, nowMs: number): readonly CopiedPut[] | undefined {
    const known = this.byKey.get(key);
    if (known === undefined) return undefined;
    if (areOver(known, nowMs)) this.keep(key, []);
    const puts = known.filter((put) => put.bucket === terms.bucket && !isOver(put, nowMs));
    return puts.length === 0 ? undefined : puts;
  }

  private keep(key: ByteString, puts: readonly Noted[]): void {
    this.count += puts.length - (this.byKey.get(key)?.length ?? 0);
    this.byKey.delete(key);
    if (puts.length > 0) this.byKey.set(key, puts);
  }
}

function isOver({ untilMs }: CopiedPut, nowMs: number): boolean {
  return nowMs >= forgottenAtMs(untilMs);
}

function areOver(puts: readonly CopiedPut[], nowMs: number): boolean {
  return puts.every((put) => isOver(put, nowMs));
}
