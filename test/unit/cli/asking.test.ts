/** Which node is asked for a change of the cluster, and what comes of its answer. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { askApply, askCancel } from '../../../src/cli/changes/asking.js';
import type { RingMessage } from '../../../src/wire/ring-message.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

type Behaviour = 'silent' | object;

/** Nodes n1, n2, … by what they say to a change; a lone status: it is asked nothing. */
async function asked(
  behaviours: readonly Behaviour[],
  statuses: readonly string[] = behaviours.map(() => 'serving'),
): Promise<{ readonly result: unknown; readonly heard: readonly string[] }> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const ids = behaviours.map((_, i) => `${i + 1}`.repeat(16));
  const heard: string[] = [];
  const nodes = ids.map((id, i) => {
    const name = `n${i + 1}`;
    return { id, name, host: name, zone: '', reachability: 'alive' as const };
  });
  const ring: RingMessage = { epoch: 1, nodes, n: 3, r: 2, buckets: [], groups: [], groupOf: [] };
  for (const [i, node] of nodes.entries()) {
    const bus = network.connect();
    const tell = (reply: string, document: object): void =>
      bus.publish(reply, Buffer.from(JSON.stringify(document)));
    if (i === 0) bus.subscribe('kv.ring', ({ reply }) => tell(reply, ring));
    const row = { ...node, pid: 1, status: statuses[i], keys: 0 };
    bus.subscribe('kv.status', ({ reply }) => tell(reply, row));
    bus.subscribe(`_kv.${node.id}.change`, ({ reply, data }) => {
      heard.push(`${node.name} ${Buffer.from(data).toString()}`);
      const behaviour = behaviours[i]!;
      if (behaviour !== 'silent') tell(reply, behaviour);
    });
  }
  const question = { bus: network.connect(), clock, prefix: 'kv', waitMs: 2_000 };
  const plan = { number: 4, wishes: { add: [], leave: [], remove: [], replace: [], places: [] } };
  const progress: { result?: unknown; isOver?: true } = {};
  const over = (result: unknown): void => {
    Object.assign(progress, { result, isOver: true });
  };
  askApply(plan, question).then(over, over);
  while (progress.isOver !== true) {
    network.settle();
    await nextTurn();
    clock.advance(50);
  }
  return { result: progress.result, heard };
}

test('one that serves is asked, and no other', async () => {
  const { result, heard } = await asked(
    [{ number: 9 }, { number: 5 }, { number: 6 }],
    ['joining', 'serving', 'serving'],
  );
  expect(result).toEqual({ number: 5 });
  expect(heard).toEqual([
    'n2 {"ask":"apply","plan":{"number":4,"wishes":{"add":[],"leave":[],"remove":[],"replace":[],"places":[]}}}',
  ]);
  const nobody = await asked([{ number: 9 }], ['joining']);
  expect(nobody.result).toMatchObject({ message: 'no node serves', code: 503 });
});

test('refused: the reason of the node, and that nothing happened', async () => {
  const refused = { error: 'the cluster has gone on', outcome: 'none' };
  const { result } = await asked([refused]);
  expect(result).toMatchObject({ message: 'the cluster has gone on', outcome: 'none' });
  const unknown = await asked([{ ...refused, outcome: 'unknown' }]);
  expect(unknown.result).toMatchObject({ outcome: 'unknown' });
});

test('one that hangs may have done it: the next is asked, and a refusal of that one tells nothing', async () => {
  const done = await asked(['silent', { number: 5 }]);
  expect(done.result).toEqual({ number: 5 });
  const refused = await asked(['silent', { error: 'the cluster has gone on', outcome: 'none' }]);
  expect(refused.result).toMatchObject({
    message: expect.stringMatching(/gone on; n1 did not answer before, and may have done it/),
    outcome: 'unknown',
  });
  const silent = await asked(['silent', 'silent']);
  expect(silent.result).toMatchObject({
    message: expect.stringMatching(/n1, n2 did not answer/),
    outcome: 'unknown',
  });
});

test('what is no answer of a node is malformed', async () => {
  expect((await asked([{ number: 'x' }])).result).toMatchObject({ code: 400 });
});

test('nobody is there: nothing is cancelled', async () => {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const question = { bus: network.connect(), clock, prefix: 'kv', waitMs: 100 };
  const cancelled = askCancel(question).catch((error: Error) => error.message);
  for (let i = 0; i < 20; i++) {
    network.settle();
    await nextTurn();
    clock.advance(50);
  }
  expect(await cancelled).toBe('no node serves');
});
