import { expect, test } from '@jest/globals';
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import {
  begun,
  cancelled,
  finished,
  founded,
  idOf,
  moved,
  place,
  placesOf,
  stateOf,
} from './made-up.js';
import type { SeenState } from './message-reader.js';
import { MoveOracle, type Owners } from './move-oracle.js';
import { Violations } from './violations.js';

const name = 'users/ada';
const stable = founded('n1 n2 n3', 1);
/** n4 comes in the place of n3. */
const moving = begun(stable, 'n1 n2 n4');
const done = finished(moved(moving, [0]));
const [n1, n2, n3, n4] = ['n1', 'n2', 'n3', 'n4'].map(idOf) as [string, string, string, string];

/** Of one partition and one key, which all members own; W is 2. */
class Told {
  private readonly violations = new Violations(() => 0);
  private readonly states = new Map<string, SeenState>();
  private readonly down = new Set<string>();
  readonly moves = new MoveOracle(
    {
      held: (node) => this.held(node),
      owners: ({ members, move }) => ownersOf({ members, move }),
      quorums: new Map([[3, 2]]),
      nOf: () => 3,
    },
    this.violations,
  );

  get broken(): string[] {
    return this.violations.list.map(({ rule }) => rule);
  }

  private held(node: string): ReadonlyMap<string, SeenState> | undefined {
    if (this.down.has(node)) return undefined;
    const state = this.states.get(node);
    return new Map(state === undefined ? [] : [[name, state]]);
  }

  /** What nodes hold, by their ids. */
  holds(states: Readonly<Record<string, SeenState>>): this {
    for (const [node, state] of Object.entries(states)) this.states.set(node, state);
    return this;
  }

  learned(configuration: Configuration, ...nodes: readonly string[]): this {
    this.moves.chosen(configuration);
    for (const node of nodes) this.moves.learned(node, configuration);
    return this;
  }

  crash(...nodes: readonly string[]): this {
    for (const node of nodes) this.down.add(node);
    return this;
  }

  restart(node: string): this {
    this.down.delete(node);
    this.moves.restarted(node);
    return this;
  }

  drop(node: string): this {
    const held = this.held(node)!;
    this.moves.dropped(node, 0, held);
    this.states.delete(node);
    return this;
  }
}

function ownersOf({ members, move }: Pick<Configuration, 'members' | 'move'>): Owners {
  return {
    before: idsOfWeighty(members),
    after: idsOfWeighty(move?.members ?? []),
  };
}

function idsOfWeighty(places: readonly Place[]): string[] {
  return places.filter(({ weight }) => weight > 0).map(({ id }) => id);
}

const two = { [n1]: stateOf('a:1'), [n2]: stateOf('a:1', 'b:1'), [n3]: stateOf('b:1') };

test('a partition is declared moved once its new owner has what enough of the owners held', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4);
  told.holds({ [n4]: stateOf('a:1', '*b:1', 'c:1') }).learned(moved(moving, [0]), n1);
  expect(told.broken).toEqual([]);
});

test('a partition is declared moved with what one source held', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4);
  told.holds({ [n4]: stateOf('a:1') }).learned(moved(moving, [0]), n1);
  expect(told.broken).toEqual(['moved-too-early']);
});

test('sources that have not heard of the move do not count: they go on as before', () => {
  const told = new Told().holds(two).learned(moving, n2, n4);
  told.holds({ [n4]: stateOf('a:1', 'b:1') }).learned(moved(moving, [0]), n2);
  expect(told.broken).toEqual(['moved-too-early']);
});

test('what is put while it moves may be on its way to the new owner', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4);
  told.holds({ [n1]: stateOf('a:1', 'c:1'), [n2]: stateOf('a:1', 'b:1', 'c:1') });
  told.holds({ [n4]: stateOf('a:1', 'b:1') }).learned(moved(moving, [0]), n1);
  expect(told.broken).toEqual([]);
});

test('what came by the new layout to who had not heard of it yet does not count either', () => {
  const told = new Told();
  const records = [{ name, state: stateOf('c:1') }];
  const asked = { from: n1, by: n2, reason: 0, owedTo: '', records };
  told.moves.asked({ ...asked, configuration: moving.layout });
  told.holds({ [n1]: stateOf('a:1', 'c:1'), [n2]: stateOf('a:1', 'c:1'), [n3]: stateOf('a:1') });
  told.learned(moving, n1, n2, n3, n4).holds({ [n4]: stateOf('a:1') });
  expect(told.learned(moved(moving, [0]), n1).broken).toEqual([]);
});

test('what a source lost in a crash it can give nobody', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).crash(n2);
  told.holds({ [n2]: stateOf('a:1') }).restart(n2);
  told.holds({ [n4]: stateOf('a:1') }).learned(moved(moving, [0]), n1);
  expect(told.broken).toEqual([]);
});

test('a new owner that is down is looked into when it is back', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).crash(n4);
  told.learned(moved(moving, [0]), n1);
  expect(told.broken).toEqual([]);
  told.restart(n4);
  expect(told.broken).toEqual(['moved-too-early']);
});

test('after a cancel, what has not moved is where it was', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4);
  expect(told.learned(cancelled(moving), n1, n2, n3).broken).toEqual([]);
});

test('after a cancel of what changed weights alone, what has not moved is where it was', () => {
  const before = { ...stable, members: [...placesOf('n1 n2 n3'), place('n4', 0)] };
  const members = [...placesOf('n1 n2'), place('n3', 0), place('n4')];
  const moving = {
    ...before,
    number: 2,
    layout: 2,
    move: { members, ring: 1, moved: [] },
  } as const;
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4);
  expect(told.learned(cancelled(moving), n1, n2, n3).broken).toEqual([]);
});

test('a former owner drops what all owners hold', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3);
  told.holds({ [n1]: stateOf('b:1'), [n4]: stateOf('*b:1', 'c:1') });
  expect(told.drop(n3).broken).toEqual([]);
});

test('a former owner drops what one of the owners lacks', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3);
  told.holds({ [n4]: stateOf('b:1') });
  expect(told.drop(n3).broken).toEqual(['dropped-too-early']);
});

test('who comes to own it by a move the former owner has not heard of need not hold it', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3);
  told.holds({ [n1]: stateOf('b:1'), [n4]: stateOf('b:1') });
  told.learned(begun(done, 'n1 n2 n5'), n1);
  expect(told.drop(n3).broken).toEqual([]);
});

test('who comes to own it by a move the former owner has heard of has to hold it', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3);
  told.holds({ [n1]: stateOf('b:1'), [n4]: stateOf('b:1') });
  told.learned(begun(done, 'n1 n2 n5'), n1, n3);
  expect(told.drop(n3).broken).toEqual(['dropped-too-early']);
});

test('a former owner drops, as one of the owners has, what all have agreed to forget', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3, n4);
  told.holds({ [n1]: stateOf('b:1'), [n4]: stateOf('b:1') }).drop(n4);
  expect(told.drop(n3).broken).toEqual([]);
});

test('an owner that is down is looked into when it is back, and one that was removed never', () => {
  const told = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3);
  told
    .holds({ [n4]: stateOf('b:1') })
    .crash(n1)
    .drop(n3);
  expect(told.broken).toEqual([]);
  told.restart(n1);
  expect(told.broken).toEqual(['dropped-too-early']);
  const without = new Told().holds(two).learned(moving, n1, n2, n3, n4).learned(done, n1, n3);
  without.holds({ [n4]: stateOf('b:1') });
  without.learned(begun(done, 'n2 n4', 'n1'), n2).drop(n3);
  expect(without.broken).toEqual([]);
});

test('who takes something as a fallback, and never owned it, may drop it once it is delivered', () => {
  const told = new Told().holds({ [n4]: stateOf('d:1') }).learned(stable, n1, n2, n3, n4);
  expect(told.drop(n4).broken).toEqual([]);
});
