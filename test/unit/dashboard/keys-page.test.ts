import { describe, expect, test } from '@jest/globals';
import { keysApi } from '../../../src/dashboard/api/keys.js';
import type { KeysPage } from '../../../src/dashboard/wire.js';

async function asked(told: readonly (readonly [string, unknown])[]): Promise<Response> {
  const feed = { askAll: async () => new Map(told) };
  return keysApi({ feed } as never).request('/keys/users?after=');
}

/** What each node tells: keys, and after which place in the order of all nodes it has more. */
async function pageOf(
  ...answers: readonly { readonly keys: string[]; readonly after?: number[] }[]
): Promise<KeysPage> {
  const told = answers.map(({ keys, after = [] }, i): [string, unknown] => [
    `n${i}`,
    { keys, next: Buffer.from(after).toString('base64url') },
  ]);
  return (await (await asked(told)).json()) as KeysPage;
}

function cursor(...bytes: number[]): string {
  return Buffer.from(bytes).toString('base64url');
}

describe('a page of the keys of several nodes', () => {
  test('has each key once, and ends when all have told all', async () => {
    const page = await pageOf({ keys: ['ada', 'bob'] }, { keys: ['bob', 'eve'] });
    expect(page).toEqual({ keys: ['ada', 'bob', 'eve'], next: null });
  });

  test('is none where no node tells anything: that is not that there are no keys', async () => {
    for (const told of [[], [['n1', { error: 'no' }]]] as const) {
      const answer = await asked(told);
      expect([answer.status, await answer.text()]).toEqual([502, expect.stringMatching(/No node/)]);
    }
  });

  test('is followed from where the first of them stopped', async () => {
    // As text the cursors are in the other order.
    expect(cursor(0xd0) < cursor(0x01)).toBe(true);
    const page = await pageOf({ keys: ['ada'], after: [0xd0] }, { keys: ['eve'], after: [0x01] });
    expect(page).toEqual({ keys: ['ada', 'eve'], next: cursor(0x01) });
  });

  test('is followed although some have told all', async () => {
    const page = await pageOf({ keys: ['ada'] }, { keys: [], after: [0x07] });
    expect(page).toEqual({ keys: ['ada'], next: cursor(0x07) });
  });
});
