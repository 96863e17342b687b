import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { busLimits } from '../../actors/rules/limits/bus.js';
import { Announcement } from '../../src/bus/announcement.js';
import { Publications } from '../../src/bus/publications.js';

/** What was sent, and on what memory; whether the bytes are read at once is the test's to say. */
function recorder(options: { readonly isRead: boolean }): {
  publications: Publications;
  sent: Buffer[];
  memory: Set<ArrayBufferLike>;
} {
  const sent: Buffer[] = [];
  const memory = new Set<ArrayBufferLike>();
  const publications = new Publications((bytes, onRead) => {
    // Bytes that are not read yet must stay as they are, so they are looked at where they lie.
    sent.push(options.isRead ? Buffer.from(bytes) : (bytes as Buffer));
    memory.add(bytes.buffer);
    if (options.isRead) onRead?.();
    return options.isRead;
  });
  return { publications, sent, memory };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const nothing = Buffer.alloc(0);

describe('Publications', () => {
  test('a turn leaves in one write, in order, in the words of the protocol', async () => {
    const { publications, sent } = recorder({ isRead: true });
    publications.add('a.b', Buffer.from('first'));
    publications.add('c', Buffer.alloc(0), { headers: { 'Kv-Context': '-' } });
    publications.add('d', Buffer.alloc(0));
    publications.add('e', Buffer.from('é'), { reply: '_INBOX.1', headers: { X: 'ü' } });
    expect(sent).toHaveLength(0);
    await turn();
    const context = 'NATS/1.0\r\nKv-Context: -\r\n\r\n';
    const umlaut = 'NATS/1.0\r\nX: ü\r\n\r\n';
    const length = Buffer.byteLength(umlaut);
    expect(sent.map(String)).toEqual([
      'PUB a.b 5\r\nfirst\r\n' +
        `HPUB c ${context.length} ${context.length}\r\n${context}\r\n` +
        'PUB d 0\r\n\r\n' +
        `HPUB e _INBOX.1 ${length} ${length + 2}\r\n${umlaut}é\r\n`,
    ]);
  });

  test('a large payload leaves by itself, at once, in order with what was added around it', async () => {
    for (const isRead of [true, false]) {
      const { publications, sent, memory } = recorder({ isRead });
      const large = Buffer.alloc(busLimits.writeAloneBytesMin, 'ab');
      publications.add('a', Buffer.from('first'));
      publications.add('b', nothing, { headers: { X: 'ü' } });
      for (const reply of ['r1', 'r2', 'r3']) {
        publications.add('c', large, { reply });
        large.fill('x');
        expect(String(sent.at(-1)).endsWith('abab\r\n')).toBe(true);
        large.fill('ab');
      }
      publications.add('d', Buffer.from('last'));
      await turn();
      const whole = sent.map(String).join('');
      const parts = ['r1', 'r2', 'r3'].map(
        (r) => `PUB c ${r} ${large.length}\r\n${String(large)}\r\n`,
      );
      const head = 'NATS/1.0\r\nX: ü\r\n\r\n';
      const length = Buffer.byteLength(head);
      const first = `PUB a 5\r\nfirst\r\nHPUB b ${length} ${length}\r\n${head}\r\n`;
      expect(whole).toBe(`${first}${parts.join('')}PUB d 4\r\nlast\r\n`);
      // Memory of what the socket has taken is used again.
      expect(memory.size).toBe(isRead ? 2 : 5);
    }
  });

  test('what large payloads lay in is used again once it is read, and is bounded', () => {
    const reads: (() => void)[] = [];
    const memory = new Set<ArrayBufferLike>();
    const publications = new Publications((bytes, onRead) => {
      memory.add(bytes.buffer);
      reads.push(onRead!);
      return false;
    });
    const large = Buffer.alloc(busLimits.writeAloneBytesMin);
    const waiting = 2 * busLimits.writeAloneSparesMax;
    const round = (): void => {
      for (let i = 0; i < waiting; i++) publications.add('a', large);
      for (const read of reads.splice(0)) read();
    };
    round();
    expect(memory.size).toBe(waiting);
    round();
    expect(memory.size).toBe(waiting + waiting - busLimits.writeAloneSparesMax);
  });

  test('the payload is copied before add returns', async () => {
    const { publications, sent } = recorder({ isRead: true });
    const payload = Buffer.from('mine');
    publications.add('a', payload);
    payload.fill('x');
    await turn();
    expect(String(sent[0])).toBe('PUB a 4\r\nmine\r\n');
  });

  test('memory that was read is used again; memory that was not stays as it is', async () => {
    for (const isRead of [true, false]) {
      const { publications, sent, memory } = recorder({ isRead });
      const expected: string[] = [];
      for (let i = 0; i < 5; i++) {
        publications.add(`turn.${i}`, Buffer.from(`${i}`.repeat(100)));
        expected.push(`PUB turn.${i} 100\r\n${`${i}`.repeat(100)}\r\n`);
        await turn();
      }
      expect(sent.map(String)).toEqual(expected);
      expect(memory.size).toBe(isRead ? 1 : 5);
    }
  });

  test('more than a megabyte leaves before the turn ends, whole and in order', async () => {
    const { publications, sent } = recorder({ isRead: true });
    const payloads = Array.from({ length: 7 }, (_, i) => Buffer.alloc(400_000, i + 1));
    for (const payload of payloads) publications.add('large', payload);
    expect(sent.length).toBeGreaterThan(0);
    await turn();
    const words = payloads.flatMap((payload) => [
      Buffer.from('PUB large 400000\r\n'),
      payload,
      Buffer.from('\r\n'),
    ]);
    expect(Buffer.concat(sent).equals(Buffer.concat(words))).toBe(true);
  });

  test('much text without payloads is bounded, too', async () => {
    const { publications, sent } = recorder({ isRead: true });
    for (let i = 0; i < 100_000; i++) publications.add(`kv.changed.${i}`, Buffer.alloc(0));
    expect(sent.length).toBeGreaterThan(0);
    await turn();
    const words = Array.from({ length: 100_000 }, (_, i) => `PUB kv.changed.${i} 0\r\n\r\n`);
    expect(Buffer.concat(sent).toString()).toBe(words.join(''));
  });

  test('a header with a line break is refused, and nothing of it is sent', async () => {
    const { publications, sent } = recorder({ isRead: true });
    expect(() =>
      publications.add('a', Buffer.alloc(0), { headers: { X: 'a\r\nPUB b 0' } }),
    ).toThrow('line break');
    await turn();
    expect(sent).toHaveLength(0);
  });

  test('an announcement has the bytes of the publication it stands for, in its place', () => {
    const token = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('key-1', 'a.b', 'à'));
    const context = fc.uint8Array({ maxLength: 120 });
    const headers = fc.constantFrom<Record<string, string>>(
      {},
      { 'Kv-Deleted': 'true' },
      { X: 'ü', Y: '' },
    );
    const event = fc.record({ token, context, headers, isFollowed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        const announced = recorder({ isRead: true });
        const published = recorder({ isRead: true });
        for (const { token, context, headers, isFollowed } of events) {
          const about = { subject: 'kv.changed.b.', header: 'Kv-Context', headers };
          announced.publications.announce(new Announcement(about), token, context);
          const value = Buffer.from(context).toString('base64url');
          published.publications.add(`kv.changed.b.${token}`, nothing, {
            headers: { 'Kv-Context': value, ...headers },
          });
          if (!isFollowed) continue;
          for (const { publications } of [announced, published]) publications.add('a', nothing);
        }
        announced.publications.flush();
        published.publications.flush();
        expect(announced.sent.map(String)).toEqual(published.sent.map(String));
      }),
      { seed: 20_261_123, numRuns: 500 },
    );
  });

  test('an announcement with a line break in what its messages share is none', () => {
    const about = { subject: 'a', header: 'X', headers: { Y: 'a\nb' } };
    expect(() => new Announcement(about)).toThrow('line break');
  });

  test('many announcements leave before the turn ends, too', () => {
    const { publications, sent } = recorder({ isRead: true });
    const announcement = new Announcement({ subject: 's.', header: 'X' });
    for (let i = 0; i < 40_000; i++) publications.announce(announcement, `${i}`, Buffer.alloc(20));
    expect(sent.length).toBeGreaterThan(0);
  });
});
