import { describe, expect, test } from '@jest/globals';
import { sharesOf } from '../../bench/load/client-group.js';
import { codeOf } from '../../bench/load/recorder.js';
import { parseMemory, parseStat } from '../../bench/measure/processes.js';
import { sentBytes } from '../../bench/measure/wire.js';

/** A line of `ss -tinpHO`. */
function socket(pid: number, counters: string): string {
  return `ESTAB 0 0 127.0.0.1:38854 127.0.0.1:15835 users:(("node",pid=${pid},fd=19)) bbr wscale:10,10 ${counters} segs_out:23`;
}

/** On three clients. */
function counts(inFlight: number): number[] {
  return sharesOf({ kind: 'closed', inFlight }, 3).map((load) =>
    load.kind === 'closed' ? load.inFlight : 0,
  );
}

describe('what the operating system tells', () => {
  test('/proc/PID/stat: a name with blanks and parentheses does not shift the fields', () => {
    const text =
      '4242 (node (a) b) S 17 4242 4242 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 11 0 12 13 14';
    expect(parseStat(text)).toEqual({ parent: 17, ticks: 300 });
  });

  test('/proc/PID/status: memory of its own and mapped files apart', () => {
    const text =
      'Name:\tnode\nVmRSS:\t  900 kB\nRssAnon:\t  500 kB\nRssFile:\t  300 kB\nRssShmem:\t  100 kB\n';
    expect(parseMemory(text)).toEqual({ anonymousBytes: 512_000, fileBytes: 409_600 });
  });

  test('/proc/PID/status of a kernel thread: none', () => {
    expect(parseMemory('Name:\tkthreadd\n')).toEqual({ anonymousBytes: 0, fileBytes: 0 });
  });

  test('ss: sums what the chosen processes sent, and nothing of others', () => {
    const output = [
      socket(10, 'bytes_sent:1000 bytes_acked:1001 bytes_received:7'),
      socket(11, 'bytes_sent:50 bytes_acked:51'),
      socket(12, 'bytes_sent:4000'),
      socket(110, 'bytes_sent:9000'),
      socket(11, 'bytes_acked:1 bytes_received:7'),
      '',
    ].join('\n');
    expect(sentBytes(output, new Set([10, 11]))).toBe(1_050);
  });
});

describe('what the clients tell', () => {
  test.each([
    [Object.assign(new Error('full'), { code: 429 }), '429'],
    [Object.assign(new Error('late'), { code: 'TIMEOUT' }), 'TIMEOUT'],
    [new RangeError('no'), 'RangeError'],
  ])('%s has code %s', (error, code) => {
    expect(codeOf(error)).toBe(code);
  });

  test('256 in flight on 3 clients: 86, 85, 85; one in flight: one client', () => {
    expect(counts(256)).toEqual([86, 85, 85]);
    expect(counts(1)).toEqual([1]);
  });

  test('a rate is shared evenly', () => {
    expect(sharesOf({ kind: 'open', ratePerSecond: 900 }, 2)).toEqual([
      { kind: 'open', ratePerSecond: 450 },
      { kind: 'open', ratePerSecond: 450 },
    ]);
  });
});
