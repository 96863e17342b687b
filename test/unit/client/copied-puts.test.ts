import { expect, test } from '@jest/globals';
import { clientLimits } from '../../../actors/rules/limits/client.js';
import { limits } from '../../../actors/rules/limits.js';
import { CopiedPuts } from '../../../src/client/copied-puts.js';
import { Request, TermsTable } from '../../../src/client/request.js';

const terms = new TermsTable().intern({
  kind: 'put',
  bucket: 'b',
  quorum: 0,
  strict: false,
  timeoutMs: 1000,
});

function put(key: string, operation: string): Request {
  const options = {
    terms,
    key,
    value: null,
    context: undefined,
    operation,
    ttlMs: 0,
    onlyIf: undefined,
  };
  const request = new Request({ ...options, isNamed: false, onResult: () => undefined });
  request.deadlineMs = 1000;
  return request;
}

function named(copied: CopiedPuts, key: string, nowMs: number): string[] {
  const request = put(key, 'next');
  copied.meet(request, nowMs);
  return request.copied?.map(({ operation }) => operation) ?? [];
}

function triedAgain(copied: CopiedPuts, request: Request): void {
  copied.meet(request, 0);
  request.tried('unknown');
  for (let i = 0; i < 3; i++) copied.meet(request, 0);
}

test('of more puts than there is room for the oldest are not named, a key whose puts were tried lately is', () => {
  const copied = new CopiedPuts();
  const { copiedPutsMax } = clientLimits;
  for (let i = 0; i < copiedPutsMax; i++) triedAgain(copied, put(`k${i}`, `${i}`));
  expect(named(copied, 'k0', 0)).toEqual(['0']);
  triedAgain(copied, put('k0', 'again'));
  expect(named(copied, 'k0', 0)).toEqual(['0', 'again']);
  expect(named(copied, 'k1', 0)).toEqual([]);
  expect(named(copied, 'k2', 0)).toEqual(['2']);
});

test('nothing is kept of puts whose time is over', () => {
  const copied = new CopiedPuts();
  for (let i = 0; i < 10; i++) triedAgain(copied, put(`k${i}`, `${i}`));
  const endMs = 1000 + limits.operationsRememberedMs;
  expect(named(copied, 'k3', endMs - 1)).toEqual(['3']);
  expect(named(copied, 'k3', endMs)).toEqual([]);
  const late = put('late', 'late');
  late.deadlineMs = endMs + 1000;
  late.tried('unknown');
  copied.meet(late, endMs);
  const { byKey } = copied as unknown as { readonly byKey: ReadonlyMap<string, unknown> };
  expect([...byKey.keys()]).toEqual(['late']);
});
