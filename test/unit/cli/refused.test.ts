/** What can't be done is said before anybody is asked whether it is meant. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { changeInOneStep } from '../../../src/cli/changes/one-step.js';
import type { ClusterQuestion } from '../../../src/cli/cluster-status.js';
import { remove } from '../../../src/cli/commands/remove.js';
import { askOneOf } from '../../../src/cli/node-question.js';
import type { RingMessage, RingNode } from '../../../src/wire/ring-message.js';
import { ManualClock } from '../../support/manual-clock.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

const { isTTY } = process.stdin;

beforeEach(() => void (process.stdin.isTTY = false));
afterEach(() => void (process.stdin.isTTY = isTTY));

function node(digit: string, name: string, more: Partial<RingNode> = {}): RingNode {
  return { id: digit.repeat(16), name, host: name, zone: '', reachability: 'alive', ...more };
}

/** What is said in the end of a command on a cluster of these nodes. */
async function refused(
  nodes: readonly RingNode[],
  command: (question: ClusterQuestion) => Promise<unknown>,
): Promise<string> {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const bus = network.connect();
  const ring: RingMessage = { epoch: 1, nodes, n: 3, r: 2, buckets: [], groups: [], groupOf: [] };
  bus.subscribe('kv.ring', ({ reply }) => bus.publish(reply, Buffer.from(JSON.stringify(ring))));
  const heard: { said?: string } = {};
  void command({ bus: network.connect(), clock, prefix: 'kv', waitMs: 1_000 }).then(
    () => (heard.said = 'done'),
    (error: Error) => (heard.said = error.message),
  );
  while (heard.said === undefined) {
    await nextTurn();
    network.settle();
    await nextTurn();
    clock.advance(50);
  }
  return heard.said;
}

const all = [node('1', 'n1'), node('2', 'n2', { reachability: 'down' }), node('3', 'n3')];

function removing(name: string, nodes = all): Promise<string> {
  return refused(nodes, (question) => remove(name, {}, question));
}

describe('remove', () => {
  test('of one that lives, or is not there, before the price is told', async () => {
    expect(await removing('n3')).toMatch(/^not removed: n3 is alive, .*stop it first/);
    expect(await removing('n9')).toBe('no node named n9; there are n1, n2, n3');
    expect(await removing('n2')).toMatch(/say --yes to remove n2$/);
  });

  test('of a member whose name a node has that waits: the member', async () => {
    const waits = node('4', 'n2', { waits: 'ask' });
    expect(await removing('n2', [...all, waits])).toMatch(/say --yes to remove n2$/);
    const alone = node('5', 'n5', { waits: 'auto' });
    expect(await removing('n5', [...all, alone])).toMatch(/n5 waits to be taken in and holds/);
  });
});

test('a change in one step: who is named is looked for before --yes is asked for', async () => {
  const confirmation = { advice: 'say --yes', question: '?', word: 'n9', declined: 'not done' };
  const step = { wishes: { leave: ['n9'] }, confirmation };
  expect(await refused(all, (question) => changeInOneStep(step, question))).toMatch(
    /^no node named n9/,
  );
});

test('nodes that hear nobody but their own user: where the password is from', async () => {
  const rows = all.map(({ id, name, host }) => {
    const unknown = { partitions: null, keys: null, hints: null, clockAheadMs: null };
    return { id, name, host, status: 'serving', pid: 1, ...unknown };
  });
  const ask = { word: 'change', payload: '', waitMs: 100 };
  const said = await refused(all, (question) => askOneOf(rows, question, ask));
  expect(said).toMatch(
    /n1, n2, n3 did not answer: .*--password or QUORATE_NODE_PASSWORD; .*--data-dir/,
  );
});
