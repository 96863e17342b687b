import { describe, expect, test } from '@jest/globals';
import type { Configuration } from '../../../actors/rules/configuration.js';
import { planned, type Wishes } from '../../../actors/rules/plan.js';
import { transferLimits } from '../../../actors/rules/limits/transfer.js';
import { type Preview, previewOf } from '../../../actors/rules/plan-preview.js';
import {
  begin,
  cancelled,
  foundingConfiguration,
  mayFollow,
  moved,
  removal,
} from '../../../actors/rules/steps.js';
import { idOf, placeOf, placesOf, settled, taken } from '../../support/configurations.js';

const partitions = 64;
const founded = foundingConfiguration(placesOf(1, 2, 3), partitions);

/** n3 has gone, n4 is in its place. */
const later = settled(taken(begin(founded, { members: placesOf(1, 2, 4), ring: 1, removed: [] })));

function names({ move }: Configuration): string[] {
  return move!.members.map(({ name }) => name);
}

describe('a plan', () => {
  test.each<[string, Configuration, Wishes, string[]]>([
    ['adds', founded, { add: [placeOf(4)] }, ['n1', 'n2', 'n3', 'n4']],
    ['lets leave', founded, { leave: [idOf(2)] }, ['n1', 'n3']],
    ['takes back', later, { add: [placeOf(3)] }, ['n1', 'n2', 'n3', 'n4']],
    [
      'does several things at once',
      founded,
      { add: [placeOf(4), placeOf(5)], leave: [idOf(1)], change: [{ id: idOf(2), weight: 4 }] },
      ['n2', 'n3', 'n4', 'n5'],
    ],
  ])('%s', (_what, from, wishes, members) => {
    const to = taken(planned(from, wishes, []));
    expect(names(to)).toEqual(members);
    expect(to.removed).toEqual([]);
    expect(mayFollow(from, to)).toBe(true);
  });

  test('removes who is down, and replaces it by another', () => {
    const gone = taken(planned(founded, { remove: [idOf(3)] }, [idOf(3)]));
    expect(names(gone)).toEqual(['n1', 'n2']);
    expect(gone.removed).toEqual([idOf(3)]);
    // A wiped machine comes with a new id, and may have the old name.
    const by = placeOf(7, { name: 'n3', host: 'h3' });
    const other = taken(planned(founded, { replace: [{ old: idOf(3), by }] }, [idOf(3)]));
    expect(other.move!.members).toEqual([...placesOf(1, 2), by]);
    expect(other.removed).toEqual([idOf(3)]);
    expect(settled(other).leaving).toEqual([]);
  });

  test('changes weight, host, zone, name, and nothing else', () => {
    const change = [{ id: idOf(2), weight: 3, host: 'x', zone: 'y', name: 'z' }];
    const to = taken(planned(founded, { change }, []));
    expect(to.move!.members).toEqual([placeOf(1), { ...placeOf(2), ...change[0] }, placeOf(3)]);
    expect(to.move!.ring).toBe(1);
    const other = taken(planned(founded, { ring: 2 }, []));
    expect(other.move).toEqual({ members: founded.members, ring: 2, moved: [] });
  });

  test('waits no longer for one that leaves and is gone for good: nothing moves for that', () => {
    const to = taken(planned(later, { remove: [idOf(3)] }, [idOf(3)]));
    expect(to).toEqual({ ...later, number: later.number + 1, leaving: [] });
    const also = taken(planned(later, { remove: [idOf(3)], add: [placeOf(5)] }, [idOf(3)]));
    expect(also.leaving).toEqual([]);
    expect(names(also)).toEqual(['n1', 'n2', 'n4', 'n5']);
  });

  test('takes out who was removed before, whatever it is for', () => {
    const removing = taken(planned(founded, { remove: [idOf(3)] }, [idOf(3)]));
    const back = taken(cancelled(removing));
    expect(back.removed).toEqual([idOf(3)]);
    const to = taken(planned(back, { add: [placeOf(4)] }, []));
    expect(names(to)).toEqual(['n1', 'n2', 'n4']);
    expect(settled(to).removed).toEqual([]);
    const again = taken(planned(back, {}, []));
    expect(names(again)).toEqual(['n1', 'n2']);
  });

  const moving = taken(planned(founded, { add: [placeOf(4)] }, []));
  const without3 = taken(removal(founded, [idOf(3)]));
  test.each<[string, Configuration, Wishes, string]>([
    ['nothing is asked for', founded, {}, 'nothing would change'],
    ['a move is under way', moving, { add: [placeOf(5)] }, 'wait for it, or cancel it'],
    ['it is a member', founded, { add: [placeOf(1)] }, 'n1 is a member already: change its'],
    ['it was removed', without3, { add: [placeOf(3)] }, 'n3 was removed for good: start it with'],
    ['removed twice', without3, { remove: [idOf(3)] }, 'n3 was removed before: any other'],
    ['a removed one changes', without3, { change: [{ id: idOf(3), weight: 2 }] }, 'n3 was removed'],
    ['it lives', founded, { remove: [idOf(1)] }, 'n1 is not down: stop it first'],
    [
      'the old one lives',
      founded,
      { replace: [{ old: idOf(1), by: placeOf(9) }] },
      'n1 is not down: stop it first',
    ],
    ['it leaves already', later, { leave: [idOf(3)] }, `${idOf(3)} is leaving already`],
    ['nobody knows who leaves', founded, { leave: [idOf(9)] }, `no member ${idOf(9)}`],
    ['nobody knows who is gone', founded, { remove: [idOf(9)] }, `no member ${idOf(9)}`],
    ['one that leaves changes', later, { change: [{ id: idOf(3) }] }, `no member ${idOf(3)}`],
    ['two wishes', founded, { leave: [idOf(2)], remove: [idOf(2)] }, 'n2 is named twice: ask'],
    [
      'one name for two',
      founded,
      { add: [placeOf(4, { name: 'n1' })] },
      'two nodes named n1: give one another name',
    ],
    [
      'a name that another has',
      founded,
      { change: [{ id: idOf(2), name: 'n1' }] },
      'two nodes named n1: give one another name',
    ],
    ['nobody is left', founded, { leave: [1, 2, 3].map(idOf) }, 'nobody would hold anything'],
    ['a weight', founded, { change: [{ id: idOf(1), weight: 65 }] }, 'weight of n1: from 0 to 64'],
  ])('objects when %s', (_what, from, wishes, text) => {
    expect(planned(from, wishes, [])).toContain(text);
  });
});

describe('fewer nodes than R or W', () => {
  test('nobody leaves for that, alone or beside others', () => {
    const text = /^1 node would be left, and some requests need 2 .*: they would all be refused/;
    expect(planned(founded, { leave: [2, 3].map(idOf) }, [], 2)).toMatch(text);
    const both: Wishes = { leave: [idOf(2)], remove: [idOf(3)] };
    expect(planned(founded, both, [idOf(3)], 2)).toMatch(text);
    expect(names(taken(planned(founded, { leave: [idOf(3)] }, [], 2)))).toEqual(['n1', 'n2']);
    const swapped = { leave: [2, 3].map(idOf), add: [placeOf(4)] };
    expect(names(taken(planned(founded, swapped, [], 2)))).toEqual(['n1', 'n4']);
  });

  test('who is gone for good is taken out all the same', () => {
    const two = settled(taken(planned(founded, { leave: [idOf(3)] }, [], 2)));
    expect(names(taken(planned(two, { remove: [idOf(2)] }, [idOf(2)], 2)))).toEqual(['n1']);
  });
});

function of(preview: Preview, number: number) {
  return preview.nodes.find(({ place }) => place.id === idOf(number))!;
}

describe('a preview', () => {
  const bytes = Array.from({ length: partitions }, (_, partition) => partition + 1);
  const replica = (partitions * (partitions + 1)) / 2;
  const quiet = { n: 3, w: 2, bytes, down: [] };
  const growing = taken(planned(founded, { add: [placeOf(4)] }, []));

  test('of who comes: it gets what the others lose, and nothing else moves', () => {
    const preview = previewOf(growing, quiet);
    expect(preview.nodes.map(({ place }) => place.name)).toEqual(['n1', 'n2', 'n3', 'n4']);
    const comes = of(preview, 4);
    expect(comes.before).toEqual({ partitions: 0, bytes: 0 });
    expect(comes.toMove).toEqual(comes.after);
    expect(preview.toMove).toEqual(comes.after);
    expect(of(preview, 1).before).toEqual({ partitions, bytes: replica });
    const sum = (when: 'before' | 'after', what: 'partitions' | 'bytes') =>
      preview.nodes.reduce((total, node) => total + node[when][what], 0);
    expect(sum('before', 'partitions')).toBe(3 * partitions);
    expect(sum('after', 'partitions')).toBe(3 * partitions);
    expect(sum('after', 'bytes')).toBe(3 * replica);
    expect(preview).toMatchObject({ shared: [], atRisk: [], held: [] });
  });

  test('how long it takes: as long as the node that most comes to', () => {
    const { toMove, expectedMs } = previewOf(growing, quiet);
    const { expectedMsPerPartition, expectedBytesPerMs } = transferLimits;
    const alone = toMove.partitions * expectedMsPerPartition + toMove.bytes / expectedBytesPerMs;
    expect(expectedMs).toBe(Math.ceil(alone));
    const add = [placeOf(4), placeOf(5), placeOf(6)];
    const three = previewOf(taken(planned(founded, { add }, [])), quiet);
    expect(three.toMove.partitions).toBeGreaterThan(toMove.partitions);
    expect(three.expectedMs).toBeLessThan(expectedMs);
    expect(previewOf(founded, quiet).expectedMs).toBe(0);
  });

  test('of a move under way: what has moved has not to move any more', () => {
    const whole = previewOf(growing, quiet).toMove;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const half = taken(moved(growing, all.slice(0, partitions / 2)));
    const { toMove } = previewOf(half, quiet);
    expect(toMove.partitions).toBeLessThan(whole.partitions);
    expect(toMove.partitions).toBeGreaterThan(0);
    expect(previewOf(taken(moved(growing, all)), quiet).toMove.partitions).toBe(0);
    // Cancelled, just what had moved goes back.
    const back = previewOf(taken(cancelled(half)), quiet).toMove;
    expect(back.partitions).toBe(whole.partitions - toMove.partitions);
  });

  test('of what would share a host or a zone', () => {
    const add = [placeOf(4, { host: 'h1' })];
    const change = [{ id: idOf(3), weight: 0 }];
    const crowded = previewOf(taken(planned(founded, { add, change }, [])), quiet);
    expect(crowded.shared).toEqual([
      { what: 'host', name: 'h1', nodes: [1, 4].map(idOf), partitions },
    ]);
    const zones = [{ id: idOf(3), zone: 'y' }];
    const two = previewOf(taken(planned(founded, { change: zones }, [])), quiet);
    expect(two.shared).toEqual([{ what: 'zone', name: 'z', nodes: [1, 2].map(idOf), partitions }]);
    expect(previewOf(founded, quiet).shared).toEqual([]);
  });

  test('of what is at risk now, and of what cannot move before somebody is back', () => {
    const one = previewOf(growing, { ...quiet, down: [idOf(3)] });
    expect(one.atRisk).toHaveLength(partitions);
    expect(one.atRisk[0]).toEqual({ partition: 0, down: [idOf(3)], up: 2 });
    expect(one.held).toEqual([]);
    const two = previewOf(growing, { ...quiet, down: [2, 3].map(idOf) });
    expect(two.held).toHaveLength(two.toMove.partitions);
    const loose = previewOf(growing, { ...quiet, w: 3, down: [2, 3].map(idOf) });
    expect(loose.held).toEqual([]);
    const by = placeOf(5);
    const replacing = planned(founded, { replace: [{ old: idOf(3), by }] }, [idOf(3)]);
    expect(previewOf(taken(replacing), quiet).atRisk).toHaveLength(partitions);
  });
});
