/** Plans of changes as an operator sees them: wishes by name, the token, the text. */
import { describe, expect, test } from '@jest/globals';
import {
  type Arbitrary,
  array,
  assert,
  constantFrom,
  integer,
  nat,
  pre,
  property,
  record,
  string,
  uniqueArray,
} from 'fast-check';
import { planAnswerFrom, planFrom } from '../../../src/cli/changes/change-answers.js';
import { bytesText, planText } from '../../../src/cli/changes/plan-text.js';
import { planOf, tokenOf } from '../../../src/cli/changes/plan-token.js';
import { type NamedWishes, wishesOf } from '../../../src/cli/changes/wishes.js';
import type { RingVersion } from '../../../actors/rules/configuration.js';
import { CommandError, exitCodes } from '../../../src/cli/exit-codes.js';
import { MalformedError, UnavailableError } from '../../../src/errors.js';
import type { PlanForm } from '../../../src/wire/change-form.js';
import type { RingMessage, RingNode } from '../../../src/wire/ring-message.js';

const [one, two, three, four, other] = ['1', '2', '3', '4', '5'].map((digit) =>
  digit.repeat(16),
) as [string, string, string, string, string];

function node(id: string, name: string, more: Partial<RingNode> = {}): RingNode {
  return { id, name, host: name, zone: '', reachability: 'alive', ...more };
}

function ringOf(...nodes: RingNode[]): RingMessage {
  return { epoch: 1, nodes, n: 3, r: 2, buckets: [], groups: [], groupOf: [] };
}

const all = [node(one, 'n1'), node(two, 'n2'), node(three, 'n3'), node(four, 'n4')];

function wished(named: NamedWishes, ...nodes: RingNode[]): unknown {
  return wishesOf(named, ringOf(...(nodes.length === 0 ? all : nodes)));
}

const nothing = { add: [], leave: [], remove: [], replace: [], places: [] };

describe('wishes', () => {
  test('names and ids become ids; what is said of one node joins', () => {
    const named = { add: ['n4'], leave: [two], remove: ['n3'] };
    expect(wished(named)).toEqual({ ...nothing, add: [four], leave: [two], remove: [three] });
    expect(wished({ replace: [['n2', 'n4']] })).toEqual({
      ...nothing,
      replace: [{ old: two, by: four }],
    });
    const places: NamedWishes = { weight: [['n1', 2]], host: [['n3', 'h']], zone: [[one, '']] };
    expect(wished(places)).toEqual({
      ...nothing,
      places: [
        { id: one, weight: 2, zone: '' },
        { id: three, host: 'h' },
      ],
    });
    expect(wished({ name: [['n1', 'n9']], ring: 2 })).toEqual({
      ...nothing,
      places: [{ id: one, name: 'n9' }],
      ring: 2,
    });
    expect(wished({ ring: 1 })).toEqual({ ...nothing, ring: 1 });
  });

  test('nobody, and nothing: said', () => {
    expect(() => wished({ add: ['n9'] })).toThrow('no node named n9; there are n1, n2, n3, n4');
    expect(() => wished({})).toThrow(/nothing is wished: say --add/);
    expect(() => wishesOf({ add: ['n4'] }, undefined)).toThrow(UnavailableError);
    const twice: NamedWishes = {
      weight: [
        ['n1', 2],
        [one, 3],
      ],
    };
    expect(() => wished(twice)).toThrow(/the weight of 1{16} is said twice/);
  });

  test('where two have one name, the down one is gone and the other one comes', () => {
    const nodes = [node(one, 'n1'), node(two, 'n2', { reachability: 'down' }), node(other, 'n2')];
    expect(wished({ replace: [['n2', 'n2']] }, ...nodes)).toEqual({
      ...nothing,
      replace: [{ old: two, by: other }],
    });
    expect(wished({ remove: ['n2'] }, ...nodes)).toMatchObject({ remove: [two] });
    expect(wished({ add: ['n2'] }, ...nodes)).toMatchObject({ add: [other] });
    // Nothing tells which of them is to leave.
    expect(() => wished({ leave: ['n2'] }, ...nodes)).toThrow(
      `2 nodes are named n2, say which by its id: ${two} (down), ${other} (alive)`,
    );
    const alive = [node(two, 'n2'), node(other, 'n2')];
    expect(() => wished({ remove: ['n2'] }, ...alive)).toThrow(/2 nodes are named n2/);
  });

  test('a node that waits under the name of a member is meant where it can only be that one', () => {
    const waits = node(other, 'n2', { waits: 'auto' });
    for (const reachability of ['alive', 'down'] as const) {
      const nodes = [node(one, 'n1'), node(two, 'n2', { reachability }), waits];
      for (const part of ['leave', 'remove'] as const)
        expect(wished({ [part]: ['n2'] }, ...nodes)).toMatchObject({ [part]: [two] });
      expect(wished({ weight: [['n2', 3]] }, ...nodes)).toMatchObject({
        places: [{ id: two, weight: 3 }],
      });
      expect(wished({ replace: [['n2', 'n2']] }, ...nodes)).toMatchObject({
        replace: [{ old: two, by: other }],
      });
      const added: NamedWishes = { add: ['n2'], weight: [['n2', 3]] };
      expect(wished(added, ...nodes)).toMatchObject({
        add: [other],
        places: [{ id: other, weight: 3 }],
      });
    }
    // Of two that wait the one that runs comes.
    const gone = node(three, 'n2', { waits: 'auto', reachability: 'down' });
    expect(wished({ add: ['n2'] }, gone, waits)).toMatchObject({ add: [other] });
    // And one that leaves already does not leave again.
    const leaving = node(two, 'n2', { leaving: true });
    expect(wished({ leave: ['n2'] }, leaving, node(other, 'n2'))).toMatchObject({
      leave: [other],
    });
  });

  test('one that was removed is nothing to wish of', () => {
    const removed = node(two, 'n2', { reachability: 'down', removed: true });
    const nodes = [node(one, 'n1'), removed];
    expect(() => wished({ add: ['n2'] }, ...nodes)).toThrow(
      /n2 was removed for good: start it with an empty data directory/,
    );
    for (const named of [{ leave: ['n2'] }, { remove: ['n2'] }, { replace: [['n2', 'n1']] }])
      expect(() => wished(named as NamedWishes, ...nodes)).toThrow(/n2 was removed for good/);
    // Its name is another's by now.
    expect(wished({ leave: ['n2'] }, ...nodes, node(other, 'n2'))).toMatchObject({
      leave: [other],
    });
  });
});

const id = constantFrom(one, two, three, four, other);
const anyPlan: Arbitrary<PlanForm> = record({
  number: integer({ min: 1, max: 2 ** 31 }),
  wishes: record(
    {
      add: array(id),
      leave: array(id),
      remove: array(id),
      replace: array(record({ old: id, by: id })),
      places: uniqueArray(
        record(
          {
            id,
            weight: integer({ min: 1, max: 64 }),
            host: constantFrom('h', 'größe'),
            zone: constantFrom('', 'b'),
          },
          { requiredKeys: ['id'] },
        ),
        { selector: (place) => place.id },
      ),
      ring: constantFrom<RingVersion[]>(1, 2),
    },
    { requiredKeys: ['add', 'leave', 'remove', 'replace', 'places'] },
  ),
});

describe('token', () => {
  test('a plan comes back as it was, in one word for any shell', () => {
    assert(
      property(anyPlan, (plan) => {
        const token = tokenOf(plan);
        expect(token).toMatch(/^[A-Za-z0-9_.-]+$/);
        expect(planOf(token)).toEqual(plan);
      }),
    );
  });

  test('mistyped, cut off or added to: refused as wrong arguments, never taken for another plan', () => {
    const characters = constantFrom(...'ABCabc019-_.= '.split(''));
    assert(
      property(
        anyPlan,
        nat(),
        nat({ max: 3 }),
        string({ unit: characters, maxLength: 3 }),
        (plan, at, cut, put) => {
          const token = tokenOf(plan);
          const place = at % (token.length + 1);
          const damaged = token.slice(0, place) + put + token.slice(place + cut);
          pre(damaged !== token);
          expect(() => planOf(damaged)).toThrow(CommandError);
        },
      ),
    );
    let code: number | undefined;
    try {
      planOf(tokenOf({ number: 3, wishes: { ...nothing, add: [one] } }).slice(0, -4));
    } catch (error) {
      code = (error as CommandError).exitCode;
      expect((error as Error).message).toMatch(/the plan is damaged .*copy the whole line/);
    }
    expect(code).toBe(exitCodes.usage);
  });

  test('whole, and no plan', () => {
    for (const document of [null, [], 7, {}, { number: 1 }, { number: -1, wishes: nothing }])
      expect(() => planOf(tokenOf(document as unknown as PlanForm))).toThrow(/the plan is damaged/);
    const odd = [{ add: ['n4'] }, { places: [{ id: one, weight: 'x' }] }, { replace: [one] }];
    for (const wishes of odd)
      expect(() =>
        planOf(tokenOf({ number: 1, wishes: { ...nothing, ...wishes } } as PlanForm)),
      ).toThrow(/the plan is damaged/);
  });
});

function place(nodeId: string, name: string, more: object = {}): object {
  return { id: nodeId, name, host: `h-${name}`, zone: '', weight: 1, ...more };
}

const none = { partitions: 0, bytes: 0 };

function answer(preview: object = {}): unknown {
  return {
    plan: {
      number: 7,
      wishes: { ...nothing, add: [four], leave: [three], places: [place(four, 'n4')] },
    },
    preview: {
      nodes: [
        {
          place: place(four, 'n4', { zone: 'b', weight: 2 }),
          before: none,
          after: { partitions: 256, bytes: 1_234_567_890 },
          toMove: { partitions: 256, bytes: 1_234_567_890 },
        },
        {
          place: place(three, 'n3'),
          before: { partitions: 256, bytes: 1_234_567_890 },
          after: none,
          toMove: none,
        },
        {
          place: place(one, 'n1'),
          before: { partitions: 256, bytes: 999_499 },
          after: { partitions: 256, bytes: 999_499 },
          toMove: none,
        },
      ],
      toMove: { partitions: 256, bytes: 1_234_567_890 },
      expectedMs: 272_514,
      shared: [],
      atRisk: [],
      held: [],
      omitted: { shared: 0, atRisk: 0, held: 0 },
      estimatedFrom: { partitionsHeld: 256, keysHeld: 1, keysSampled: 1, bytesPerKey: 1_005.4 },
      replicas: { n: 3, quorum: 2, nodes: 3 },
      names: { [one]: 'n1', [two]: 'n2', [three]: 'n3', [four]: 'n4' },
      down: [],
      waiting: [],
      ...preview,
    },
  };
}

function linesOf(preview: object = {}): string[] {
  return planText(planAnswerFrom(answer(preview)))
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' '));
}

function keptWith(nodes: number, quorum: number): string | undefined {
  const lines = linesOf({ replicas: { n: 3, quorum, nodes } });
  return lines.find((line) => line.startsWith('each key'));
}

describe('text', () => {
  test('who has what before and after, what moves, and that nothing is in danger', () => {
    expect(linesOf()).toEqual([
      'on configuration 7: n4 comes, n3 leaves',
      'NAME HOST ZONE WEIGHT PARTITIONS DATA TO MOVE THERE ID',
      `n1 h-n1 1 256 999 kB - ${one}`,
      `n3 h-n3 1 256 -> 0 1.2 GB -> 0 B - ${three}`,
      `n4 h-n4 b 2 0 -> 256 0 B -> 1.2 GB 256, 1.2 GB ${four}`,
      'to move: 256 replicas of partitions, about 1.2 GB',
      'expected: about 5 min where nodes have little else to do, several times that under full load; quorate ring --watch shows how it goes',
      'sizes are estimated: the node that planned holds 1 key in 256 partitions, of about 1.0 kB each by 1 of them',
      'no two replicas of a partition would share a host or a zone',
      'at risk now: no partition, all owners are up',
    ]);
  });

  test('what shares a place, is at risk, or can not move; the longest lists were cut', () => {
    const lines = linesOf({
      shared: [{ what: 'zone', name: '', nodes: [three, one], partitions: 12 }],
      atRisk: [
        { partition: 1, down: [two], up: 2 },
        { partition: 2, down: [two], up: 2 },
        { partition: 3, down: [two, one], up: 1 },
        { partition: 4, down: [three, two, one], up: 0 },
      ],
      held: [4],
      omitted: { shared: 3, atRisk: 1, held: 9 },
      down: [two],
      estimatedFrom: { partitionsHeld: 0, keysHeld: 0, keysSampled: 0, bytesPerKey: 0 },
    });
    expect(lines.slice(7)).toEqual([
      'of sizes the node that planned knows nothing',
      'would share zone (none): n1, n3, in 12 partitions',
      '… and 3 more like that',
      'down now: n2',
      'at risk now: 2 partitions with n2 down, 2 replicas up',
      'at risk now: 1 partition with n1, n2 down, 1 replica up',
      'at risk now: 1 partition with n1, n2, n3 down, no replica is up',
      '… and 1 partition more',
      "10 partitions can't move before more of the owners are up: too few are there to know every acknowledged write",
    ]);
  });

  test('fewer nodes than replicas: said, with what it does to requests', () => {
    expect(keptWith(3, 2)).toBeUndefined();
    expect(keptWith(2, 1)).toBe('each key keeps 2 of 3 replicas (N), since 2 nodes are left');
    expect(keptWith(2, 2)).toBe(
      'each key keeps 2 of 3 replicas (N), since 2 nodes are left; while one of them is down, requests that need 2 nodes (R, W) are refused',
    );
    expect(keptWith(1, 2)).toBe(
      'each key keeps 1 of 3 replicas (N), since 1 node is left; requests that need 2 nodes (R, W) are refused until others come',
    );
  });

  test('nothing moves; who waits besides', () => {
    const waiting = [
      { place: place(four, 'n4'), join: 'auto', replaces: '' },
      { place: place(other, 'n2', { zone: 'c', weight: 3 }), join: 'ask', replaces: 'n2' },
    ];
    const lines = linesOf({ toMove: none, waiting });
    expect(lines[5]).toBe('nothing has to move');
    expect(lines.at(-1)).toBe(
      `waits, and is not in this plan: n2 (${other}), host h-n2, zone c, weight 3, in the stead of n2`,
    );
    expect(lines.some((line) => line.startsWith('waits') && line.includes('n4'))).toBe(false);
  });

  test('whoever comes under the name of the old one is told apart by id', () => {
    const wishes = {
      ...nothing,
      replace: [{ old: two, by: other }],
      places: [{ id: one, name: 'n9', weight: 2, zone: '' }],
      ring: 2 as const,
    };
    const { preview } = answer() as { preview: object };
    const names = { [one]: 'n1', [two]: 'n2', [other]: 'n2' };
    const text = planText(
      planAnswerFrom({ plan: { number: 9, wishes }, preview: { ...preview, names } }),
    );
    expect(text.split('\n')[0]).toBe(
      `on configuration 9: n2 (${other}) comes in the stead of n2 (${two}), n1 gets name n9, weight 2, zone none, the ring becomes that of version 2`,
    );
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [999.6, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_951, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [5e15, '5000 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));
});

test('an answer that is none of a node is malformed, wherever it is broken', () => {
  const whole = JSON.stringify(answer());
  assert(
    property(nat(), constantFrom('null', '"\\u0007"', '-1', '[]', '{}'), (at, put) => {
      // In the place of any one value.
      const values = [...whole.matchAll(/(?<=[:[,])(?:"[^"]*"|\d[\d.]*)(?=[,\]}])/g)];
      const value = values[at % values.length]!;
      const broken = whole.slice(0, value.index) + put + whole.slice(value.index + value[0].length);
      expect(() => planAnswerFrom(JSON.parse(broken))).toThrow(MalformedError);
    }),
  );
  expect(() => planFrom(undefined)).toThrow(MalformedError);
});
