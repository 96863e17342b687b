/**
 * The soak's short form: nodes come, go, lose their disk and are replaced while clients work and
 * some are killed or stand still. What must be true is what the soak holds to be (`test/soak/`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { findNatsServerProgram } from '../../src/cli/nats-server-finder.js';
import { soak } from '../soak/soak.js';

/** It waits for what must happen, on machines that may be busy. */
jest.setTimeout(900_000);

const directory = mkdtempSync(join(tmpdir(), 'quorate-changes-'));
const interruption = new AbortController();

afterEach(() => {
  interruption.abort();
  rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

/** A change begins when the one before it is over. */
const schedule = `
  0.500 join n4
  1.000 kill n1 for=1.000
  3.000 wipe n2
  3.500 replace n2 n2
  4.000 stop n3 for=2.000
  7.000 leave n3
  7.500 kill n4 for=1.000
`;

test('a node joins, one is replaced that lost its disk, one leaves, with a kill -9 or a standstill at each: nothing is lost, stale or refused to who tries again, and each owner holds every key', async () => {
  const said: string[] = [];
  const { violations, figures } = await soak({
    directory,
    seed: '1',
    durationMs: 9_000,
    nodes: 3,
    network: 'relays',
    kinds: [],
    changes: 0,
    sparesServers: true,
    clients: ['c3', 'c4'],
    exchangeMs: 0,
    schedule,
    natsServer: (await findNatsServerProgram({ say: () => undefined })).path,
    signal: interruption.signal,
    say: (line) => said.push(line),
  });
  expect({ violations, said: violations.length === 0 ? [] : said }).toEqual({
    violations: [],
    said: [],
  });
  for (const kind of ['join', 'replace', 'leave'])
    expect(figures).toMatch(new RegExp(`^${kind} +1 done, 0 cancelled, 0 unfinished`, 'm'));
  expect(figures).toMatch(/^a client that tries again: [1-9]\d* requests, 0 errors/m);
});
