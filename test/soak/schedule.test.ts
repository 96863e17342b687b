import { describe, expect, test } from '@jest/globals';
import {
  changeVerbs,
  comersIn,
  drawChanges,
  isChange,
  membersMin,
  nodesAt,
} from './changes/draw-changes.js';
import {
  drawSchedule,
  restMsUsual,
  parseSchedule,
  scheduleText,
  troubleKinds,
} from './schedule.js';
import type { Trouble } from './trouble.js';

const options = {
  seed: '7',
  durationMs: 30 * 60_000,
  hosts: {
    servers: ['s1', 's2', 's3'],
    nodes: ['n1', 'n2', 'n3'],
    clients: ['c1'],
    later: [],
  },
  kinds: troubleKinds,
};

test('a seed draws the same schedule again, and its text says all of it', () => {
  const schedule = drawSchedule(options);
  expect(drawSchedule(options)).toEqual(schedule);
  expect(parseSchedule(scheduleText(schedule))).toEqual(schedule);
  expect(drawSchedule({ ...options, seed: '8' })).not.toEqual(schedule);
});

test('every kind of trouble comes, and all is over when clients stop', () => {
  const schedule = drawSchedule(options);
  const verbs = new Set(schedule.map(({ words }) => words[0]));
  expect(verbs).toEqual(new Set(['clock', 'cut', 'delay', 'kill', 'lose', 'mute', 'slow', 'stop']));
  for (const { atMs, forMs } of schedule) expect(atMs + forMs).toBeLessThan(options.durationMs);
});

test('twenty minutes with five nodes kill a hundred processes', () => {
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
  const hosts = { ...options.hosts, nodes };
  for (let seed = 1; seed <= 50; seed++) {
    const schedule = drawSchedule({
      ...options,
      seed: String(seed),
      hosts,
      durationMs: 20 * 60_000,
    });
    const kills = schedule.filter(({ words }) => words[0] === 'kill');
    expect(kills.length).toBeGreaterThanOrEqual(100);
  }
});

describe('changes of the membership', () => {
  const founders = ['n1', 'n2', 'n3', 'n4', 'n5'];
  const hosts = { ...options.hosts, nodes: founders };
  const drawn = (seed: number, count = 30): Trouble[] =>
    drawChanges({ seed: String(seed), durationMs: options.durationMs, founders, count });
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

  test('a seed draws so many, of every kind, in time; and their text says all of it', () => {
    for (const seed of seeds) {
      const changes = drawn(seed);
      expect(drawn(seed)).toEqual(changes);
      expect(parseSchedule(scheduleText(changes))).toEqual(changes);
      expect(changes.every((change) => isChange(change))).toBe(true);
      const verbs = changes.map(({ words }) => words[0]);
      const counted = verbs.filter((verb) => verb !== 'cancel' && verb !== 'wipe');
      expect(counted).toHaveLength(30);
      expect(new Set(counted)).toEqual(new Set(['join', 'leave', 'weight', 'replace', 'remove']));
      const lastMs = Math.max(...changes.map(({ atMs }) => atMs));
      expect(lastMs).toBeLessThan(options.durationMs);
    }
    const verbs = seeds.flatMap((seed) => drawn(seed).map(({ words }) => words[0]));
    expect(new Set(verbs)).toEqual(new Set(changeVerbs));
  });

  test('each is of a node that is there by then: names come once, and what is lost is gone', () => {
    for (const seed of seeds) {
      const there = new Set(founders);
      const named = new Set(founders);
      for (const { words } of drawn(seed, 60)) {
        const [verb, node = '', by = ''] = words;
        if (verb === 'cancel') continue;
        if (verb === 'join') expect(named).not.toContain(node);
        else if (verb === 'replace') expect(there).not.toContain(node);
        else expect(there).toContain(node);
        if (verb === 'replace' && by !== node) expect(named).not.toContain(by);
        const comer = { join: node, replace: by }[verb!];
        if (comer !== undefined) there.add(named.add(comer) && comer);
        if (verb === 'leave' || verb === 'remove' || verb === 'wipe') there.delete(node);
        expect(there.size).toBeGreaterThanOrEqual(membersMin - 1);
      }
      expect([...named].filter((name) => !founders.includes(name))).toEqual(
        comersIn(drawn(seed, 60), founders),
      );
    }
  });

  test('no node is named again of which a cancel leaves open whether it is a member', () => {
    for (const seed of seeds) {
      const open = new Set<string>();
      let last: readonly string[] = [];
      for (const { words } of drawn(seed, 60)) {
        if (words[0] !== 'cancel') expect(open).not.toContain(words[1]);
        else if (last[0] !== 'weight') open.add(last[1]!);
        last = words;
      }
    }
  });

  test('troubles fall on who is there; without changes they are the same as ever', () => {
    expect(drawSchedule({ ...options, changes: [] })).toEqual(drawSchedule(options));
    for (const seed of seeds.slice(0, 10)) {
      const changes = drawn(seed);
      const schedule = drawSchedule({ ...options, seed: String(seed), hosts, changes });
      expect(schedule.filter((trouble) => isChange(trouble))).toEqual(changes);
      const killed = schedule.filter(({ words: [verb] }) => verb === 'kill' || verb === 'stop');
      for (const { atMs, words } of killed)
        expect([...hosts.servers, ...nodesAt(changes, founders, atMs)]).toContain(words[1]);
      const comers = comersIn(changes, founders);
      expect(killed.some(({ words }) => comers.includes(words[1]!))).toBe(true);
    }
  });

  test('kills and standstills spare the servers, where they are to', () => {
    const schedule = drawSchedule({ ...options, kinds: ['kill', 'stop'], sparesServers: true });
    const hit = new Set(schedule.map(({ words }) => words[1]));
    expect(hit).toEqual(new Set(options.hosts.nodes));
  });

  test('rests that are twice as long: half as many troubles', () => {
    const [many, few] = [restMsUsual, 2 * restMsUsual].map(
      (restMsMax) => drawSchedule({ ...options, durationMs: 20 * 60_000, restMsMax }).length,
    );
    expect(few! / many!).toBeCloseTo(0.5, 1);
  });

  test('a change says no time that it lasts, and everything else does', () => {
    expect(parseSchedule('7.000 replace n2 n2\n8.000 cancel\n')).toEqual([
      { atMs: 7_000, forMs: 0, words: ['replace', 'n2', 'n2'] },
      { atMs: 8_000, forMs: 0, words: ['cancel'] },
    ]);
    expect(() => parseSchedule('7.000 join n4 for=1.000')).toThrow(SyntaxError);
    expect(() => parseSchedule('7.000 kill n4')).toThrow(SyntaxError);
  });
});

test('comments and empty lines are passed over; what is no line is an error', () => {
  expect(parseSchedule('# nothing\n\n1.500 kill n1 for=2.000 # hard\n')).toEqual([
    { atMs: 1500, forMs: 2000, words: ['kill', 'n1'] },
  ]);
  expect(() => parseSchedule('kill n1')).toThrow(SyntaxError);
});
