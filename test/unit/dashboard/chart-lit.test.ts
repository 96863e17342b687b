/** Where a chart is and how it came there, told of states and events alone. */
import { describe, expect, test } from '@jest/globals';
import { getInitialSnapshot, type AnyMachineSnapshot } from 'xstate';
import { peerMachine } from '../../../actors/failure-detector/peer.machine.js';
import { gossipMachine } from '../../../actors/membership/gossip.machine.js';
import type { ChartNode, StateValue } from '../../../src/dashboard/wire.js';
import { findCharts } from '../../../src/dashboard/charts.js';
import {
  indexOf,
  litStates,
  takenTransitions,
} from '../../../src/dashboard/page/views/charts/lit.js';

const charts = new Map((await findCharts()).map(({ id, root }) => [id, root]));

function rootOf(chart: string): ChartNode {
  return charts.get(chart)!;
}

function taken(chart: string, before: StateValue, event: string, after: StateValue): string[] {
  const root = rootOf(chart);
  return [
    ...takenTransitions(indexOf(root), litStates(root, before), event, litStates(root, after)),
  ];
}

describe('the states that are lit', () => {
  test('are those that XState says are active', () => {
    for (const machine of [peerMachine, gossipMachine]) {
      const { value, _nodes: nodes } = getInitialSnapshot(machine) as AnyMachineSnapshot;
      const lit = litStates(rootOf(machine.id), value as StateValue);
      expect([...lit].toSorted()).toEqual(nodes.map(({ id }) => id).toSorted());
    }
  });

  test('are none while nobody knows', () => {
    expect(litStates(rootOf('peer'), null).size).toBe(0);
  });
});

describe('the transitions that were taken', () => {
  test('are found by event and outcome', () => {
    expect(
      taken('peer', { watched: 'alive' }, 'peer.silent', { watched: { probed: 'asked' } }),
    ).toEqual(['peer.watched.alive peer.silent 0']);
    expect(
      taken('peer', { watched: { probed: 'asked' } }, 'peer.heard', { watched: 'alive' }),
    ).toEqual(['peer.watched.probed peer.heard 0']);
    expect(taken('peer', { watched: 'down' }, 'self.ill', 'suspended')).toEqual([
      'peer.watched self.ill 0',
    ]);
  });

  test('come back through a history', () => {
    expect(taken('peer', 'suspended', 'self.well', { watched: 'down' })).toEqual([
      'peer.suspended self.well 0',
    ]);
  });

  test('stay where they are', () => {
    expect(taken('peer', { watched: 'alive' }, 'witness.suspects', { watched: 'alive' })).toEqual([
      'peer witness.suspects 0',
    ]);
  });

  test('go on by themselves', () => {
    expect(
      taken('peer', { watched: { probed: 'unanswered' } }, 'witness.suspects', { watched: 'down' }),
    ).toEqual([
      'peer.watched.probed.unanswered witness.suspects 0',
      'peer.watched.suspect always 0',
    ]);
    expect(taken('lookUp', 'askingPrimaries', 'replica.refused', 'askingStandIns')).toEqual([
      'lookUp replica.refused 0',
      'lookUp.askingPrimaries always 0',
    ]);
    expect(
      taken(
        'membership',
        { arriving: { place: 'active', start: 'untimed' } },
        'time.told',
        'joined',
      ),
    ).toEqual([
      'membership.arriving xstate.done.state.membership.arriving 0',
      'membership.arriving.start.untimed time.told 0',
    ]);
  });

  test('are one in each region that takes the event', () => {
    const before = { meeting: { withAll: 'staying' }, doing: 'singly', knowing: 'newcomer' };
    const after = { meeting: { withAll: 'leaving' }, doing: 'doubly', knowing: 'newcomer' };
    expect(taken('listening', before, 'others.changed', after)).toEqual([
      'listening.meeting.withAll.staying others.changed 1',
      'listening.doing.singly others.changed 0',
    ]);
  });

  test('are those of a timer by the name XState gives it', () => {
    const root = rootOf('handoff');
    const { event } = root.states
      .find(({ key }) => key === 'backingOff')!
      .transitions.find(({ trigger }) => trigger.kind === 'after')!;
    expect(taken('handoff', 'backingOff', event, 'idle')).toHaveLength(1);
  });
});
