/** Each event of a node's journal as its operator reads it. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { journalLimits } from '../../../actors/rules/limits/journal.js';
import { entryOf } from '../../../src/cli/log/journal-text.js';
import type { LogLevel } from '../../../src/cli/log-level.js';
import type { JournalEvent, JournalEventName } from '../../../src/seams/journal.js';
import { repositoryRoot } from '../../support/source-files.js';

type Of<Name extends JournalEventName> = Extract<JournalEvent, { readonly event: Name }>;
type Sample<Name extends JournalEventName> = readonly [
  fields: Omit<Of<Name>, 'event'>,
  level: LogLevel,
  text: string,
];

const n2 = { peer: 'n2', peerId: 'b2'.repeat(8) } as const;
const nothing = { failed: 0, unanswerable: 0, hintsRefused: 0, malformed: 0, faults: 0 };
const started = {
  version: '1.2.3',
  dataDir: '/data/n1',
  servers: 'nats://nats-1:4222',
  prefix: 'kv',
  host: 'h1',
  zone: '',
  founders: 3,
  durability: 'sync',
  n: 3,
  r: 2,
  w: 2,
};

/** One of each: an event without one does not compile. */
const samples: { readonly [Name in JournalEventName]: Sample<Name> } = {
  'node.started': [
    started,
    'info',
    'quorate 1.2.3 starts: data in /data/n1, NATS at nats://nats-1:4222, durability sync, n=3 r=2 w=2',
  ],
  'store.recovered': [
    { id: 'a1'.repeat(8), keys: 1, hints: 0, tookMs: 12, clean: false, cutBytes: 7, setAside: 0 },
    'info',
    'its disk is read, in 12 ms: 1 key, 0 hints; it was not closed in good order; 7 bytes of the end of its log are cut off',
  ],
  'store.damaged': [
    { what: 'a record', partitions: 1 },
    'error',
    'damaged data, to be repaired from other nodes: a record (1 partition)',
  ],
  'disk.full': [{}, 'error', 'the disk is full: puts are refused until there is room'],
  'disk.writable': [{}, 'info', 'the disk has room again: puts are taken'],
  'nats.connected': [{}, 'info', 'connected to NATS'],
  'nats.disconnected': [{}, 'warn', 'no connection to NATS: it tries again until there is one'],
  'node.serving': [{}, 'info', 'serves'],
  'peer.suspect': [n2, 'info', 'n2 is not heard'],
  'peer.down': [n2, 'warn', 'n2 is down: others take what it is to have'],
  'peer.back': [{ ...n2, awayMs: 2_679 }, 'info', 'n2 is back, after 2.7 s'],
  'hints.owed': [
    { ...n2, hints: 19, bytes: 3_888 },
    'info',
    'n2 is owed 19 hints and more to come (3.9 kB)',
  ],
  'hints.paid': [
    { ...n2, delivered: 1, rehomed: 4 },
    'info',
    'n2 is owed nothing any more: it took 1 hint, and others in its place 4',
  ],
  'members.changed': [
    { configuration: 7, members: 3, came: ['n4'], went: ['n1', 'n2'] },
    'info',
    'configuration 7 has 3 members; came: n4; went: n1, n2',
  ],
  'move.begun': [
    { configuration: 7 },
    'info',
    'partitions begin to move, by configuration 7: quorate ring',
  ],
  'move.turned': [
    { configuration: 8 },
    'info',
    'partitions move the other way, by configuration 8: quorate ring',
  ],
  'move.ended': [
    { configuration: 9 },
    'info',
    'partitions have moved: all are where configuration 9 has them',
  ],
  'requests.refused': [
    { ...nothing, periodMs: 10_000, failed: 12, malformed: 2 },
    'info',
    'in 10 s: 12 requests answered with an error, 2 messages that are not of the node protocol',
  ],
  problem: [{ text: 'the clock is off' }, 'warn', 'the clock is off'],
  'problem.over': [{ text: 'the clock is off' }, 'info', 'no more: the clock is off'],
  'node.left': [
    {},
    'info',
    'has left its cluster: the others hold all that it held, and its data directory can go',
  ],
  'node.stopping': [{}, 'info', 'is to stop: it takes no more requests, and finishes those it has'],
  'node.stopped': [{}, 'info', 'has stopped, and written everything'],
  'node.failed': [{ error: 'the bus was closed' }, 'error', 'the bus was closed'],
};

const names = Object.keys(samples) as JournalEventName[];

function sampleOf(event: JournalEventName): readonly [JournalEvent, LogLevel, string] {
  const [fields, level, text] = samples[event];
  return [{ event, ...fields } as JournalEvent, level, text];
}

describe('the log: what is said of each event', () => {
  test.each(names)('%s', (name) => {
    const [event, level, text] = sampleOf(name);
    expect(entryOf(event)).toEqual({ level, text });
  });
});

test('a disk: in good order it is said without more, and what was set aside is a warning', () => {
  const [event] = sampleOf('store.recovered');
  const well = { ...event, clean: true, cutBytes: 0 } as JournalEvent;
  expect(entryOf(well).text).toBe('its disk is read, in 12 ms: 1 key, 0 hints');
  expect(entryOf({ ...well, setAside: 2 } as JournalEvent)).toEqual({
    level: 'warn',
    text: 'its disk is read, in 12 ms: 1 key, 0 hints; 2 files of its log are set aside',
  });
});

test.each(['hintsRefused', 'faults'])('refusals: %s are of the node, and a warning', (what) => {
  const [event] = sampleOf('requests.refused');
  expect(entryOf({ ...event, [what]: 1 }).level).toBe('warn');
});

test('a text of others has an end', () => {
  const { text } = entryOf({ event: 'problem', text: 'x'.repeat(1_000_000) });
  expect(text).toHaveLength(journalLimits.textCharsMax);
});

test('the guide has a row for each event, with its level, and none for others', () => {
  const page = readFileSync(join(repositoryRoot(), 'src/guide/operating.md'), 'utf8');
  const table = page.slice(page.indexOf('## Log'), page.indexOf('## nats-server'));
  const told = Array.from(
    table.matchAll(/^\| `([a-z.]+)` \| ([a-z]+) \|/gim),
    ([, name, level]) => `${name} ${level}`,
  );
  expect(new Set(told)).toEqual(new Set(names.map((name) => `${name} ${samples[name][1]}`)));
  expect(told).toHaveLength(names.length);
});
