/** The lines of a node's log, in both forms. */
import { expect, test } from '@jest/globals';
import { journalLimits } from '../../../actors/rules/limits/journal.js';
import { isSaidByUp } from '../../../src/cli/log/journal-text.js';
import type { LogLevel } from '../../../src/cli/log-level.js';
import { openNodeLog } from '../../../src/cli/log/node-log.js';
import { startedEvent } from '../../../src/cli/log/started-event.js';
import type { NodeArguments } from '../../../src/cli/node-arguments.js';
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { Journal } from '../../../src/seams/journal.js';
import { ManualClock } from '../../support/manual-clock.js';

const peer = { peer: 'n2', peerId: 'b2'.repeat(8) } as const;

async function logged(
  form: 'json' | 'text',
  tell: (log: Journal, clock: ManualClock) => void,
  level: LogLevel = 'info',
): Promise<string[]> {
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = await openNodeLog({ name: 'n1', level, form }, clock, (line) => lines.push(line));
  tell(log, clock);
  return lines;
}

test('a line is a JSON object with level, time, node, event, its fields and the sentence', async () => {
  const lines = await logged('json', (log) => {
    log.tell({ event: 'peer.down', ...peer });
    log.tell({ event: 'problem', text: 'two\nlines, "quoted"' });
  });
  const [down, problem] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.some((line) => line.includes('\n'))).toBe(false);
  expect(down).toEqual({
    level: 'warn',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    node: 'n1',
    pid: process.pid,
    event: 'peer.down',
    ...peer,
    msg: 'n2 is down: others take what it is to have',
  });
  expect(problem).toMatchObject({ level: 'warn', msg: 'two\nlines, "quoted"' });
});

test('on a terminal it is a sentence, which writes nothing but itself there; what the command says anyway is not said twice', async () => {
  const lines = await logged('text', (log) => {
    log.tell({ event: 'peer.suspect', ...peer, peer: 'n\u001b[2J' });
    log.tell({ event: 'node.serving' });
    log.tell({ event: 'disk.full' });
  });
  expect(lines).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d n\\u001b\[2J is not heard$/),
    expect.stringMatching(/^\d\d:\d\d:\d\d error: the disk is full: puts are refused/),
  ]);
});

test('through quorate up, which says itself which of its nodes died, others are not said to be down', async () => {
  const lines: string[] = [];
  const options = { name: 'n1', level: 'info', form: 'text', isSaid: isSaidByUp } as const;
  const log = await openNodeLog(options, new ManualClock(), (line) => lines.push(line));
  log.tell({ event: 'peer.down', ...peer });
  log.tell({ event: 'node.serving' });
  log.tell({ event: 'problem', text: 'the clock is off' });
  expect(lines).toEqual([expect.stringMatching(/ warn: the clock is off$/)]);
});

const oneOfEach = (log: Journal): void => {
  log.tell({ event: 'peer.suspect', ...peer });
  log.tell({ event: 'peer.down', ...peer });
  log.tell({ event: 'node.failed', error: 'gone' });
};

test.each(['json', 'text'] as const)('%s: what is below the level is not said', async (form) => {
  expect(await logged(form, oneOfEach)).toHaveLength(3);
  expect(await logged(form, oneOfEach, 'warn')).toHaveLength(2);
  const errors = await logged(form, oneOfEach, 'error');
  expect(errors).toEqual([expect.stringContaining('gone')]);
});

test.each(['json', 'text'] as const)(
  '%s: of one event so many lines within a period, and how many were left out with the next',
  async (form) => {
    const { linesMax, linesPeriodMs } = journalLimits;
    const lines = await logged(form, (log, clock) => {
      for (let i = 0; i < linesMax + 7; i++) log.tell({ event: 'peer.suspect', ...peer });
      log.tell({ event: 'peer.down', ...peer });
      clock.advance(linesPeriodMs);
      for (let i = 0; i < 2; i++) log.tell({ event: 'peer.suspect', ...peer });
    });
    expect(lines).toHaveLength(linesMax + 3);
    expect(lines[linesMax]).toContain('is down');
    expect(lines[linesMax + 1]).toMatch(
      form === 'json' ? /"leftOut":7\b/ : /\(7 such lines before it were left out\)$/,
    );
    expect(lines[linesMax + 2]).not.toMatch(/left ?out/i);
  },
);

test('what a node was started with has no password in it', () => {
  const { prefix, founders, defaults } = nodeOptionsDefault;
  const given = {
    name: 'n1',
    servers: 'nats://ann:hunter2@nats-1:4222, tls://t0ken@nats-2:4222',
    password: 'hunter2',
    prefix,
    host: 'h',
    zone: '',
    founders,
    durability: { kind: 'periodic', everyMs: 100 },
    n: defaults.n,
    r: defaults.r,
    w: defaults.w,
  } as unknown as NodeArguments;
  const event = startedEvent(given);
  expect(event).toMatchObject({
    servers: 'nats://nats-1:4222,tls://nats-2:4222',
    durability: 'periodic:100',
    dataDir: 'data/n1',
  });
  expect(JSON.stringify(event)).not.toMatch(/hunter2|t0ken|ann/);
});
