/**
 * Values that merge by themselves, over the product's own minting and merging: nothing that was
 * acknowledged is lost, whoever writes at once, whatever a read misses, however puts end.
 */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { actorOf } from '../../../actors/rules/actor.js';
import {
  emptyState,
  merge,
  mint,
  seenAll,
  type Context,
  type KeyState,
} from '../../../actors/rules/versions.js';
import { standing } from '../../../actors/rules/operations.js';
import {
  Counter,
  counterKind,
  mapKind,
  MergingMap,
  MergingSet,
  setKind,
} from '../../../src/client/crdt/merging-values.js';
import { withField, withoutField, type DotMap } from '../../../src/client/crdt/dot-map.js';
import { decoded, Replica, type Mergeable, type Shelf } from '../../../src/client/crdt/replica.js';
import { withAmount, type Sums } from '../../../src/client/crdt/sums.js';
import { MalformedError, UnavailableError } from '../../../src/errors.js';

const writers = ['u', 'v', 'w'];

/** What may happen to one change: what is read of which nodes, and how its put ends. */
interface Course {
  readonly readAt: readonly number[];
  readonly putAt: number;
  readonly also: readonly number[];
  readonly outcome: 'done' | 'unknown' | 'none';
}

const node = fc.nat({ max: 2 });
const course: fc.Arbitrary<Course> = fc.record({
  readAt: fc.uniqueArray(node, { minLength: 1 }),
  putAt: node,
  also: fc.uniqueArray(node, { maxLength: 2 }),
  outcome: fc.constantFrom('done', 'done', 'done', 'unknown', 'none'),
});

/** Three nodes that hold the key; each mints as its own actor. */
class Nodes {
  readonly states: KeyState[] = [emptyState, emptyState, emptyState];

  /** One replica's way to them; the course says what becomes of its next change. */
  shelf(next: () => Course): Shelf<Context> {
    return {
      read: () => {
        const state = next()
          .readAt.map((at) => this.states[at]!)
          .reduce(merge);
        const values = standing(state.siblings).flatMap(({ value }) => value ?? []);
        return Promise.resolve({ values, context: state.context });
      },
      put: (value, context) => {
        const { putAt, also, outcome } = next();
        if (outcome === 'none') return Promise.reject(new UnavailableError('not done'));
        const minted = mint({
          local: this.states[putAt]!,
          seen: seenAll(context),
          actor: actorOf(`${putAt + 1}`.repeat(16), 1),
          value,
          writtenAtMs: 1,
          expiresAtMs: 0,
          operation: '',
        });
        this.states[putAt] = minted;
        for (const at of also) this.states[at] = merge(this.states[at]!, minted);
        if (outcome === 'done') return Promise.resolve();
        return Promise.reject(new UnavailableError('who knows', 'unknown'));
      },
    };
  }

  final<S>(kind: Mergeable<S>): S {
    const all = this.states.reduce(merge);
    return standing(all.siblings).reduce<S>(
      (state, { value }) => kind.merge(state, decoded(kind, value!)),
      kind.empty,
    );
  }
}

type Ended = 'done' | 'unknown' | 'none';

/** Several changes at once, each of another client; then the next several. */
const history = <T>(change: fc.Arbitrary<T>): fc.Arbitrary<readonly (readonly Step<T>[])[]> =>
  fc.array(
    fc.uniqueArray(fc.record({ client: node, course, change }), {
      minLength: 1,
      selector: ({ client }) => client,
    }),
    { maxLength: 12 },
  );

interface Step<T> {
  readonly client: number;
  readonly course: Course;
  readonly change: T;
}

async function play<S, T>(
  kind: Mergeable<S>,
  steps: readonly (readonly Step<T>[])[],
  act: (replica: Replica<S>, change: T, id: number) => Promise<void>,
): Promise<{ readonly final: S; readonly ended: readonly Ended[] }> {
  const nodes = new Nodes();
  const courses: (Course | undefined)[] = [];
  const replicas = writers.map((writer, i) => {
    const shelf = nodes.shelf(() => courses[i]!);
    return new Replica(kind, writer, shelf);
  });
  const ended: Ended[] = [];
  for (const atOnce of steps) {
    const base = ended.length;
    for (const { outcome } of atOnce.map((step) => step.course)) ended.push(outcome);
    for (const { client, course: drawn } of atOnce) courses[client] = drawn;
    await Promise.allSettled(
      atOnce.map(({ client, change }, i) => act(replicas[client]!, change, base + i)),
    );
  }
  return { final: nodes.final(kind), ended };
}

describe('over the nodes of a cluster (seed 11)', () => {
  const parameters = { seed: 11, numRuns: 400 };

  test('a counter counts what was acknowledged once, and what was refused not at all', async () => {
    await fc.assert(
      fc.asyncProperty(history(fc.constant(undefined)), async (steps) => {
        // Each amount is a bit of its own, so that the total tells which were counted.
        const { final, ended } = await play(counterKind, steps, (replica, _, id) =>
          new Counter(replica).add(2 ** id),
        );
        const total = [...final.values()].reduce((sum, { added }) => sum + added, 0);
        for (const [id, outcome] of ended.entries()) {
          const isCounted = Math.floor(total / 2 ** id) % 2 === 1;
          if (outcome === 'done') expect(isCounted).toBe(true);
          if (outcome === 'none') expect(isCounted).toBe(false);
        }
        expect(total).toBeLessThan(2 ** ended.length);
      }),
      parameters,
    );
  });

  test('a set has what was added, unless somebody who had seen it removed it', async () => {
    const change = fc.oneof(
      { weight: 3, arbitrary: fc.constant('add' as const) },
      { weight: 1, arbitrary: fc.nat({ max: 11 }) },
    );
    await fc.assert(
      fc.asyncProperty(history(change), async (steps) => {
        const removals: { readonly id: number; readonly element: string; sawIt: boolean }[] = [];
        const { final, ended } = await play(setKind, steps, async (replica, wish, id) => {
          if (wish === 'add') return new MergingSet(replica).add(`e${id}`);
          const removal = { id, element: `e${wish}`, sawIt: false };
          removals.push(removal);
          return replica.change((state) => {
            removal.sawIt = state.fields.has(removal.element);
            return withoutField(state, removal.element);
          });
        });
        const wishes = steps.flat().map((step) => step.change);
        for (const [id, outcome] of ended.entries()) {
          if (wishes[id] !== 'add') continue;
          const element = `e${id}`;
          const isThere = final.fields.has(element);
          const against = removals.filter((removal) => removal.element === element);
          if (outcome === 'none') expect(isThere).toBe(false);
          if (outcome === 'done' && against.length === 0) expect(isThere).toBe(true);
          if (against.some((removal) => removal.sawIt && ended[removal.id] === 'done'))
            expect(isThere).toBe(false);
        }
      }),
      parameters,
    );
  });
});

/** States of three writers that have met now and then. */
function statesOf<S>(
  kind: Mergeable<S>,
  change: (state: S, writer: string, what: number) => S,
): fc.Arbitrary<readonly [S, S, S]> {
  return fc.array(fc.tuple(node, fc.nat({ max: 9 }), node), { maxLength: 15 }).map((steps) => {
    const held: [S, S, S] = [kind.empty, kind.empty, kind.empty];
    for (const [at, what, from] of steps) {
      const met = kind.merge(held[at]!, what > 6 ? held[from]! : held[at]!);
      held[at] = change(met, writers[at]!, what);
    }
    return held;
  });
}

function checkLaws<S>(
  kind: Mergeable<S>,
  states: fc.Arbitrary<readonly [S, S, S]>,
  normal: (state: S) => unknown,
): void {
  const merged = (...given: readonly S[]): unknown =>
    normal(given.reduce((x, y) => kind.merge(x, y)));
  fc.assert(
    fc.property(states, ([a, b, c]) => {
      expect(merged(a, b)).toEqual(merged(b, a));
      expect(merged(a, kind.merge(b, c))).toEqual(merged(a, b, c));
      expect(merged(a, a)).toEqual(normal(a));
      expect(merged(a, b, b)).toEqual(merged(a, b));
    }),
    { seed: 12, numRuns: 400 },
  );
}

function amountChanged(state: Sums, writer: string, what: number): Sums {
  return withAmount(state, writer, what - 4);
}

function fieldChanged(state: DotMap, writer: string, what: number): DotMap {
  const field = `f${what % 3}`;
  return what < 3 ? withoutField(state, field) : withField(state, writer, field, what);
}

describe('merging is commutative, associative and idempotent (seed 12)', () => {
  test('counters', () => {
    checkLaws(counterKind, statesOf(counterKind, amountChanged), (state) => new Map(state));
  });

  test('sets and maps', () => {
    checkLaws(mapKind, statesOf(mapKind, fieldChanged), ({ seen, fields }) => [
      new Map(seen),
      new Map(fields),
    ]);
  });
});

/** A node of its own is read and written. */
function apart(at: number): Course {
  return { readAt: [at], putAt: at, also: [], outcome: 'done' };
}

describe('one client', () => {
  const calm: Course = { readAt: [0, 1, 2], putAt: 0, also: [1, 2], outcome: 'done' };

  test('changes that are asked for at once are put together, in their order', async () => {
    const nodes = new Nodes();
    let puts = 0;
    const shelf = nodes.shelf(() => calm);
    const counting: Shelf<Context> = { ...shelf, put: (...put) => (puts++, shelf.put(...put)) };
    const replica = new Replica(counterKind, 'u', counting);
    const counter = new Counter(replica);
    await Promise.all(Array.from({ length: 100 }, (_, i) => counter.add(i)));
    expect(await counter.value()).toBe(4950);
    expect(puts).toBe(2);
    await counter.add(-50);
    expect(await counter.value()).toBe(4900);
  });

  test('a change that was not done leaves no trace; one that may be done is stored with the next', async () => {
    const nodes = new Nodes();
    let next: Course = { ...calm, outcome: 'none' };
    const set = new MergingSet(
      new Replica(
        setKind,
        'u',
        nodes.shelf(() => next),
      ),
    );
    await expect(set.add('never')).rejects.toThrow('not done');
    // Stored nowhere that anybody reads.
    next = { readAt: [1], putAt: 0, also: [], outcome: 'unknown' };
    await expect(set.add('maybe')).rejects.toThrow('who knows');
    next = { ...calm, readAt: [1, 2], putAt: 1 };
    await set.add('surely');
    expect([...nodes.final(setKind).fields.keys()].sort()).toEqual(['maybe', 'surely']);
    await set.remove('maybe');
    expect(await set.values()).toEqual(new Set(['surely']));
    expect([await set.has('surely'), await set.has('maybe')]).toEqual([true, false]);
    await set.clear();
    expect(await set.values()).toEqual(new Set());
  });

  test('of a field that two set at once one wins, the same for both', async () => {
    const nodes = new Nodes();
    let courses: [Course, Course] = [apart(0), apart(1)];
    const maps = [0, 1].map((i) => {
      const shelf = nodes.shelf(() => courses[i as 0 | 1]);
      return new MergingMap<number[]>(new Replica(mapKind, writers[i]!, shelf));
    });
    await Promise.all(maps.map((map, i) => map.set('f', [i])));
    courses = [calm, calm];
    const [one, other] = await Promise.all(maps.map((map) => map.get('f')));
    expect(one).toEqual(other);
    await maps[0]!.set('f', [7]);
    await maps[1]!.set('g', [8]);
    expect(await maps[1]!.entries()).toEqual(
      new Map([
        ['f', [7]],
        ['g', [8]],
      ]),
    );
    await maps[1]!.remove('f');
    expect(await maps[0]!.get('f')).toBeUndefined();
  });

  test('what makes no sense is refused alone, and nothing is put', async () => {
    const nodes = new Nodes();
    const shelf = nodes.shelf(() => calm);
    const counter = new Counter(new Replica(counterKind, 'u', shelf));
    await counter.add(Number.MAX_SAFE_INTEGER);
    const [over, fine] = await Promise.allSettled([counter.add(1), counter.add(-1)]);
    expect([over.status, fine.status]).toEqual(['rejected', 'fulfilled']);
    await expect(counter.add(0.5)).rejects.toBeInstanceOf(MalformedError);
    const map = new MergingMap(new Replica(mapKind, 'u', shelf));
    await expect(map.set('f', undefined)).rejects.toBeInstanceOf(MalformedError);
    await expect(map.set('f', 1n)).rejects.toBeInstanceOf(MalformedError);
    // The key holds a counter.
    await expect(map.entries()).rejects.toBeInstanceOf(MalformedError);
  });

  test('what is no text is refused: nobody could read the set or map again', async () => {
    const shelf = new Nodes().shelf(() => calm);
    const set = new MergingSet(new Replica(setKind, 'u', shelf));
    await set.add('a');
    await expect(set.add('b', 5 as unknown as string)).rejects.toBeInstanceOf(MalformedError);
    expect(await set.values()).toEqual(new Set(['a']));
    const map = new MergingMap(
      new Replica(
        mapKind,
        'u',
        new Nodes().shelf(() => calm),
      ),
    );
    await expect(map.set(undefined as unknown as string, 1)).rejects.toThrow(MalformedError);
    expect((await map.entries()).size).toBe(0);
  });

  test.each(['', '7', 'null', '{"crdt":"set"}', '{"crdt":"set","seen":[["u",-1]],"fields":[]}'])(
    '%j is no set',
    (text) => {
      expect(() => decoded(setKind, Buffer.from(text))).toThrow(MalformedError);
    },
  );
});
