import { describe, expect, test } from '@jest/globals';
import { createActor } from 'xstate';
import { peerChart, type PeerEvent } from '../../actors/failure-detector/peer.machine.js';
import { limits } from '../../actors/rules/limits.js';
import { isFoundedBy } from '../../actors/rules/founding.js';
import { isNewer, type Member, mergeMember } from '../../actors/rules/membership.js';
import {
  isConfirmed,
  patienceMs,
  silenceMsMax,
  tellsOfAll,
  trusted,
  withoutWitness,
  withWitness,
} from '../../actors/rules/suspicion.js';
import { Scheduler, SimProcess } from '../simulation/core/scheduler.js';
import { SimClock } from '../simulation/seams/sim-clock.js';

describe('suspicion', () => {
  test('two independent sources, and nobody counts twice', () => {
    const silent = { ...trusted, silent: true };
    expect(isConfirmed(silent)).toBe(false);
    expect(isConfirmed({ ...trusted, absentAtMs: 0 })).toBe(false);
    expect(isConfirmed({ ...silent, absentAtMs: 0 })).toBe(true);
    const once = withWitness(silent, 'b');
    expect(isConfirmed(once)).toBe(true);
    expect(withWitness(once, 'b')).toBe(once);
    expect(isConfirmed(withoutWitness(once, 'b'))).toBe(false);
    expect(isConfirmed(withWitness(trusted, 'b'))).toBe(false);
  });

  test('time for news to get around: a beat and a half, and a beat more for every further hop', () => {
    expect([1, 2, 5].map(silenceMsMax)).toEqual([1_500, 1_500, 1_500]);
    expect([6, 25].map(silenceMsMax)).toEqual([2_500, 2_500]);
  });

  test('where news can not tell of all, who is asked is waited for longer, by the size of the cluster', () => {
    expect([25, 26].map(tellsOfAll)).toEqual([true, false]);
    expect([26, 256].map(silenceMsMax)).toEqual([1_500, 1_500]);
    const { probeMsMax } = limits;
    expect([3, 25, 26, 125, 126, 256].map((nodes) => patienceMs(nodes, 0) / probeMsMax)).toEqual([
      0, 0, 2, 2, 3, 3,
    ]);
    expect(patienceMs(3, 2)).toBe(2 * probeMsMax);
  });
});

async function beliefs(
  events: readonly (PeerEvent | { readonly waitMs: number })[],
): Promise<string[]> {
  const scheduler = new Scheduler((error) => {
    throw error;
  });
  const clock = new SimClock(scheduler, new SimProcess('a'), { driftPpm: 0, wallOffsetMs: 0 });
  const seen: string[] = [];
  const chart = peerChart({
    believe: (now) => void seen.push(now),
    believeAbsent: () => undefined,
    tellAgain: () => void seen.push('again'),
    probe: () => void seen.push('probe'),
    strike: () => void seen.push('strike'),
  });
  const actor = createActor(chart, { clock });
  actor.start();
  for (const event of events) {
    if ('type' in event) actor.send(event);
    else await scheduler.run({ endUs: scheduler.nowUs + event.waitMs * 1000 });
  }
  actor.stop();
  return seen.slice(1);
}

const suspectedBy = (witness: string) => ({ type: 'witness.suspects', witness }) as const;
const trustedBy = (witness: string) => ({ type: 'witness.trusts', witness }) as const;

describe('peer', () => {
  const silent = { type: 'peer.silent', patienceMs: 0 } as const;
  const slow = { type: 'peer.silent', patienceMs: 800 } as const;
  const absent = { type: 'peer.absent', atMs: 0 } as const;
  const heard = { type: 'peer.heard' } as const;
  const wait = { waitMs: limits.probeMsMax };

  test.each([
    ['silent, answers the probe', [silent, heard, wait], ['probe', 'alive']],
    ['silent, no answer', [silent, wait], ['probe', 'strike', 'suspect', 'probe']],
    [
      'with patience: asked once more, answers',
      [slow, wait, heard],
      ['probe', 'strike', 'probe', 'alive'],
    ],
    [
      'with patience: no answer',
      [slow, wait, wait, wait],
      ['probe', 'strike', 'probe', 'suspect', 'probe'],
    ],
    [
      'with patience, and a witness: none is needed',
      [suspectedBy('b'), slow, wait],
      ['probe', 'strike', 'suspect', 'probe', 'down'],
    ],
    [
      'with patience, then a witness',
      [slow, wait, suspectedBy('b')],
      ['probe', 'strike', 'probe', 'suspect', 'probe', 'down'],
    ],
    ['NATS knows nobody there', [absent, wait], ['suspect', 'probe']],
    [
      'NATS knows nobody there, then silent',
      [absent, silent],
      ['suspect', 'probe', 'probe', 'down'],
    ],
    [
      'silent, the probe finds nobody, silent still',
      [silent, absent, silent],
      ['probe', 'suspect', 'probe', 'probe', 'down'],
    ],
    ['a witness alone', [suspectedBy('b'), wait], []],
    [
      'a witness, then own silence',
      [suspectedBy('b'), silent, wait],
      ['probe', 'strike', 'suspect', 'probe', 'down'],
    ],
    [
      'own silence, then a witness',
      [silent, wait, suspectedBy('b')],
      ['probe', 'strike', 'suspect', 'probe', 'down'],
    ],
    [
      'a witness that changed its mind',
      [suspectedBy('b'), trustedBy('b'), silent, wait],
      ['probe', 'strike', 'suspect', 'probe'],
    ],
    ['down, then heard', [absent, silent, heard], ['suspect', 'probe', 'probe', 'down', 'alive']],
    [
      'this node is ill: silence and absence say nothing',
      [{ type: 'self.ill' }, silent, absent, wait, { type: 'self.well' }],
      ['alive'],
    ],
    [
      'down stays down while this node is ill',
      [absent, silent, { type: 'self.ill' }, { type: 'self.well' }],
      ['suspect', 'probe', 'probe', 'down', 'down'],
    ],
  ] as const)('%s', async (_what, events, expected) => {
    expect(await beliefs(events)).toEqual(expected);
  });
});

describe('members', () => {
  const row: Member = {
    id: 'a',
    name: 'a',
    host: 'h',
    zone: '',
    weight: 1,
    pid: 1,
    generation: 2,
    heartbeat: 5,
    epochs: 8,
    status: 'active',
  };

  test('the newer generation wins, then the newer heartbeat', () => {
    expect(isNewer({ generation: 3, heartbeat: 0 }, row)).toBe(true);
    expect(isNewer({ generation: 2, heartbeat: 6 }, row)).toBe(true);
    expect(isNewer(row, row)).toBe(false);
    const newer = { ...row, heartbeat: 6, name: 'b' };
    expect(mergeMember(row, newer)).toBe(newer);
    expect(mergeMember(newer, row)).toBe(newer);
  });

  test('a status is not told, whichever row is newer; epochs are not taken back', () => {
    const joining = { ...row, generation: 9, status: 'joining' } as const;
    expect(mergeMember(row, joining)).toEqual({ ...joining, status: 'active' });
    expect(mergeMember(joining, { ...row, generation: 10 }).status).toBe('joining');
    // An old disk knows of fewer epochs than others have seen.
    expect(mergeMember(row, { ...row, generation: 9, epochs: 3 }).epochs).toBe(8);
  });

  test('a cluster is founded when all who met say the same', () => {
    const met = ['a', 'b', 'c'];
    const said = new Map([
      ['b', met],
      ['c', met],
    ]);
    const gathering = { met, said, self: 'a', founders: 3 };
    expect(isFoundedBy(gathering)).toBe(true);
    expect(isFoundedBy({ ...gathering, founders: 4 })).toBe(false);
    expect(isFoundedBy({ ...gathering, said: new Map([['b', met]]) })).toBe(false);
    const wider = new Map([...said, ['c', [...met, 'd']]]);
    expect(isFoundedBy({ ...gathering, said: wider })).toBe(false);
  });
});
